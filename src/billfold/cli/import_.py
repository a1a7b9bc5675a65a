"""Bring saved answers into the archive and book them: retired APIs live on only in files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from billfold.cli.options import books, places

if TYPE_CHECKING:
    from billfold.collect.importing import Told


@click.command("import")
@click.argument("provider")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--account", metavar="NAME", help="Book them under this account (default: the provider's name).")
@click.option("--operation", metavar="NAME", help="Which operation the files answer (default: found by their shape).")
@click.option("--invoice-id", metavar="ID", help="Whose lines these are, where the answer itself does not say.")
@places
@click.pass_context
def command(
    ctx: click.Context,
    provider: str,
    files: tuple[Path, ...],
    account: str | None,
    operation: str | None,
    invoice_id: str | None,
) -> None:
    """Bring saved answers of PROVIDER into the archive and book them, the same way as collected ones.

    Bodies of any operation, as JSON or (Fastly) CSV; other documents are kept, but not booked. An invoice's list and its
    lines belong together: name them in one command. Exit code 1: something was read but cannot be booked as it is.
    """
    from billfold.collect.importing import bring
    from billfold.providers import provider as providers

    door = providers.find(provider)
    if operation is not None:
        door.operation(operation)  # before anything is written
    with books(ctx, new=True) as kept:
        told = bring(
            kept, door, account or door.name, files, operation, {"invoice_id": invoice_id} if invoice_id else {}
        )
    _tell(told)
    ctx.exit(1 if told.wrong or told.unread else 0)


def _tell(told: Told) -> None:
    """Say what became of each file and of each bill, and what is still to be imported."""
    for file in told.files:
        click.echo(f"{file.path}: {file.operation or 'NOT READ'}: {file.words}")
    for bill in told.bills:
        verdict = f"parked: {bill['parked']}" if bill["parked"] else "adds up"
        name = bill["invoice_id"] or "estimate"
        click.echo(f"  {bill['state']} {name} {bill['total'] or 'without a total in'} {bill['currency']}: {verdict}")
    if any(bill["parked"] for bill in told.bills):
        click.echo(
            "  parked is kept, but not counted; where a list or lines are missing, import them in one command with these"
        )
    if not told.bills:
        why = " (it bills nothing, or what is booked says as much); it is kept as it came"
        kept_too = why if any(file.operation for file in told.files) else ""
        click.echo(f"no charges were booked from this{kept_too}")
    for name in told.unread:
        click.echo(
            f"  invoice {name} is listed, but its lines are not here: import them too, in one command (--invoice-id where a file does not say it)"
        )
