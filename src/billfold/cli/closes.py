"""List the months that were signed, and whether they still are the same."""

from __future__ import annotations

import click

from billfold.cli.context import NOTHING_KNOWN, build_filter, open_workspace
from billfold.cli.gaps import end_listing
from billfold.cli.listing import print_rows, print_table
from billfold.cli.output import print_line
from billfold.cli.params import add_listing_options
from billfold.report.table import TableLayout
from billfold.tasks.closes import SignedMonth, list_signed_months
from billfold.tasks.filter_options import FilterOptions

COLUMNS = SignedMonth._fields
LAYOUT = TableLayout(
    ("month", "state", "changes", "signed_by", "signed_at", "accounts", "hash"),
    droppable=("accounts",),
    min_widths={"state": 9, "signed_at": 10},
)


@click.command("closes")
@click.option("--rehash", is_flag=True, help="Compute every hash anew, also where nothing was booked since.")
@add_listing_options
@click.pass_context
def command(ctx: click.Context, output_format: str, filter_options: FilterOptions, *, rehash: bool) -> None:
    """List the months that were signed: by whom, when, for how many accounts, and whether they still are the same.

    Exit code 1 where a month that was signed has changes that are not accepted: `billfold changes --since close:MONTH`
    tells which.
    """
    with open_workspace(ctx) as workspace, workspace.open_ledger() as db:
        signed_months = list_signed_months(workspace, db, build_filter(workspace, filter_options), rehash=rehash)
    if output_format != "table":
        print_rows(output_format, signed_months, COLUMNS)
    elif not signed_months and NOTHING_KNOWN not in ctx.meta:
        print_line("No month is signed: `billfold close MONTH --sign NAME` signs one.")
    elif signed_months:
        print_table([row._asdict() | {"signed_at": row.signed_at[:10]} for row in signed_months], LAYOUT)
    end_listing(ctx, ())
    ctx.exit(1 if any(row.changes for row in signed_months) else 0)
