"""Print one line that stands for all that the ledger believes now."""

from __future__ import annotations

import click

from billfold.cli.context import open_workspace
from billfold.cli.output import print_line
from billfold.cli.params import add_location_options
from billfold.ledger.digest import compute_digest


@click.command("hash")
@add_location_options
@click.pass_context
def command(ctx: click.Context) -> None:
    """Print one line that stands for all that the ledger believes now; equal ledgers print the same, on any machine."""
    with open_workspace(ctx) as workspace, workspace.open_ledger() as ledger:
        print_line(compute_digest(ledger))
