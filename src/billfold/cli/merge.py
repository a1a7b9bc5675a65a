"""Bring another ledger directory's archive into this one."""

from __future__ import annotations

from pathlib import Path

import click

from billfold.cli.context import open_workspace
from billfold.cli.output import print_line
from billfold.cli.params import add_location_options
from billfold.collect.merging import merge_ledgers
from billfold.ledger.digest import compute_digest
from billfold.model.finding import describe_finding


@click.command("merge")
@click.argument("source_directory", metavar="OTHER", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--unrelated", is_flag=True, help="Merge also what has no account in common with this ledger.")
@add_location_options
@click.pass_context
def command(ctx: click.Context, source_directory: Path, *, unrelated: bool) -> None:
    """Bring the archive of the ledger directory OTHER into this one; runs that both hold are taken once.

    OTHER is not changed, and who collects here waits. This archive's file as it was stays beside it as
    archive.before-merge.sqlite, those of earlier merges too. Both archives are checked first: where one is damaged, nothing
    is merged, and the exit code is 1. OTHER is refused where it calls another customer as this ledger does, and where the two
    have no account in common, unless --unrelated says so.
    """
    with open_workspace(ctx, new=True) as workspace:
        outcome = merge_ledgers(workspace, source_directory, may_be_unrelated=unrelated)
        for path, finding in outcome.damage:
            print_line(f"{path}: {describe_finding(finding)}")
        if outcome.damage:
            print_line(
                "nothing is merged: an archive is damaged; `billfold verify` names it all, put a backup in its place"
            )
            ctx.exit(1)
        with workspace.open_ledger(wait=True) as ledger:
            digest = compute_digest(ledger)
    print_line(
        f"{outcome.result.added_count} runs brought, {outcome.result.duplicate_count} were here already: {digest}"
    )
