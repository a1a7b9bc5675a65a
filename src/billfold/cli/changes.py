"""Say what of closed months is another now: since a month was signed, or since a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

import click

from billfold.cli.context import build_filter, open_workspace
from billfold.cli.gaps import end_listing
from billfold.cli.listing import print_rows, print_table
from billfold.cli.output import print_line
from billfold.cli.params import add_listing_options
from billfold.model.money import format_amount
from billfold.report.changes import BillChange
from billfold.report.render import counted
from billfold.report.subtotals import add_subtotals
from billfold.report.table import TableLayout
from billfold.tasks.changes import find_baseline, find_changes
from billfold.tasks.filter_options import FilterOptions

AMOUNTS = ("before", "after", "moved")
COLUMNS = BillChange._fields
LAYOUT = TableLayout(
    ("id", "change", "account", "invoice_id", "month", *AMOUNTS, "currency"),
    AMOUNTS,
    droppable=("before", "after", "month"),
    min_widths={"change": 9, "id": 10, "account": 16},
)


@click.command("changes")
@click.option("--since", required=True, metavar="close:MONTH|TIME", help="When a month was signed, or a time (UTC).")
@add_listing_options
@click.pass_context
def command(ctx: click.Context, since: str, output_format: str, filter_options: FilterOptions) -> None:
    """Say which bills of closed months appeared, changed, vanished, were parked or disputed since.

    With close:MONTH: of that month and those before it, since it was last signed; with a time: of the months that had
    ended then. A change that was undone is none. Exit code 1 while one is not accepted: `billfold acknowledge ID --reason WHY`.
    """
    with open_workspace(ctx) as workspace, workspace.open_ledger() as db:
        filters = build_filter(workspace, filter_options)
        changes = find_changes(db, find_baseline(workspace, db, since, filters.seq), filters)
    if output_format != "table":
        print_rows(output_format, changes, COLUMNS)
    else:
        _print_changes(changes, since)
    end_listing(ctx, ())
    ctx.exit(0 if all(change.acknowledged for change in changes) else 1)


def _print_changes(changes: Sequence[BillChange], since: str) -> None:
    if not changes:
        print_line(f"Nothing of the closed months has changed since {since}.")
        return
    rows = add_subtotals([_build_row(change) for change in changes], "account", ("moved",))
    print_table([_format_amounts(row) for row in rows], LAYOUT)
    open_count = sum(not change.acknowledged for change in changes)
    advice = " `billfold acknowledge ID --reason WHY` accepts one." if open_count else ""
    print_line(f"{counted(len(changes), 'change')} since {since}, {open_count} not accepted.{advice}")


def _build_row(change: BillChange) -> dict[str, object]:
    """Return a change as a row of a table that is grouped by vendor and account."""
    label = f"{change.change}, accepted" if change.acknowledged else change.change
    account = change.account if change.account.startswith(change.provider) else f"{change.provider} {change.account}"
    return change._asdict() | {"change": label, "account": account}


def _format_amounts(row: Mapping[str, object]) -> dict[str, object]:
    amounts = ((name, row[name]) for name in AMOUNTS)
    return {**row, **{name: format_amount(amount) if isinstance(amount, Decimal) else "" for name, amount in amounts}}
