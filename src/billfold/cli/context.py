"""What a command works on: the configuration, the archive with its ledger, and the part of it that is wanted."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from billfold import config
from billfold.cli.output import print_line
from billfold.collect.workspace import Workspace
from billfold.config import AccountConfig
from billfold.ledger.audit_log import AuditEvent, add_event
from billfold.ledger.layout import ARCHIVE_FILE
from billfold.model.errors import ConfigurationError, InvalidArgument
from billfold.model.payment import PaymentEvidence
from billfold.tasks import access, configured
from billfold.tasks.filter_options import FilterOptions

if TYPE_CHECKING:
    from billfold.ledger.query import LedgerFilter

NOTHING_KNOWN = "billfold.nothing_known"
"""The entry of a command's `meta` that says that it looks back to before the first collection: its answer is no green."""
TIME_LIMIT = "billfold.time_limit"
"""The entry of a command's `meta` that says how many seconds a query may take, where a server runs the command for others."""


def load_accounts(ctx: click.Context) -> list[AccountConfig]:
    """Load the configured accounts."""
    return config.load_accounts(find_config_path(ctx))


def list_configured_accounts(ctx: click.Context) -> list[tuple[str, str]]:
    """Return provider and name of the configured accounts; none where there is no configuration: reading needs none."""
    return configured.list_configured_accounts(find_config_path(ctx))


def load_payment_terms(ctx: click.Context) -> dict[tuple[str, str], str]:
    """Return the terms of payment that the configuration has, if there is one, by provider and name of their account."""
    return configured.load_payment_terms(find_config_path(ctx))


def load_virtual_rates(ctx: click.Context) -> dict[str, Decimal]:
    """Read ``[rates]`` of the configuration, if there is one: what a unit of a virtual currency cost, as text."""
    return configured.load_virtual_rates(find_config_path(ctx))


@contextmanager
def open_workspace(ctx: click.Context, *, new: bool = False) -> Iterator[Workspace]:
    """Open archive and ledger; raises ``ConfigurationError`` where there are none, unless a ``new`` one may be made.

    A configuration that is named must be there, and one that is there must be right, also for a command that could do
    without.
    """
    config.check_config(ctx.find_root().obj["config"])
    with access.open_workspace(config.find_ledger_directory(ctx.find_root().obj["ledger"]), new=new) as workspace:
        yield workspace


def require_ledger_directory(ctx: click.Context) -> Path:
    """Return the directory of the ledger; raises ``ConfigurationError`` where there is none."""
    config.check_config(ctx.find_root().obj["config"])
    directory = config.find_ledger_directory(ctx.find_root().obj["ledger"])
    if not (directory / ARCHIVE_FILE).is_file():
        raise ConfigurationError(
            f"there is no ledger in {directory}: `billfold sync` makes one; --ledger names another place"
        )
    return directory


def find_user_name() -> str:
    """Return who is logged in, as far as this machine knows."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a number without a name
        return "unknown"


def note_command(ctx: click.Context, directory: Path, action: str, result: str) -> None:
    """Note in the audit log what a command did to keys or users."""
    group_name = ctx.parent.info_name if ctx.parent else ""
    event = AuditEvent(f"command {find_user_name()}", "", action, f"billfold {group_name} {ctx.info_name}", "", result)
    add_event(directory, event, datetime.now(UTC))


def build_filter(workspace: Workspace, filter_options: FilterOptions) -> LedgerFilter:
    """Turn what was asked into a filter; raises ``InvalidArgument`` where it names what there is not."""
    accounts = list_configured_accounts(click.get_current_context()) if filter_options.account is not None else ()
    filters = access.build_filter(workspace, filter_options, accounts)
    if not filters.seq:
        first_run_note = next((f" ({run.started_at[:19]}Z)" for run in workspace.archive.list_runs()), "")
        print_line(f"nothing was known yet at that time: the first collection began later{first_run_note}", err=True)
        click.get_current_context().meta[NOTHING_KNOWN] = True
    return filters


def require_account(workspace: Workspace, account: str, place: str) -> None:
    """Raise ``ConfigurationError`` where a place in the configuration names an account that there is not."""
    try:
        access.build_filter(
            workspace, FilterOptions(account=account), list_configured_accounts(click.get_current_context())
        )
    except InvalidArgument as error:
        raise ConfigurationError(f"{place}: {error}") from error


def load_section(ctx: click.Context, name: str) -> tuple[object, Path]:
    """Return what stands in a section of the configuration (None: nothing), and the configuration's path, which errors name."""
    path = find_config_path(ctx)
    return config.load_section(path, name), path


def load_payment_evidence(ctx: click.Context, as_of: datetime | None = None) -> PaymentEvidence:
    """Return what the configuration says of payments, as far as it had happened at a time; raises ``ConfigurationError``."""
    return configured.load_payment_evidence(find_config_path(ctx), as_of)


def find_config_path(ctx: click.Context) -> Path:
    """Return where the configuration is, or would be."""
    return config.find_config(ctx.find_root().obj["config"])
