"""The sections of a statement, each from the rows of one question: register, vendors, services, estimates, findings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from billfold.ledger.grouping import ChargeGroup
from billfold.ledger.register import RegisterRow
from billfold.model.finding import AccountFinding, describe_labelled
from billfold.model.money import EXACT_CONTEXT, ZERO, exact_sum, format_amount
from billfold.model.period import Month
from billfold.report.chart import ChartSeries, draw_bars, draw_columns
from billfold.report.reconcile import EstimateDrift
from billfold.report.statement import Amount, Cell, Section, StatementRow, add_totals, foot_amounts

TREND_MONTHS = 12
"""How many months the chart shows, the statement's own the last."""
MAX_SERVICES = 12
REGISTER_COLUMNS = (
    "Supplier",
    "Account",
    "Invoice",
    "Issued",
    "Due",
    "Net",
    "Tax",
    "Gross",
    "Currency",
    "Terms, status",
)


def build_register(rows: Sequence[RegisterRow]) -> Section:
    """Return the issued invoices of the month with their totals; those that are not counted stand there without being added."""
    issued_rows = [row for row in rows if row.state == "issued"]
    counted_rows = [_build_register_row(row) for row in issued_rows if row.is_counted]
    totals = add_totals(counted_rows, (5, 6, 7)) if counted_rows else []
    other_rows = [_build_register_row(row) for row in issued_rows if not row.is_counted]
    summary = "" if issued_rows else "No invoice of this month is issued."
    exact = ", ".join(
        f"{format_amount(amount.value)} {amount.currency}"
        for row in totals
        if row.is_total and isinstance(amount := row.cells[7], Amount)
    )
    note = (
        "Each amount is rounded half to even to whole cents, net and tax so that they add up to gross; a total is that of the "
        f"figures above it{f' (exact: {exact})' if exact else ''}."
    )
    return Section(
        "Register of invoices", REGISTER_COLUMNS, (*totals, *other_rows), summary, note if issued_rows else ""
    )


def _build_register_row(row: RegisterRow) -> StatementRow:
    status = row.status if not row.is_counted else f"corrects {row.corrects}" if row.corrects else row.terms or ""
    cells = (
        *(row.supplier, row.account, row.invoice_id or "", _write_day(row.issued_on), _write_day(row.due_on)),
        *_split_gross(row),
        row.currency,
        status if row.is_counted else f"{status}, not counted",
    )
    return StatementRow(cells)


def _split_gross(row: RegisterRow) -> tuple[Cell, Cell, Cell]:
    """Return net, tax and gross; what rounding leaves of gross less net goes to the tax, or to the net where there is none."""
    if row.gross is None:
        return "", "", "not stated"
    gross = Amount(row.gross, row.currency)
    if row.net is None or row.tax is None:
        return "", "", gross
    net = Amount(row.net, row.currency)
    if not row.tax:
        return net._replace(shown=gross.rounded), Amount(row.tax, row.currency), gross
    return net, Amount(row.tax, row.currency, EXACT_CONTEXT.subtract(gross.rounded, net.rounded)), gross


def _write_day(instant: datetime | None) -> str:
    return instant.date().isoformat() if instant else ""


def build_vendors(groups: Iterable[ChargeGroup], month: Month) -> list[Section]:
    """Return what each vendor and account was charged this month and the month before, by currency, with a chart of twelve months.

    Groups have the keys provider, account, month, currency; they are of issued invoices.
    """
    by_currency = defaultdict[str, list[ChargeGroup]](list)
    for group in groups:
        by_currency[group.values[3]].append(group)
    return [_build_currency(currency, members, month) for currency, members in sorted(by_currency.items())]


