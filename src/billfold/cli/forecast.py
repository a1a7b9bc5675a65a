"""Say where open months will end, and the next three: by estimates' track record, invoices before, and what recurs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import groupby

import click

from billfold.cli.context import build_filter, open_workspace
from billfold.cli.gaps import end_listing, find_wrong_gaps, note_foreign_estimates
from billfold.cli.listing import print_rows, print_table
from billfold.cli.output import print_line
from billfold.cli.params import add_optional_month_options
from billfold.ledger import catalog
from billfold.ledger.foreign_estimates import list_foreign_estimates
from billfold.ledger.query import LedgerFilter
from billfold.model.period import Month
from billfold.report.completeness import select_shown
from billfold.report.exchange import round_amount
from billfold.report.forecast import Forecaster, ForecastMethod, ForecastRow
from billfold.report.subtotals import add_subtotals
from billfold.report.table import TableLayout
from billfold.report.track_record import MIN_RESIDUALS, Accuracy, list_accuracy, round_accuracy
from billfold.tasks.filter_options import FilterOptions
from billfold.tasks.forecast import make_forecaster

COLUMNS = ForecastRow._fields
TABLE_FORM = TableLayout(
    ("provider", "account", "so_far", "forecast", "low", "high", "method"),
    ("so_far", "forecast", "low", "high"),
    ("so_far",),
)


@click.command("forecast")
@click.option("--track-record", is_flag=True, help="How well each vendor's months could be told, by day of the month.")
@add_optional_month_options
@click.pass_context
def command(
    ctx: click.Context,
    month: Month | None,
    track_record: bool,
    output_format: str,
    filter_options: FilterOptions,
) -> None:
    """Say where open months will end, and the next three; or one MONTH.

    An estimate is taken by how its vendor's invoices lay to theirs on the same day of the month. LOW and HIGH hold the invoice in
    nine of ten months: a conformal interval, of 19 months at least. It is a forecast and no money: rounded, and never booked.
    """
    with open_workspace(ctx) as workspace, workspace.open_ledger() as ledger:
        filters = build_filter(workspace, filter_options)
        forecaster = make_forecaster(ledger, filters)
        months = [month] if month else forecaster.list_months() if forecaster else []
        rows = _list_rows(forecaster, months, filters) if forecaster else []
        accuracy = list_accuracy(forecaster.list_residuals()) if forecaster and track_record else []
        foreign_estimates = list_foreign_estimates(ledger, filters)
        uncounted_bills = catalog.list_parked_bills(ledger, filters)
        gaps = find_wrong_gaps(ctx, workspace, ledger, filters)
    gaps = select_shown(gaps, {(row.provider, row.account, str(row.month)) for row in rows})
    if track_record:
        _show_accuracy(output_format, accuracy)
    elif output_format != "table":
        print_rows(output_format, [_build_row(row) for row in rows], COLUMNS)
    else:
        _print_forecast(rows, forecaster.asked_at.date().isoformat() if forecaster else "")
    note_foreign_estimates(estimate for estimate in foreign_estimates if estimate.month in months)
    absence = (
        "" if rows or track_record else "There is nothing to forecast: no account has had a bill in the last months."
    )
    end_listing(ctx, gaps, uncounted_bills, absence)


def _list_rows(forecaster: Forecaster, months: Iterable[Month], filters: LedgerFilter) -> list[ForecastRow]:
    rows = (row for month in months for row in forecaster.forecast_month(month))
    return [row for row in rows if filters.includes_account(row.provider, row.account)]


def _build_row(row: ForecastRow) -> dict[str, object]:
    return row._asdict() | {
        "month": str(row.month),
        "so_far": round_amount(row.so_far, row.currency),
        "recurring": round_amount(row.recurring, row.currency),
        "forecast": round_amount(row.forecast, row.currency),
    }


def _print_forecast(rows: Sequence[ForecastRow], asked_on: str) -> None:
    if not rows:
        return
    print_line(f"As of {asked_on}, in whole units of each currency. A forecast is no money.")
    for (month, currency), members in groupby(
        sorted(rows, key=lambda row: (row.month, row.currency)), key=lambda row: (row.month, row.currency)
    ):
        print_line()
        print_line(f"{month}, {currency}")
        month_rows = list(members)
        lines = add_subtotals(map(_build_cells, month_rows), "provider", ("so_far", "forecast"))
        print_table([line | _format_units(line) for line in lines], TABLE_FORM)
    print_line()
    _print_notes(rows)


def _build_cells(row: ForecastRow) -> dict[str, object]:
    return {name: getattr(row, name) for name in (*TABLE_FORM.columns, "currency")}


def _format_units(line: dict[str, object]) -> dict[str, object]:
    return {name: _format_unit(line[name]) for name in TABLE_FORM.numbers}


def _format_unit(amount: object) -> str:
    return f"{amount.quantize(Decimal(1), ROUND_HALF_EVEN):,}" if isinstance(amount, Decimal) else ""


def _print_notes(rows: Iterable[ForecastRow]) -> None:
    """Say of which vendors too little is known for an interval."""
    short = {row.provider: row.residuals for row in rows if row.low is None and row.method is not ForecastMethod.ISSUED}
    if short:
        vendors = ", ".join(f"{provider} ({count})" for provider, count in sorted(short.items()))
        print_line(f"No interval below {MIN_RESIDUALS} months of track record: {vendors}.")
    print_line("low and high hold nine of ten invoices; --track-record shows how well each day could tell.")


def _show_accuracy(output_format: str, accuracy: Sequence[Accuracy]) -> None:
    if output_format != "table":
        print_rows(output_format, map(round_accuracy, accuracy), Accuracy._fields)
        return
    if not accuracy:
        print_line("There is no track record: no month with an archived estimate is invoiced yet.")
        return
    table_rows = [
        {"provider": row.provider, "day": row.day, "residuals": row.residuals}
        | {name: _format_percent(getattr(row, name)) for name in Accuracy._fields[3:]}
        for row in accuracy
    ]
    print_line("On so many whole days of a month: the estimate as a share of the invoice, how far forecasts missed")
    print_line("it (median), and the ends of the 90 % interval as shares of the forecast.")
    print_table(table_rows, TableLayout(Accuracy._fields, Accuracy._fields[1:]))
    if any(row.error is None for row in accuracy):
        print_line("No error stands where one month only could be compared: there is no other to forecast it by.")


def _format_percent(share: Decimal | None) -> str:
    return "" if share is None else f"{share * 100:.1f} %"
