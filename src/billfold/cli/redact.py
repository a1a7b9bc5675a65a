"""Replace stored personal data by a tombstone."""

from __future__ import annotations

import click

from billfold.cli.options import books, places


@click.command("redact")
@click.option("--provider", metavar="NAME", help="Only this provider's answers.")
@places
@click.pass_context
def command(ctx: click.Context, provider: str | None) -> None:
    """Replace stored personal data (as e-mail addresses in usage reports) by a tombstone.

    What stood there is gone for good, from what `merge` left beside the archive too; the chain of hashes stays, `billfold
    verify` stays green, no charge changes. A backup of your own is yours to redact (`--ledger`).
    """
    from billfold.collect.redact import redact
    from billfold.providers import provider as providers

    if provider is not None:
        providers.find(provider)
    with books(ctx) as kept:
        changed = redact(kept, provider)
    click.echo(f"{changed} stored answers were redacted" if changed else "no stored answer holds personal data")
