"""Bring another ledger directory's archive into this one."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import click

from billfold.cli.options import books, places


@click.command("merge")
@click.argument("other", type=click.Path(exists=True, file_okay=False, path_type=Path))
@places
@click.pass_context
def command(ctx: click.Context, other: Path) -> None:
    """Bring the archive of the ledger directory OTHER into this one; runs that both hold are taken once.

    OTHER is not changed. This archive's file as it was stays beside it as archive.before-merge.sqlite.
    """
    from billfold.collect.workspace import MERGING
    from billfold.ledger.account_lock import turn
    from billfold.ledger.archive import Archive
    from billfold.ledger.digest import digest
    from billfold.ledger.merge import merge
    from billfold.model.errors import Misasked

    source = other / "archive.sqlite"
    if not source.exists():
        raise Misasked(f"{other} holds no archive.sqlite; name another ledger directory")
    with books(ctx, new=True) as kept, ExitStack() as turns:
        for provider, account in sorted({(run.provider, run.account) for run in kept.archive.runs()}):
            turns.enter_context(turn(kept.directory / "locks", provider, account))  # nobody writes meanwhile
        draft = kept.directory / MERGING
        draft.unlink(missing_ok=True)
        with Archive(source) as theirs:
            told = merge(kept.archive, theirs, draft)
        kept.replace_archive(draft)
        with kept.ledger() as db:
            click.echo(f"{told.added} runs brought, {told.known} were here already: {digest(db)}")
