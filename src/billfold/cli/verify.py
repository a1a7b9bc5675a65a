"""Check every stored hash of the archive."""

from __future__ import annotations

import click

from billfold.cli.options import books, places


@click.command("verify")
@places
@click.pass_context
def command(ctx: click.Context) -> None:
    """Check every stored hash of the archive, and name what is damaged or missing. Exit code 1 where anything is.

    Whether the archive's end was cut off is told from the ledger computed from it.
    """
    from billfold.ledger.verify import problems
    from billfold.report.render import counted

    with books(ctx) as kept:
        found = 0
        for problem in problems(kept.archive, kept.path):
            click.echo(problem)
            found += 1
        checked = "the archive" if found else counted(kept.archive.last_seq(), "entry", "entries")
    click.echo(f"{checked} checked: {counted(found, 'problem') if found else 'all is as it was written'}")
    ctx.exit(1 if found else 0)
