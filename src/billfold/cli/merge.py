"""Bring another ledger directory's archive into this one."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import click

from billfold.cli.context import open_workspace
from billfold.cli.output import print_line
from billfold.cli.params import add_location_options
from billfold.ledger.account_lock import account_lock
from billfold.ledger.archive import Archive
from billfold.ledger.digest import compute_digest
from billfold.ledger.layout import ARCHIVE_FILE, LOCKS_FOLDER, MERGE_DRAFT_FILE
from billfold.ledger.merge import merge_archives
from billfold.model.errors import InvalidArgument


@click.command("merge")
@click.argument("source_directory", metavar="OTHER", type=click.Path(exists=True, file_okay=False, path_type=Path))
@add_location_options
@click.pass_context
def command(ctx: click.Context, source_directory: Path) -> None:
    """Bring the archive of the ledger directory OTHER into this one; runs that both hold are taken once.

    OTHER is not changed. This archive's file as it was stays beside it as archive.before-merge.sqlite.
    """
    source_path = source_directory / ARCHIVE_FILE
    if not source_path.exists():
        raise InvalidArgument(f"{source_directory} holds no archive.sqlite; name another ledger directory")
    with open_workspace(ctx, new=True) as workspace, ExitStack() as locks:
        for provider, account in sorted({(run.provider, run.account) for run in workspace.archive.list_runs()}):
            locks.enter_context(
                account_lock(workspace.directory / LOCKS_FOLDER, provider, account)
            )  # nobody writes meanwhile
        draft_path = workspace.directory / MERGE_DRAFT_FILE
        draft_path.unlink(missing_ok=True)
        with Archive(source_path, as_it_is=True) as source_archive:
            result = merge_archives(workspace.archive, source_archive, draft_path, datetime.now(UTC))
        with Archive(draft_path) as draft:
            is_same = draft.read_head() == workspace.archive.read_head()
        if is_same:
            draft_path.unlink()  # and the archive that an earlier merge kept stays
        else:
            workspace.replace_archive(draft_path)
        with workspace.open_ledger(wait=True) as ledger:
            print_line(
                f"{result.added_count} runs brought, {result.duplicate_count} were here already: {compute_digest(ledger)}"
            )
