"""Write the archived documents as files: invoices as PDF and CSV, as they came."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path

import click

from billfold.cli.context import build_filter, open_workspace
from billfold.cli.listing import print_rows
from billfold.cli.output import print_line
from billfold.cli.params import FORMAT_OPTION, add_filter_options
from billfold.report.render import counted
from billfold.tasks.documents import DAMAGED, MISSING, WRITTEN, DocumentRow, count_documents, write_documents
from billfold.tasks.filter_options import FilterOptions

MAX_NAMED_INVOICES = 12
"""Invoices without a document that are named of an account; ``--format`` names all."""


@click.command("documents")
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@click.option("--all-versions", is_flag=True, help="Also what came before a document changed.")
@FORMAT_OPTION
@add_filter_options
@click.pass_context
def command(
    ctx: click.Context, directory: Path, output_format: str, filter_options: FilterOptions, *, all_versions: bool
) -> None:
    """Write the archived documents to DIRECTORY: invoices as PDF and CSV, as they came.

    A document that came more than once is written as it came last. Nothing is overwritten: where other bytes have its name, it
    is written beside them, with its date and hash in its name. --from and --to are the months of invoices. --format json or csv
    prints a list of all documents, with invoice, date, total, hash and archive number, and of the invoices without one.
    What a sync does not collect, `billfold api` asks for. Exit code 1: a document is damaged in the archive.
    """
    with open_workspace(ctx) as workspace, workspace.open_ledger() as db:
        filters = build_filter(workspace, filter_options)
        rows = write_documents(workspace, db, directory, filters, all_versions=all_versions)
        accounts = {
            (run.provider, run.account)
            for run in workspace.archive.list_runs()
            if filters.includes_account(run.provider, run.account)
        }
    if output_format == "table":
        _print_counts(directory, rows, accounts)
    else:
        print_rows(output_format, [row._asdict() for row in rows], DocumentRow._fields)
    for row in rows:
        if row.status == DAMAGED:
            print_line(f"not written: entry {row.seq} is damaged: `billfold verify` names what is", err=True)
    ctx.exit(1 if any(row.status == DAMAGED for row in rows) else 0)


def _print_counts(directory: Path, rows: Sequence[DocumentRow], accounts: Iterable[tuple[str, str]]) -> None:
    account_counts = count_documents(rows)
    new_count = sum(row.status == WRITTEN for row in rows)
    note = "" if new_count == account_counts.total() else f", {new_count or 'none'} of them new"
    print_line(f"{directory}: {counted(account_counts.total(), 'document')}{note}")
    for provider_name, account_name in sorted({*accounts, *account_counts}):
        print_line(f"  {provider_name} {account_name}: {account_counts[provider_name, account_name] or 'none'}")
    missing_rows = [row for row in rows if row.status == MISSING]
    if missing_rows:
        print_line(f"{counted(len(missing_rows), 'invoice')} without a document:")
    for account_key, account_rows in groupby(missing_rows, key=lambda row: row[:2]):
        invoice_ids = [row.invoice_id for row in account_rows]
        more = f" and {len(invoice_ids) - MAX_NAMED_INVOICES} more" if len(invoice_ids) > MAX_NAMED_INVOICES else ""
        print_line(f"  {' '.join(account_key)}: {', '.join(invoice_ids[:MAX_NAMED_INVOICES])}{more}")
