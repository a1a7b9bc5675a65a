"""Print one line that stands for all that the ledger believes now."""

from __future__ import annotations

import click

from billfold.cli.options import add_location_options, open_workspace


@click.command("hash")
@add_location_options
@click.pass_context
def command(ctx: click.Context) -> None:
    """Print one line that stands for all that the ledger believes now; equal ledgers print the same, on any machine."""
    from billfold.ledger.digest import compute_digest

    with open_workspace(ctx) as workspace, workspace.open_ledger() as db:
        click.echo(compute_digest(db))
