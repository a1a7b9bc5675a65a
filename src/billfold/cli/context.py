"""What a command works on: the configuration, the archive with its ledger, and the part of it that is wanted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from billfold import config
from billfold.cli.output import print_line
from billfold.cli.params import FilterOptions
from billfold.collect.workspace import Workspace
from billfold.config import AccountConfig
from billfold.ledger.layout import ARCHIVE_FILE
from billfold.model.errors import ConfigurationError, InvalidArgument
from billfold.model.extras import require_libraries
from billfold.providers import provider as providers

if TYPE_CHECKING:
    from billfold.ledger.query import LedgerFilter


def load_accounts(ctx: click.Context) -> list[AccountConfig]:
    """Load the configured accounts."""
    return config.load_accounts(config.find_config(ctx.find_root().obj["config"]))


def list_configured_accounts(ctx: click.Context) -> list[tuple[str, str]]:
    """Return provider and name of the configured accounts; none where there is no configuration: reading needs none."""
    path = config.find_config(ctx.find_root().obj["config"])
    return [(account.provider.name, account.name) for account in config.load_accounts(path)] if path.exists() else []


def load_virtual_rates(ctx: click.Context) -> dict[str, Decimal]:
    """Read ``[rates]`` of the configuration, if there is one: what a unit of a virtual currency cost, as text."""
    path = config.find_config(ctx.find_root().obj["config"])
    return config.load_rates(path) if path.exists() else {}


def select_accounts(
    ctx: click.Context, provider: str | None, account: str | None
) -> tuple[list[AccountConfig], list[AccountConfig]]:
    """Return the configured accounts, and those of them that are wanted; raises ``ConfigurationError`` where there are none."""
    configured = load_accounts(ctx)
    selected = [
        candidate
        for candidate in configured
        if provider in {None, candidate.provider.name} and account in {None, candidate.name}
    ]
    if not selected:
        account_list = ", ".join(f"{candidate.name} ({candidate.provider.name})" for candidate in configured)
        raise ConfigurationError(
            f"no account of the configuration fits; there are {account_list or 'none: see `billfold connect`'}"
        )
    return configured, selected


@contextmanager
def open_workspace(ctx: click.Context, *, new: bool = False) -> Iterator[Workspace]:
    """Open archive and ledger; raises ``ConfigurationError`` where there are none, unless a ``new`` one may be made.

    A configuration that is named must be there, and one that is there must be right, also for a command that could do
    without.
    """
    require_libraries("duckdb", "pyarrow")
    config.check_config(ctx.find_root().obj["config"])
    directory = Path(config.find_ledger_directory(ctx.find_root().obj["ledger"]))
    if not new and not directory.is_file() and not (directory / ARCHIVE_FILE).exists():
        raise ConfigurationError(
            f"there is no ledger in {directory}: `billfold sync` makes one; --ledger names another place"
        )
    workspace = Workspace(directory)
    try:
        yield workspace
    finally:
        workspace.close()


def build_filter(workspace: Workspace, filter_options: FilterOptions) -> LedgerFilter:
    """Turn what was asked into a filter; raises ``InvalidArgument`` where it names what there is not."""
    # PERF: a sync opens a workspace and needs no filter: DuckDB (0.1 to 0.2 s) loads while it asks
    from billfold.ledger.query import MAX_SEQ, LedgerFilter, resolve_as_of

    provider, account, first_month, last_month, as_of = filter_options
    if provider is not None:
        providers.find_provider(provider)
    if account is not None and account not in (names := _list_account_names(workspace, provider)):
        raise InvalidArgument(f"there is no account {account!r}; there are {', '.join(sorted(names)) or 'none yet'}")
    if first_month and last_month and last_month < first_month:
        raise InvalidArgument(f"no month lies between {first_month} and {last_month}; --from is the earlier one")
    seq = resolve_as_of(workspace.archive, as_of) if as_of else MAX_SEQ
    if not seq:
        first_run_note = next((f" ({run.started_at[:19]}Z)" for run in workspace.archive.list_runs()), "")
        print_line(f"nothing was known yet at that time: the first collection began later{first_run_note}", err=True)
    return LedgerFilter(provider, account, first_month, last_month, seq)


def _list_account_names(workspace: Workspace, provider: str | None) -> set[str]:
    """Return the accounts that the archive or the configuration names."""
    accounts = {(run.provider, run.account) for run in workspace.archive.list_runs()}
    accounts |= set(list_configured_accounts(click.get_current_context()))
    return {name for provider_name, name in accounts if provider in {None, provider_name}}
