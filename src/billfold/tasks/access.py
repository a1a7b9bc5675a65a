"""How a task gets at a ledger: its directory opened, and the part of it that is wanted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from billfold.collect.workspace import Workspace, require_archive
from billfold.ledger.acknowledgements import list_acknowledged_ids
from billfold.ledger.layout import ARCHIVE_FILE
from billfold.model.errors import ConfigurationError, InvalidArgument
from billfold.model.extras import require_libraries
from billfold.providers import provider as providers
from billfold.tasks.filter_options import FilterOptions

if TYPE_CHECKING:
    from billfold.ledger.query import LedgerFilter


@contextmanager
def open_workspace(directory: Path, *, new: bool = False) -> Iterator[Workspace]:
    """Open archive and ledger; raises ``ConfigurationError`` where there are none, unless a ``new`` one may be made.

    Raises ``LedgerError`` where the archive of a ledger is lost, and ``MissingExtra`` before anything is done that needs the ledger's libraries.
    """
    require_libraries("duckdb", "pyarrow")
    has_archive = (directory / ARCHIVE_FILE).exists()
    require_archive(directory, is_empty=not has_archive)
    if not new and not directory.is_file() and not has_archive:
        raise ConfigurationError(
            f"there is no ledger in {directory}: `billfold sync` makes one; --ledger names another place"
        )
    workspace = Workspace(directory)
    try:
        if new and not workspace.archive.read_last_seq():
            require_archive(directory, is_empty=True)
        yield workspace
    finally:
        workspace.close()


def build_filter(
    workspace: Workspace, filter_options: FilterOptions, configured: Iterable[tuple[str, str]] = ()
) -> LedgerFilter:
    """Turn what was asked into a filter; raises ``InvalidArgument`` where it names what there is not.

    ``configured`` are provider and name of accounts that may be named before anything of them is archived.
    """
    # PERF: a sync opens a workspace and needs no filter: DuckDB (0.1 to 0.2 s) loads while it asks
    from billfold.ledger.as_of import resolve_as_of
    from billfold.ledger.query import MAX_SEQ, LedgerFilter

    provider, account, first_month, last_month, as_of = filter_options
    if provider is not None:
        providers.find_provider(provider)
    if account is not None:
        _require_account(workspace, provider, account, list(configured))
    if first_month and last_month and last_month < first_month:
        raise InvalidArgument(f"no month lies between {first_month} and {last_month}; --from is the earlier one")
    seq = resolve_as_of(workspace.archive, as_of) if as_of else MAX_SEQ
    acknowledged_ids = list_acknowledged_ids(workspace.archive, seq)
    return LedgerFilter(provider, account, first_month, last_month, seq, acknowledged_ids)


def _require_account(
    workspace: Workspace, provider: str | None, account: str, configured: Sequence[tuple[str, str]]
) -> None:
    """Raise ``InvalidArgument`` for an account that neither the archive nor the configuration names, or an earlier name of one."""
    from billfold.ledger.catalog_file import read_present_names

    runs = [run for run in workspace.archive.list_runs() if provider in {None, run.provider}]
    accounts = {*configured, *((run.provider, run.account) for run in runs)}
    names = sorted({name for provider_name, name in accounts if provider in {None, provider_name}})
    if account not in names:
        raise InvalidArgument(f"there is no account {account!r}; there are {', '.join(names) or 'none yet'}")
    present_names = read_present_names(workspace.ledger_path)
    new_names = {present_names.get(run.id, account) for run in runs if run.account == account}
    if new_names and account not in {*new_names, *present_names.values(), *(name for _, name in configured)}:
        raise InvalidArgument(f"account {account!r} is called {' and '.join(sorted(new_names))} now: ask for that")
