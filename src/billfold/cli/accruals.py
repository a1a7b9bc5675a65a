"""Say what a month owes that is not invoiced yet, and how far the last accrual was from the invoice."""

from __future__ import annotations

from decimal import Decimal

import click

from billfold.cli.context import build_filter, open_workspace
from billfold.cli.gaps import end_listing, find_wrong_gaps
from billfold.cli.listing import print_rows, print_table
from billfold.cli.output import print_line
from billfold.cli.params import add_month_options
from billfold.ledger import catalog
from billfold.model.period import Month
from billfold.report.accruals import AccrualRow, negate_rows
from billfold.report.subtotals import SUBTOTAL, TOTAL, add_subtotals
from billfold.report.summary import rounded
from billfold.report.table import TableLayout
from billfold.tasks.accruals import list_accruals
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
)
LAYOUT = TableLayout(
    ("account", "contract", "method", "amount", "text"),
    ("amount",),
    droppable=("contract",),
    min_widths={"method": 18, "account": 17, "text": 24},
)


@click.command("accruals")
@click.option(
    "--reverse", "is_reversal", is_flag=True, help="The reversals instead, on the first day of the next month."
)
@add_month_options
@click.pass_context
def command(
    ctx: click.Context, month: Month, output_format: str, filter_options: FilterOptions, *, is_reversal: bool
) -> None:
    """Say what a month owes that is not invoiced yet: each line with its method, and why.

    A vendor's estimate is carried to the month's end; what contracts sell beforehand, what is missing to a minimum, discounts and
    tax are added as the last invoices had them. A month that is invoiced owes nothing. Amounts in the table are rounded to cents;
    json and csv have all digits.
    """
    with open_workspace(ctx) as workspace, workspace.open_ledger() as db:
        filters = build_filter(workspace, filter_options)._replace(first_month=month, last_month=month)
        rows = list_accruals(db, filters, month)
        parked_bills = catalog.list_parked_bills(db, filters)
        gaps = find_wrong_gaps(ctx, workspace, db, filters)
    rows = list(negate_rows(rows)) if is_reversal else rows
    cells = [_build_cells(row, is_reversal=is_reversal) for row in rows]
    if output_format != "table":
        print_rows(output_format, cells, COLUMNS)
    elif not cells:
        print_line(f"There is nothing to accrue for {month}: all that is due is invoiced, or nothing was known yet.")
    else:
        _print_table(month, cells, is_reversal=is_reversal)
    end_listing(ctx, gaps, parked_bills)


def _build_cells(row: AccrualRow, *, is_reversal: bool) -> dict[str, object]:
    booked_on = row.reversal_on if is_reversal else row.last_day
    cells = row._asdict() | {"month": str(row.month), "booked_on": booked_on.isoformat()}
    cells["reversal_on"] = row.reversal_on.isoformat()
    cells.pop("parts")
    return cells


def _print_table(month: Month, cells: list[dict[str, object]], *, is_reversal: bool) -> None:
    print_line(f"{'Reversal of what' if is_reversal else 'What'} {month} owes that is not invoiced yet")
    print_table([_round_amount(row) for row in add_subtotals(cells, "account", ("amount",))], LAYOUT)


def _round_amount(row: dict[str, object]) -> dict[str, object]:
    """Round to cents for people; what is a sum says so in its text, and its currency."""
    account, amount = str(row["account"]), rounded(Decimal(str(row["amount"])))
    if row["method"]:
        return row | {"amount": amount}
    is_all = account == TOTAL
    return row | {
        "account": "" if is_all else account.removesuffix(f" {SUBTOTAL}"),
        "method": row["currency"],
        "amount": amount,
        "text": "= total" if is_all else "= subtotal",
    }
