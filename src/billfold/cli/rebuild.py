"""Compute the ledger anew from the archive alone, and print its hash."""

from __future__ import annotations

import click

from billfold.cli.options import books, lacking, places, tell_gaps


@click.command("rebuild")
@places
@click.pass_context
def command(ctx: click.Context) -> None:
    """Compute the ledger anew from the archive alone, and print its hash: the same as `billfold hash` printed before."""
    from billfold.ledger.digest import digest
    from billfold.ledger.query import Filter

    with books(ctx) as kept:
        kept.drop()
        with kept.ledger() as db:
            click.echo(digest(db))
            tell_gaps(lacking(ctx, kept, db, Filter()))
