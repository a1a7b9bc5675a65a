"""Print one line that stands for all that the ledger believes, or for a part of it."""

from __future__ import annotations

from datetime import datetime

import click

from billfold.cli.context import build_filter, open_workspace
from billfold.cli.output import print_line
from billfold.cli.params import ACCOUNT_OPTION, AS_OF_OPTION, PROVIDER_OPTION, MonthType, add_location_options
from billfold.ledger.digest import compute_digest
from billfold.model.period import Month
from billfold.tasks.filter_options import FilterOptions


@click.command("hash")
@click.option("--month", type=MonthType(), metavar="MONTH", help="Only bills whose period begins in this month.")
@PROVIDER_OPTION
@ACCOUNT_OPTION
@AS_OF_OPTION
@add_location_options
@click.pass_context
def command(
    ctx: click.Context, month: Month | None, provider: str | None, account: str | None, as_of: datetime | None
) -> None:
    """Print one line that stands for all that the ledger believes; equal ledgers print the same, on any machine.

    A month that is closed can be told by its hash from one that was changed, and a ledger from what it was at a time.
    """
    with open_workspace(ctx) as workspace, workspace.open_ledger() as ledger:
        filters = build_filter(workspace, FilterOptions(provider, account, month, month, as_of))
        print_line(compute_digest(ledger, filters))