def _build_currency(currency: str, groups: Sequence[ChargeGroup], month: Month) -> Section:
    costs = defaultdict[tuple[str, str], dict[str, Decimal]](dict)
    for group in groups:
        provider, account, month_text, _ = group.values
        costs[provider, account][month_text] = group.cost
    earlier = str(month.add_months(-1))
    rows = [
        StatementRow(
            (provider, account, *(Amount(by_month.get(name, ZERO), currency) for name in (earlier, str(month))))
        )
        for (provider, account), by_month in sorted(costs.items())
        if by_month.get(str(month)) or by_month.get(earlier)
    ]
    rows = [_add_movement(row) for row in foot_amounts(rows, (2, 3))]
    months = [month.add_months(number - TREND_MONTHS + 1) for number in range(TREND_MONTHS)]
    chart = draw_columns([str(shown) for shown in months], _sum_providers(costs, months), f"Cost by vendor, {currency}")
    columns = ("Vendor", "Account", earlier, str(month), "Movement")
    return Section(
        f"Cost by vendor, {currency}",
        columns,
        tuple(add_totals(rows, (2, 3, 4))),
        charts=(chart,),
    )


def _add_movement(row: StatementRow) -> StatementRow:
    """Add what the month is above the one before, as they are shown: the row adds up on paper."""
    before, now = row.cells[2], row.cells[3]
    assert isinstance(before, Amount)
    assert isinstance(now, Amount)
    exact, shown = (
        EXACT_CONTEXT.subtract(*pair) for pair in ((now.value, before.value), (now.rounded, before.rounded))
    )
    return row._replace(cells=(*row.cells, Amount(exact, now.currency, shown)))


def _sum_providers(costs: dict[tuple[str, str], dict[str, Decimal]], months: Sequence[Month]) -> list[ChartSeries]:
    providers = sorted({provider for provider, _ in costs})
    return [
        ChartSeries(
            provider,
            [
                exact_sum(by_month.get(str(month), ZERO) for (name, _), by_month in costs.items() if name == provider)
                for month in months
            ],
        )
        for provider in providers
    ]


def build_services(groups: Iterable[ChargeGroup]) -> list[Section]:
    """Return the largest services of the month by currency, all others in one row. Groups have the keys provider, service, currency."""
    by_currency = defaultdict[str, list[ChargeGroup]](list)
    for group in groups:
        by_currency[group.values[2]].append(group)
    return [_build_service_section(currency, members) for currency, members in sorted(by_currency.items())]


def _build_service_section(currency: str, groups: Sequence[ChargeGroup]) -> Section:
    ranked = sorted(groups, key=lambda group: (-group.cost, group.values))
    shown, others = ranked[:MAX_SERVICES], ranked[MAX_SERVICES:]
    rows = [(group.values[0], group.values[1], group.cost) for group in shown]
    if others:
        rows.append(("", f"{len(others)} others", exact_sum(group.cost for group in others)))
    chart = draw_bars([(service, cost) for _, service, cost in rows], f"Largest services, {currency}")
    table = [StatementRow((provider, service, Amount(cost, currency))) for provider, service, cost in rows]
    columns = ("Vendor", "Service", "Cost")
    return Section(
        f"Largest services, {currency}", columns, tuple(add_totals(foot_amounts(table, (2,)), (2,))), charts=(chart,)
    )


def build_accuracy(rows: Iterable[EstimateDrift]) -> Section:
    """Return the usage of the month by the vendors' last estimates against that of the invoices: like against like."""
    table = [
        StatementRow(
            (
                *(row.provider, row.account),
                *(Amount(value, row.currency) for value in (row.estimated, row.invoiced, row.difference)),
            )
        )
        for row in rows
    ]
    summary = "" if table else "No vendor gave an estimate of this month."
    columns = ("Vendor", "Account", "Usage estimated", "Usage invoiced", "Difference")
    note = "The last estimate or draft of what was used. Seats bought beforehand, taxes and shortfalls are in neither."
    return Section("Estimates against invoices", columns, tuple(table), summary, note if table else "")


def build_findings(findings: Sequence[AccountFinding], bill_count: int) -> Section:
    """Return what does not add up or is not there yet, or that everything adds up."""
    rows = [
        StatementRow((located.provider, located.account, located.month, describe_labelled(located.finding)))
        for located in findings
    ]
    bills = f"{bill_count} bill{'' if bill_count == 1 else 's'} checked: lines, totals, documents and the vendors' histories"
    summary = f"{bills}." if rows else f"{bills}. Everything adds up."
    return Section("Reconciliation", ("Vendor", "Account", "Month", "Finding"), tuple(rows), summary)
