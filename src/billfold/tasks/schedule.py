"""The schedule of a ledger's accounts: the last sync of each, how it ended, the next one, and why then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from billfold import config
from billfold.collect.workspace import Workspace
from billfold.config import AccountConfig
from billfold.ledger import catalog
from billfold.ledger.account_lock import is_locked
from billfold.ledger.archive import Archive
from billfold.ledger.catalog import BillRow
from billfold.ledger.chain import ChainKey
from billfold.ledger.documents import find_documented_ids
from billfold.ledger.invoice_days import MAX_AWAITED_TIME, AwaitedInvoice, find_awaited_invoices
from billfold.ledger.last_answers import LastSync, find_last_sync, find_newest_answer, list_refused_operations
from billfold.ledger.layout import LOCKS_FOLDER
from billfold.ledger.query import LedgerFilter
from billfold.ledger.server_schedule import (
    COMPLETE,
    INCOMPLETE,
    INTERRUPTED,
    RUNNING,
    SyncRecord,
    list_sync_records,
)
from billfold.ledger.store import OpenLedger
from billfold.settings.schedule import ScheduleSettings, read_schedule_settings, require_scheduled_names
from billfold.tasks.accounts import list_account_names
from billfold.tasks.sync_plan import SyncHistory, plan_next_sync

NEVER = "never"
"""How an account's last sync ended that had none."""
LOCKING_TIME = timedelta(minutes=2)
"""How long after its beginning a sync may not have its account's lock yet."""
Awaited = Mapping[ChainKey, Sequence[AwaitedInvoice]]


class LastOutcome(NamedTuple):
    """How an account's last sync ended, and what went wrong: what the plan goes by, and what is shown.

    ``claimed_at`` is when the server last began it, ``answers`` how many it had then, ``run_id`` the archive's number of the last.
    """

    history: SyncHistory
    state: str
    text: str
    run_id: int | None = None
    claimed_at: datetime | None = None
    answers: int = 0


class ScheduleRow(NamedTuple):
    """An account's last sync and its next one; ``next_at`` is None where it is not collected by itself.

    ``newest_at`` is when its newest answer came; ``refused`` are the operations that its key had no right to in its last run.
    """

    provider: str
    account: str
    last_at: datetime | None
    state: str
    next_at: datetime | None
    why: str
    failures: int
    newest_at: datetime | None
    refused: list[str]
    text: str


def load_schedule(config_path: Path) -> tuple[ScheduleSettings, list[AccountConfig]]:
    """Return the schedule and the accounts of a configuration, if there is one.

    Raises ``ConfigurationError``.
    """
    if not config_path.exists():
        return ScheduleSettings(), []
    settings = read_schedule_settings(config.load_section(config_path, "schedule"), str(config_path))
    accounts = config.load_accounts(config_path)
    require_scheduled_names(settings, [account.name for account in accounts], str(config_path))
    return settings, accounts


def list_schedule(
    workspace: Workspace, db: OpenLedger, config_path: Path, filters: LedgerFilter, now: datetime
) -> list[ScheduleRow]:
    """Return the schedule of each configured account; raises ``ConfigurationError`` and ``LedgerError``."""
    settings, accounts = load_schedule(config_path)
    wanted_keys = [key for key in list_account_names(accounts) if filters.includes_account(*key)]
    awaited = read_awaited(workspace.archive, db, now)
    return [
        _build_row(workspace.archive, outcome, settings, now)
        for outcome in read_last_outcomes(workspace.archive, wanted_keys, awaited, now)
    ]


def _build_row(archive: Archive, outcome: LastOutcome, settings: ScheduleSettings, now: datetime) -> ScheduleRow:
    history = outcome.history
    key = history.provider, history.account
    planned = plan_next_sync(history, settings.find_schedule(history.account), now)
    return ScheduleRow(
        *(*key, history.started_at, outcome.state, planned.at, planned.why, history.failures),
        find_newest_answer(archive, key),
        list_refused_operations(archive, outcome.run_id) if outcome.run_id else [],
        outcome.text,
    )


