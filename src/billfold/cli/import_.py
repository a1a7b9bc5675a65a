"""Bring saved answers into the archive and book them: retired APIs live on only in files."""

from __future__ import annotations

from pathlib import Path

import click

from billfold.cli.context import open_workspace
from billfold.cli.output import print_line
from billfold.cli.params import add_location_options
from billfold.collect.importing import ImportResult, import_files
from billfold.providers import provider as providers


@click.command("import")
@click.argument("provider")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--account", metavar="NAME", help="Book them under this account (default: the provider's name).")
@click.option("--operation", metavar="NAME", help="Which operation the files answer (default: found by their shape).")
@click.option("--invoice-id", metavar="ID", help="Whose lines these are, where the answer itself does not say.")
@add_location_options
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
    lines belong together: name them in one command. An answer that says whose it is goes into that account, whatever --account
    says. Exit code 1: something was not read, cannot be booked as it is, or is of another account than the one named.
    """
    chosen_provider = providers.find_provider(provider)
    if operation is not None:
        chosen_provider.find_operation(operation)  # before anything is written
    with open_workspace(ctx, new=True) as workspace:
        result = import_files(
            workspace,
            chosen_provider,
            account or chosen_provider.name,
            files,
            operation,
            {"invoice_id": invoice_id} if invoice_id else {},
        )
    _print_result(result)
    is_elsewhere = _print_account(result, account or chosen_provider.name) and account is not None
    ctx.exit(1 if result.is_doubtful or result.unbooked_ids or is_elsewhere else 0)


def _print_account(result: ImportResult, account: str) -> bool:
    """Say which account was booked into, where it has another name than was asked for; returns whether it has."""
    if result.account in {"", account}:
        return False
    print_line(f"booked into account {result.account}, not {account}: what these answers say is of that account")
    return True


def _print_result(result: ImportResult) -> None:
    """Say what became of each file and of each bill, and what is still to be imported."""
    for file in result.files:
        print_line(f"{file.path}: {file.operation or 'NOT READ'}: {file.message}")
    for bill in result.bills:
        verdict = f"{'disputed' if bill.is_disputing else 'parked'}: {bill.parked}" if bill.parked else "adds up"
        name = bill.invoice_id or "estimate"
        print_line(f"  {bill.state} {name} {bill.total or 'without a total in'} {bill.currency}: {verdict}")
    if any(bill.parked for bill in result.bills):
        print_line(
            "  parked is kept, but not counted; where a list or lines are missing, import them in one command with these"
        )
    if not result.bills:
        explanation = " (it bills nothing, or what is booked says as much); it is kept as it came"
        note = explanation if any(file.operation for file in result.files) else ""
        print_line(f"no charges were booked from this{note}")
    for name in result.unbooked_ids:
        print_line(
            f"  invoice {name} is listed, but its lines are not here: import them too, in one command (--invoice-id where a file does not say it)"
        )
