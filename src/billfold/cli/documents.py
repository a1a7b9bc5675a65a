"""Write the archived documents as files: invoices as PDF and CSV, as they came."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import click

from billfold.cli.context import build_filter, open_workspace
from billfold.cli.output import print_line
from billfold.cli.params import ACCOUNT_OPTION, PROVIDER_OPTION, add_location_options
from billfold.ledger.documents import FILE_SUFFIXES, UNKNOWN_VALUE, list_latest_documents, read_media_type
from billfold.ledger.entries import Entry
from billfold.model.errors import ConfigurationError
from billfold.report.render import counted
from billfold.tasks.filter_options import FilterOptions


@click.command("documents")
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@PROVIDER_OPTION
@ACCOUNT_OPTION
@add_location_options
@click.pass_context
def command(ctx: click.Context, directory: Path, provider: str | None, account: str | None) -> None:
    """Write the archived documents to DIRECTORY: invoices as PDF and CSV, as they came.

    A document that came more than once is written as it came last. What a sync does not collect, `billfold api` asks for.
    """
    with open_workspace(ctx) as workspace:
        filters = build_filter(workspace, FilterOptions(provider, account))
        entries = [
            entry
            for entry in list_latest_documents(workspace.archive, filters.seq)
            if filters.includes_account(entry.provider, entry.account)
        ]
        accounts = {
            (run.provider, run.account)
            for run in workspace.archive.list_runs()
            if filters.includes_account(run.provider, run.account)
        }
        name_counts = Counter(map(_build_file_name, entries))
        try:
            directory.mkdir(parents=True, exist_ok=True)
            for entry in entries:
                hash_suffix = "" if name_counts[_build_file_name(entry)] == 1 else f"_{entry.body[:8]}"
                path = directory / f"{_build_file_name(entry)}{hash_suffix}{FILE_SUFFIXES[read_media_type(entry)]}"
                path.write_bytes(workspace.archive.read_body(entry.body))
        except OSError as error:
            raise ConfigurationError(f"{directory} cannot be written: {error.strerror}") from error
    print_line(f"{directory}: {counted(len(entries), 'document')}")
    account_counts = Counter((entry.provider, entry.account) for entry in entries)
    for provider_name, account_name in sorted(accounts):
        print_line(f"  {provider_name} {account_name}: {account_counts[provider_name, account_name] or 'none'}")


def _build_file_name(entry: Entry) -> str:
    """Call a document by its account and by what was asked for it, as far as that is known."""
    argument_values = [str(value) for value in entry.question_fields.values() if value != UNKNOWN_VALUE]
    return re.sub(r"[^\w.-]+", "-", "_".join((entry.account, entry.operation, *argument_values)))
