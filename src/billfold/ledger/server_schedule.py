"""What the schedule keeps: which accounts were begun when, in which round, how that ended, and how often in a row it failed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from billfold.ledger.account_lock import open_lock_file, try_file_lock
from billfold.ledger.chain import ChainKey
from billfold.ledger.entries import format_time
from billfold.ledger.layout import LOCKS_FOLDER, SERVER_FILE
from billfold.ledger.server_file import open_server_file
from billfold.model.period import parse_instant

SCHEMA = (
    """CREATE TABLE IF NOT EXISTS sync_rounds (
        id INTEGER PRIMARY KEY, cause TEXT NOT NULL, began_at TEXT NOT NULL, ended_at TEXT) STRICT""",
    """CREATE TABLE IF NOT EXISTS account_syncs (
        provider TEXT NOT NULL, account TEXT NOT NULL, round INTEGER NOT NULL, state TEXT NOT NULL,
        started_at TEXT NOT NULL, ended_at TEXT, failures INTEGER NOT NULL, text TEXT NOT NULL, answers INTEGER NOT NULL,
        not_before TEXT, PRIMARY KEY (provider, account)) STRICT, WITHOUT ROWID""",
)
RUNNING, COMPLETE, INCOMPLETE, FAILED, INTERRUPTED = "running", "complete", "incomplete", "failed", "interrupted"
"""How an account's last sync is: of ``running`` the process may have died, which its lock tells."""
SCHEDULE_LOCK = "schedule.lock"
KEPT_ROUNDS = 1_000
"""Rounds that are kept, the last ones."""


class SyncRecord(NamedTuple):
    """An account's last sync as the schedule began it.

    ``failures`` counts those in a row that did not end well: it is raised when one begins, so that one that kills its process
    counts. ``text`` says what went wrong. Before ``not_before`` the vendor's budget allows no other.
    """

    provider: str
    account: str
    round: int
    state: str
    started_at: datetime
    ended_at: datetime | None
    failures: int
    text: str
    answers: int
    not_before: datetime | None


class SyncEnding(NamedTuple):
    """How a sync of an account ended."""

    provider: str
    account: str
    state: str
    text: str
    answers: int
    not_before: datetime | None = None


def list_sync_records(directory: Path) -> dict[ChainKey, SyncRecord]:
    """Return what is kept of each account; raises ``LedgerError``."""
    if not (directory / SERVER_FILE).exists():
        return {}
    with open_server_file(directory, SCHEMA) as db:
        return {row[:2]: _read_record(row) for row in db.execute("SELECT * FROM account_syncs")}


def begin_round(
    directory: Path, cause: str, accounts: Iterable[tuple[ChainKey, datetime | None]], now: datetime
) -> tuple[int, list[ChainKey]]:
    """Note that accounts are begun; returns the round's number and the accounts that it has.

    Each account comes with when its last sync was begun, as it was planned by (None: nothing was kept): where another process
    began one since, that one counts and this one is left out. Raises ``LedgerError``.
    """
    with open_server_file(directory, SCHEMA) as db:
        db.execute("DELETE FROM sync_rounds WHERE id <= (SELECT max(id) FROM sync_rounds) - ?", [KEPT_ROUNDS])
        db.execute("INSERT INTO sync_rounds (cause, began_at) VALUES (?, ?)", [cause, format_time(now)])
        (round_id,) = db.execute("SELECT last_insert_rowid()").fetchone()
        return round_id, [key for key, started_at in accounts if _claim_account(db, key, started_at, round_id, now)]


def _claim_account(
    db: sqlite3.Connection, key: ChainKey, started_at: datetime | None, round_id: int, now: datetime
) -> bool:
    query = "SELECT started_at FROM account_syncs WHERE provider=? AND account=?"
    row = db.execute(query, key).fetchone()
    if (row[0] if row else None) != (format_time(started_at) if started_at else None):
        return False
    db.execute(
        """INSERT INTO account_syncs VALUES (?1, ?2, ?3, ?4, ?5, NULL, 1, '', 0, NULL)
           ON CONFLICT DO UPDATE SET round=?3, state=?4, started_at=?5, ended_at=NULL, failures=failures + 1""",
        (*key, round_id, RUNNING, format_time(now)),
    )
    return True


def end_round(directory: Path, round_id: int, endings: Sequence[SyncEnding], now: datetime) -> None:
    """Note how the accounts of a round ended; one that another round began since is left as it is. Raises ``LedgerError``."""
    with open_server_file(directory, SCHEMA) as db:
        db.executemany(
            """UPDATE account_syncs SET state=?3, text=?4, answers=?5, not_before=?6, ended_at=?7,
                   failures = CASE ?3 WHEN 'failed' THEN failures WHEN 'interrupted' THEN max(failures - 1, 0) ELSE 0 END
               WHERE provider=?1 AND account=?2 AND round=?8""",
            [
                (*ending[:5], format_time(ending.not_before) if ending.not_before else None, format_time(now), round_id)
                for ending in endings
            ],
        )
        db.execute("UPDATE sync_rounds SET ended_at=? WHERE id=?", (format_time(now), round_id))


def _read_record(row: Sequence[object]) -> SyncRecord:
    provider, account, round_id, state, started_at, ended_at, failures, text, answers, not_before = row
    return SyncRecord(
        *(str(provider), str(account), int(str(round_id)), str(state), parse_instant(str(started_at))),
        *(_read_time(ended_at), int(str(failures)), str(text), int(str(answers)), _read_time(not_before)),
    )


def _read_time(value: object) -> datetime | None:
    return parse_instant(str(value)) if value else None


@contextmanager
def lead_schedule(directory: Path) -> Iterator[bool]:
    """Be the one process that runs a ledger's schedule; gives False where another one is."""
    with open_lock_file(directory / LOCKS_FOLDER / SCHEDULE_LOCK) as file:
        yield try_file_lock(file.fileno())


def is_schedule_led(directory: Path) -> bool:
    """Tell whether a process runs a ledger's schedule now."""
    try:
        with (directory / LOCKS_FOLDER / SCHEDULE_LOCK).open() as file:
            return not try_file_lock(file.fileno(), shared=True)
    except OSError:
        return False