def read_awaited(archive: Archive, db: OpenLedger, now: datetime) -> Awaited:
    """Return the invoices and documents that are awaited of each account, once for each state of a ledger."""
    key = "awaited invoices"
    if key not in db.cache:
        bills = catalog.list_bills(db, LedgerFilter())
        db.cache[key] = find_awaited_invoices(bills, _find_documented(archive, bills, now))
    return db.cache[key]  # type: ignore[no-any-return]


def _find_documented(archive: Archive, bills: Iterable[BillRow], now: datetime) -> set[tuple[str, str, str | None]]:
    """Return the invoices that have a document, of accounts that have a new invoice: of others it does not matter."""
    new_keys = {bill[1:3] for bill in bills if bill.issued_on and bill.issued_on + MAX_AWAITED_TIME > now}
    return {(*key, invoice_id) for key in new_keys for invoice_id in find_documented_ids(archive, key)}


def read_last_outcomes(
    archive: Archive, account_keys: Iterable[ChainKey], awaited: Awaited, now: datetime
) -> list[LastOutcome]:
    """Return how the last sync of each account ended, whoever began it."""
    directory = archive.path.parent
    records = list_sync_records(directory)
    outcomes = list[LastOutcome]()
    for key in account_keys:
        history, record = SyncHistory(*key, awaited=tuple(awaited.get(key, ()))), records.get(key)
        is_busy = is_locked(directory / LOCKS_FOLDER, *key)
        outcome = _judge_last(history, record, find_last_sync(archive, key), is_busy=is_busy, now=now)
        outcomes.append(outcome._replace(claimed_at=record.started_at, answers=record.answers) if record else outcome)
    return outcomes


def _judge_last(
    history: SyncHistory, record: SyncRecord | None, last_sync: LastSync | None, *, is_busy: bool, now: datetime
) -> LastOutcome:
    """Return what the schedule kept, or what the archive has where that is newer: a command's sync counts like its own."""
    run_id = last_sync.run_id if last_sync else None
    if record is None or (last_sync and _find_last_time(last_sync) > (record.ended_at or record.started_at)):
        return _judge_archived(history, record, last_sync, is_busy=is_busy)
    is_running = is_busy or (record.state == RUNNING and now < record.started_at + LOCKING_TIME)
    state = RUNNING if is_running else INTERRUPTED if record.state == RUNNING else record.state
    history = history._replace(
        started_at=record.started_at,
        ended_at=None if state in {RUNNING, INTERRUPTED} else record.ended_at,
        is_running=is_running,
        failures=record.failures,
        not_before=record.not_before,
    )
    return LastOutcome(history, state, record.text, run_id)


def _find_last_time(last_sync: LastSync) -> datetime:
    return last_sync.ended_at or last_sync.started_at


def _judge_archived(
    history: SyncHistory, record: SyncRecord | None, last_sync: LastSync | None, *, is_busy: bool
) -> LastOutcome:
    """Return how a sync ended of which only the archive tells: a command began it, or its process died after it."""
    if last_sync is None:
        return LastOutcome(history._replace(is_running=is_busy), RUNNING if is_busy else NEVER, "")
    outcome = last_sync.outcome or ""
    state = RUNNING if is_busy else INTERRUPTED if last_sync.ended_at is None else outcome
    is_whole = state in {RUNNING, INTERRUPTED, COMPLETE}
    own_failures = record.failures if record and record.state == RUNNING else 0
    history = history._replace(
        started_at=max(last_sync.started_at, record.started_at) if record else last_sync.started_at,
        ended_at=last_sync.ended_at,
        is_running=is_busy,
        failures=0 if state == COMPLETE else own_failures,
        not_before=record.not_before if record else None,
    )
    return LastOutcome(history, state if is_whole else INCOMPLETE, "" if is_whole else outcome, last_sync.run_id)
