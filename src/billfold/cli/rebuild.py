"""Compute the ledger anew from the archive alone, and print its hash."""

from __future__ import annotations

import click

from billfold.cli.context import open_workspace
from billfold.cli.gaps import print_gaps
from billfold.cli.output import print_line
from billfold.cli.params import add_location_options
from billfold.ledger.digest import compute_digest
from billfold.ledger.query import LedgerFilter
from billfold.report.gaps import find_missing_providers, find_unbooked


@click.command("rebuild")
@add_location_options
@click.pass_context
def command(ctx: click.Context) -> None:
    """Compute the ledger anew from the archive alone, and print its hash: the same as `billfold hash` printed before.

    What is damaged in the archive, or cannot be booked, is told, and the exit code is 1.
    """
    with open_workspace(ctx) as workspace:
        workspace.rebuild()
        with workspace.open_ledger() as db:
            print_line(compute_digest(db))
            all_gaps = [
                *find_unbooked(db, LedgerFilter()),
                *find_missing_providers(workspace.list_unbookable_runs(db), LedgerFilter()),
            ]
    wrong_gaps = [gap for gap in all_gaps if gap.finding.is_wrong]
    print_gaps(wrong_gaps)
    ctx.exit(1 if wrong_gaps else 0)
