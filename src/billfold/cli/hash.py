"""Print one line that stands for all that the ledger believes now."""

from __future__ import annotations

import click

from billfold.cli.options import books, places


@click.command("hash")
@places
@click.pass_context
def command(ctx: click.Context) -> None:
    """Print one line that stands for all that the ledger believes now; equal ledgers print the same, on any machine."""
    from billfold.ledger.digest import digest

    with books(ctx) as kept, kept.ledger() as db:
        click.echo(digest(db))
