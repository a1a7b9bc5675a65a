"""Collect accounts into a ledger, as `billfold sync` does."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from billfold.collect.outcome import CollectOutcome
from billfold.collect.side_by_side import DEFAULT_PER_SERVER, DEFAULT_WORKERS
from billfold.collect.sync import NoteOutcome, Progress, sync_accounts
from billfold.collect.workspace import Workspace
from billfold.config import AccountConfig
from billfold.model.errors import InvalidArgument
from billfold.model.period import Month, to_month
from billfold.tasks.access import open_workspace
from billfold.tasks.accounts import Accounts, load_accounts, select_accounts

log = logging.getLogger("billfold.sync")
MAX_CLOCK_SKEW = timedelta(minutes=1)
"""What a clock that is kept right by its network may jump back."""


def sync(
    accounts: Accounts,
    ledger: Path | str,
    *,
    since: Month | date | str | None = None,
    provider: str | None = None,
    account: str | None = None,
    recheck_months: int = 0,
    workers: int = DEFAULT_WORKERS,
    per_server: int = DEFAULT_PER_SERVER,
    progress: Progress | None = None,
) -> list[CollectOutcome]:
    """Collect every invoice, line and estimate of the accounts into a ledger directory, which is made where there is none.

    Returns how it went, account by account: one that failed has an ``error``, and stops no other. ``accounts`` is the path of a
    configuration or ``Account`` values, of which ``provider`` and ``account`` select some. ``since`` is the month to reach back
    to (default: 24 months); ``recheck_months`` past months are read again. ``workers`` accounts are collected at once,
    at most ``per_server`` of them at one server.
    ``progress`` is called from their threads after each answer, with the account, the operation and the number of answers so far.

    Raises ``ConfigurationError`` for accounts that cannot be, ``LedgerError`` for a directory that cannot be written and
    ``MissingExtra`` without the extra ``ledger``.
    """
    if workers < 1 or per_server < 1 or recheck_months < 0:
        raise InvalidArgument("workers and per_server must be 1 or greater, and recheck_months 0 or greater")
    since_month, configured = None if since is None else to_month(since), load_accounts(accounts)
    selected = select_accounts(configured, provider, account)
    with open_workspace(Path(ledger), new=True) as workspace:
        if clock_fault := describe_clock_fault(workspace):
            log.warning(clock_fault)
        return sync_accounts(
            workspace,
            selected,
            since=since_month,
            progress=progress or (lambda *_: None),
            configured_names=[configured_account.name for configured_account in configured],
            recheck_months=recheck_months,
            workers=workers,
            per_server=per_server,
        )


def sync_selected(
    directory: Path,
    selected: Sequence[AccountConfig],
    configured: Sequence[AccountConfig],
    progress: Progress,
    note_outcome: NoteOutcome,
) -> list[CollectOutcome]:
    """Collect some of the configured accounts into a ledger directory, which is made where there is none, as ``sync`` does.

    ``note_outcome`` is called as soon as an account's vendor was asked all. Raises ``LedgerError``.
    """
    with open_workspace(directory, new=True) as workspace:
        return sync_accounts(
            workspace,
            selected,
            progress=progress,
            configured_names=[account.name for account in configured],
            note_outcome=note_outcome,
        )


def describe_clock_fault(workspace: Workspace) -> str:
    """Say what is wrong where the archive has what is yet to come by this machine's clock: ``as_of`` goes by these times."""
    last_seq = workspace.archive.read_last_seq()
    if workspace.archive.find_seq_at(datetime.now(UTC) + MAX_CLOCK_SKEW) >= last_seq:
        return ""
    newest_time = max(entry.fetched_at for entry in workspace.archive.iter_entries())
    return (
        f"the archive's newest answer is of {newest_time[:19]}Z, which is yet to come by this machine's clock: "
        "check the clock; for --as-of nothing that is collected now is older than that"
    )
