"""Say what a month owes that is not invoiced yet, or what lies between that and the invoices that came."""

from __future__ import annotations

from decimal import Decimal

import click

from billfold.cli.context import build_filter, find_config_path, open_workspace
from billfold.cli.gaps import end_listing, find_wrong_gaps
from billfold.cli.listing import print_rows, print_table
from billfold.cli.output import print_line
from billfold.cli.params import add_month_options
from billfold.ledger import catalog
from billfold.model.money import format_amount
from billfold.model.period import Month
from billfold.report.accrual_bridge import BridgeRow
from billfold.report.accrual_rows import AccrualRow, negate_rows
from billfold.report.subtotals import SUBTOTAL, TOTAL, add_subtotals
from billfold.report.summary import rounded
from billfold.report.table import TableLayout
from billfold.tasks.accruals import choose_accrual_filters, compare_accruals, describe_absence, list_accruals
from billfold.tasks.configured import load_commitments
from billfold.tasks.filter_options import FilterOptions

COLUMNS = (
    "month",
    "provider",
    "account",
    "contract",
    "currency",
    "method",
    "amount",
    "text",
    "booked_on",
    "reversal_on",
)
LAYOUT = TableLayout(
    ("account", "contract", "method", "amount", "text"),
    ("amount",),
    droppable=("contract",),
    min_widths={"method": 18, "account": 17, "text": 24},
)
BRIDGE_AMOUNTS = ("accrued", "invoiced", "difference")
BRIDGE_COLUMNS = BridgeRow._fields
BRIDGE_LAYOUT = TableLayout(
    ("account", "kind", *BRIDGE_AMOUNTS), BRIDGE_AMOUNTS, min_widths={"account": 17, "kind": 18}
)


@click.command("accruals")
@click.option(
    "--bridge", "is_bridge", is_flag=True, help="From the accrual at the month's end to the invoices that came."
)
@click.option(
    "--reverse", "is_reversal", is_flag=True, help="The reversals, booked on the first day of the next month."
)
@add_month_options
@click.pass_context
def command(
    ctx: click.Context,
    month: Month,
    output_format: str,
    filter_options: FilterOptions,
    *,
    is_bridge: bool,
    is_reversal: bool,
) -> None:
    """Say what a month owes that is not invoiced yet: each line with its method, and why.

    A vendor's estimate is carried to the month's end; what contracts sell beforehand, what is missing to a minimum, discounts and
    tax are added as the last invoices had them. A month that is invoiced owes nothing. Amounts in the table are rounded to cents;
    json and csv have all digits.

    With --bridge, what was accrued at the month's end (or --as-of a time) against the invoices, by what it is for.
    """
    commitments = load_commitments(find_config_path(ctx))
    with open_workspace(ctx) as workspace, workspace.open_ledger() as db:
        filters = build_filter(workspace, filter_options)._replace(first_month=month, last_month=month)
        shown_filters = filters
        bridge_rows, rows = list[BridgeRow](), list[AccrualRow]()
        if is_bridge:
            filters, shown_filters = choose_accrual_filters(db, filters, month, filter_options.as_of)
            bridge_rows = compare_accruals(db, filters, shown_filters, month, commitments)
            absence = "" if bridge_rows else f"There is no bridge for {month}: nothing of it is invoiced yet."
        else:
            rows = list_accruals(db, filters, month, commitments)
            absence = "" if rows else describe_absence(db, filters, month)
        parked_bills = catalog.list_parked_bills(db, shown_filters)
        gaps = find_wrong_gaps(ctx, workspace, db, shown_filters)
    if is_bridge:
        _print_bridge(month, bridge_rows, output_format, has_accrual=filters.seq > 0)
    else:
        rows = list(negate_rows(rows)) if is_reversal else rows
        _print_accruals(month, rows, output_format, is_reversal=is_reversal, is_known=not absence)
    end_listing(ctx, gaps, parked_bills, absence)


def _print_accruals(
    month: Month, rows: list[AccrualRow], output_format: str, *, is_reversal: bool, is_known: bool
) -> None:
    cells = [_build_cells(row, is_reversal=is_reversal) for row in rows]
    if output_format != "table":
        print_rows(output_format, cells, COLUMNS)
    elif not cells and is_known:
        print_line(f"There is nothing to accrue for {month}: all that is due is invoiced.")
    elif cells:
        print_line(f"{'Reversal of what' if is_reversal else 'What'} {month} owes that is not invoiced yet")
        table_rows = add_subtotals(cells, "account", ("amount",))
        shaped_rows = [_shape_sums(row, "method") for row in table_rows]
        print_table([row | {"amount": rounded(Decimal(str(row["amount"])))} for row in shaped_rows], LAYOUT)


def _build_cells(row: AccrualRow, *, is_reversal: bool) -> dict[str, object]:
    booked_on = row.reversal_on if is_reversal else row.last_day
    cells = row._asdict() | {"month": str(row.month), "booked_on": booked_on.isoformat()}
    cells["reversal_on"] = row.reversal_on.isoformat()
    cells.pop("parts")
    return cells


def _print_bridge(month: Month, rows: list[BridgeRow], output_format: str, *, has_accrual: bool) -> None:
    if rows and not has_accrual:
        print_line(f"Nothing was collected before {month} ended: there was no accrual yet.", err=True)
    if output_format != "table":
        print_rows(output_format, rows, BRIDGE_COLUMNS)
    elif rows:
        print_line(f"From what was accrued for {month} to what was invoiced")
        table_rows = add_subtotals(rows, "account", BRIDGE_AMOUNTS)
        shaped_rows = [_shape_sums(row, "kind") for row in table_rows]
        amounts = [{name: format_amount(str(row[name])) for name in BRIDGE_AMOUNTS} for row in shaped_rows]
        print_table([row | cells for row, cells in zip(shaped_rows, amounts, strict=True)], BRIDGE_LAYOUT)


def _shape_sums(row: dict[str, object], label: str) -> dict[str, object]:
    """Let a sum say that it is one, and in which currency; other rows stay."""
    if row[label]:
        return row
    account = str(row["account"])
    sum_name = TOTAL if account == TOTAL else SUBTOTAL
    return row | {
        "account": account.removesuffix(f" {SUBTOTAL}"),
        label: row["currency"],
        "text": f"= {sum_name}",
    }
