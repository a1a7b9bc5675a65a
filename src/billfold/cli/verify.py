"""Check every stored hash of the archive."""

from __future__ import annotations

import click

from billfold.cli.context import open_workspace
from billfold.cli.output import print_line
from billfold.cli.params import add_location_options
from billfold.ledger.verify import find_damage
from billfold.model.finding import describe_finding
from billfold.report.render import counted


@click.command("verify")
@add_location_options
@click.pass_context
def command(ctx: click.Context) -> None:
    """Check every stored hash of the archive, and name what is damaged or missing. Exit code 1 where anything is.

    Whether the archive's end was cut off is told from the ledger computed from it.
    """
    with open_workspace(ctx) as workspace:
        damage_count = 0
        for finding in find_damage(workspace.archive, workspace.ledger_path):
            print_line(describe_finding(finding))
            damage_count += 1
        subject = "the archive" if damage_count else counted(workspace.archive.read_last_seq(), "entry", "entries")
    print_line(f"{subject} checked: {counted(damage_count, 'problem') if damage_count else 'all is as it was written'}")
    ctx.exit(1 if damage_count else 0)
