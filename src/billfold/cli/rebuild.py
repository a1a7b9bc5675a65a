"""Compute the ledger anew from the archive alone, and print its hash."""

from __future__ import annotations

import click

from billfold.cli.options import books, places, tell_gaps


@click.command("rebuild")
@places
@click.pass_context
def command(ctx: click.Context) -> None:
    """Compute the ledger anew from the archive alone, and print its hash: the same as `billfold hash` printed before.

    What is damaged in the archive, or cannot be booked, is told, and the exit code is 1.
    """
    from billfold.ledger.digest import digest
    from billfold.ledger.query import Filter
    from billfold.report.gaps import stranded, unbooked

    with books(ctx) as kept:
        kept.drop()
        with kept.ledger() as db:
            click.echo(digest(db))
            gaps = [*unbooked(db, Filter()), *stranded(kept.pending(db), Filter())]
    found = [gap for gap in gaps if gap.wrong]
    tell_gaps(found)
    ctx.exit(1 if found else 0)
