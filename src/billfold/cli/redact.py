"""Replace stored personal data by a tombstone."""

from __future__ import annotations

import click

from billfold.cli.context import open_workspace
from billfold.cli.output import print_line
from billfold.cli.params import add_location_options
from billfold.collect.redact import redact_workspace
from billfold.providers import provider as providers


@click.command("redact")
@click.option("--provider", metavar="NAME", help="Only this provider's answers.")
@add_location_options
@click.pass_context
def command(ctx: click.Context, provider: str | None) -> None:
    """Replace stored personal data (as e-mail addresses in usage reports) by a tombstone.

    What stood there is gone for good, from what `merge` left beside the archive too; the chain of hashes stays, `billfold
    verify` stays green, no charge changes. A backup of your own is yours to redact (`--ledger`).
    """
    if provider is not None:
        providers.find_provider(provider)
    with open_workspace(ctx) as workspace:
        redacted_count = redact_workspace(workspace, provider)
    print_line(
        f"{redacted_count} stored answers were redacted" if redacted_count else "no stored answer holds personal data"
    )
