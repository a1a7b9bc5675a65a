"""Say why a month costs more or less than the one before: rate, quantity, calendar, new, gone, credits, taxes, to the last digit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

import click

from billfold.cli.context import build_filter, open_workspace
from billfold.cli.gaps import end_listing, find_wrong_gaps
from billfold.cli.listing import print_rows, print_table
from billfold.cli.output import print_line
from billfold.cli.params import MonthType, add_month_options
from billfold.ledger import catalog, movements
from billfold.ledger.movements import MonthTotals, Movement
from billfold.ledger.query import LedgerFilter
from billfold.model.errors import InvalidArgument
from billfold.model.money import EXACT_CONTEXT, find_minor_digits, round_to_sum
from billfold.model.period import Month
from billfold.report import why
from billfold.report.exchange import round_amount
from billfold.report.subtotals import add_subtotals
from billfold.report.table import MIN_TEXT_WIDTH, TableLayout
from billfold.report.why import MovementPart
from billfold.tasks.filter_options import FilterOptions

LARGEST_ITEMS = 10
"""Single things that the table names, those that moved most."""
MAX_PAIRED_ITEMS = 200
"""Things of which the largest parts are chosen."""
MIN_GROUP_WIDTH, MIN_PROVIDER_WIDTH = 24, len("cockroach subtotal")


@click.command("why")
@click.option(
    "--against", type=MonthType(), metavar="MONTH", help="The month to compare with; the one before it, if not said."
)
@click.option(
    "--by",
    type=click.Choice([*movements.GROUP_NAMES]),
    default="account",
    show_default=True,
    help="Tell it apart by these.",
)
@add_month_options
@click.pass_context
def command(
    ctx: click.Context, output_format: str, month: Month, against: Month | None, by: str, filter_options: FilterOptions
) -> None:
    """Say why the issued invoices of a month come to more or less than those of the one before.

    The movement of each account is split into kinds: new, gone, rate, quantity, calendar (days and hours of the months), credit,
    discount, tax, shortfall (what is missing to a minimum), restatement, other. They sum to it to the last digit. json and csv name
    the charges and invoices behind each part, for `billfold explain`.
    """
    against = against or month.add_months(-1)
    if against == month:
        raise InvalidArgument(f"{month} cannot be compared with itself: choose another month with --against")
    with open_workspace(ctx) as workspace, workspace.open_ledger() as ledger:
        filters = build_filter(workspace, filter_options)
        months = _list_month_filters(filters, month, against)
        totals = movements.list_month_totals(ledger, filters, month, against)
        limit = MAX_PAIRED_ITEMS if output_format == "table" else 0
        moved, moved_items = movements.list_movements_and_items(ledger, filters, month, against, by, limit)
        parts, items = why.explain_months(moved, month, against), _list_largest(moved_items, month, against)
        uncounted_bills = [bill for month_filter in months for bill in catalog.list_parked_bills(ledger, month_filter)]
        gaps = [gap for month_filter in months for gap in find_wrong_gaps(ctx, workspace, ledger, month_filter)]
    if output_format == "table":
        _print_movement(totals, parts, items, (against, month), by)
    else:
        print_rows(output_format, [_build_row(part, by, output_format) for part in parts], why.list_columns(by))
    _note_unissued(totals, month)
    absence = (
        "" if totals else f"There are no issued invoices of {min(against, month)} or {max(against, month)} to compare."
    )
    end_listing(ctx, [gap for index, gap in enumerate(gaps) if gap not in gaps[:index]], uncounted_bills, absence)


def _list_month_filters(filters: LedgerFilter, month: Month, against: Month) -> list[LedgerFilter]:
    """Return the filters for what is shown: one for months that follow each other."""
    first, last = sorted((against, month))
    pairs = [(first, last)] if first.add_months(1) == last else [(first, first), (last, last)]
    return [filters._replace(first_month=pair[0], last_month=pair[1]) for pair in pairs]


def _list_largest(moved: Iterable[Movement], month: Month, against: Month) -> list[MovementPart]:
    """Return the parts of single things that are largest, whatever the currency."""
    parts = why.explain_months(moved, month, against)
    return sorted(parts, key=lambda part: -abs(part.amount))[:LARGEST_ITEMS]


def _build_row(part: MovementPart, by: str, output_format: str) -> dict[str, object]:
    """Return a part for JSON, or for CSV, where ids stand in one cell."""
    cells = why.build_cells(part, by)
    joined_ids = {"charges": " ".join(part.charges), "invoices": " ".join(part.invoices)}
    return cells | (joined_ids if output_format == "csv" else {})


def _note_unissued(totals: Iterable[MonthTotals], month: Month) -> None:
    for row in totals:
        if row.old_bills and not row.new_bills:
            text = (
                f"{row.provider} {row.account} has no issued invoice of {month} in {row.currency}: its charges are gone"
            )
            print_line(text, err=True)


def _print_movement(
    totals: Sequence[MonthTotals],
    parts: Sequence[MovementPart],
    items: Sequence[MovementPart],
    months: tuple[Month, Month],
    by: str,
) -> None:
    old, new = map(str, months)
    if not totals:
        return
    print_line(f"Issued invoices of {new} against {old}")
    rows = [
        {"provider": row.provider, "account": row.account, old: old_total, new: new_total}
        | {"change": EXACT_CONTEXT.subtract(new_total, old_total), "currency": row.currency}
        for row in totals
        for old_total, new_total in [[round_amount(total, row.currency) for total in (row.old_total, row.new_total)]]
    ]
    _print_amounts(rows, (old, new, "change"))
    if not parts:
        print_line("Nothing moved.")
        return
    print_line()
    print_line("Why: the parts of each account sum to its change")
    _print_amounts([_pick_cells(part, "" if by == "account" else by) for part in parts], ("amount",))
    print_line()
    print_line("What moved most; csv and json name charges and invoices for `billfold explain`")
    _print_amounts([_pick_cells(part, "item") for part in items], ("amount",), has_subtotals=False)


def _pick_cells(part: MovementPart, group_name: str) -> dict[str, object]:
    """Return the cells of a part, its group under a name where it has one."""
    group = {group_name: part.group} if group_name else {}
    place = {"provider": part.provider, "account": part.account, "kind": str(part.kind)}
    return place | group | {"amount": part.amount, "currency": part.currency}


def _print_amounts(
    rows: Sequence[Mapping[str, object]], amounts: tuple[str, ...], *, has_subtotals: bool = True
) -> None:
    """Print rows, with subtotals by vendor that are the sums of what is shown: amounts rounded to the currency's cents."""
    cents = _round_rows(rows, amounts)
    table = add_subtotals(cents, "provider", amounts) if has_subtotals else cents
    for cells in table:
        cells |= {name: f"{Decimal(str(cells[name])):,}" for name in amounts}
    widths = dict.fromkeys(movements.ITEM_SQL, MIN_GROUP_WIDTH) | {"account": MIN_TEXT_WIDTH}
    if has_subtotals:
        widths["provider"] = MIN_PROVIDER_WIDTH
    print_table(table, TableLayout(tuple(rows[0]), amounts, amounts[:1] if len(amounts) > 1 else (), widths))


def _round_rows(rows: Sequence[Mapping[str, object]], amounts: Sequence[str]) -> list[dict[str, object]]:
    """Round amounts so that those of an account sum to their rounded sum."""
    cents = list(map(dict, rows))
    currencies = {(row["provider"], row["account"], row["currency"]): str(row["currency"]) for row in rows}
    for place, currency in currencies.items():
        members = [row for row in cents if (row["provider"], row["account"], row["currency"]) == place]
        for name in amounts:
            exact_amounts = [Decimal(str(row[name])) for row in members]
            digits = max(2, find_minor_digits(currency))
            for row, amount in zip(members, round_to_sum(exact_amounts, digits), strict=True):
                row[name] = amount
    return cents
