"""Check every stored hash of the archive."""

from __future__ import annotations

import click

from billfold.cli.options import books, places


@click.command("verify")
@places
@click.pass_context
def command(ctx: click.Context) -> None:
    """Check every stored hash of the archive, and name what is damaged or missing. Exit code 1 where anything is."""
    from billfold.ledger.verify import problems

    found = 0
    with books(ctx) as kept:
        for found, problem in enumerate(problems(kept.archive), 1):  # noqa: B007 - the count is wanted after the loop
            click.echo(problem)
        entries = sum(1 for _ in kept.archive.entries())
    click.echo(f"{entries} entries checked: {f'{found} problems' if found else 'all is as it was written'}")
    ctx.exit(1 if found else 0)
