"""The outbox of alerts: which facts there are, and of each whom it was sent to, or still has to be.

A fact is queued for the targets that want it in the transaction that notes it. It leaves the queue when its success is noted, so
that a process that ends between sending and noting sends it once more, under the same delivery id.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from billfold.ledger.account_lock import open_lock_file, try_file_lock
from billfold.ledger.entries import format_time
from billfold.ledger.layout import LOCKS_FOLDER, SERVER_FILE
from billfold.ledger.server_file import open_server_file
from billfold.model.alert_target import AlertTarget
from billfold.model.fact import Fact, FactKind
from billfold.model.period import parse_instant

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS alert_targets (name TEXT PRIMARY KEY, added_at TEXT NOT NULL) STRICT",
    """CREATE TABLE IF NOT EXISTS alert_facts (id TEXT PRIMARY KEY, key TEXT NOT NULL, recurrence INTEGER NOT NULL,
       kind TEXT NOT NULL, provider TEXT NOT NULL, account TEXT NOT NULL, month TEXT NOT NULL, subject TEXT NOT NULL,
       currency TEXT NOT NULL, amount TEXT, text TEXT NOT NULL, code TEXT NOT NULL, at TEXT NOT NULL,
       can_recur INTEGER NOT NULL, noted_at TEXT NOT NULL, ended_at TEXT) STRICT""",
    "CREATE INDEX IF NOT EXISTS alert_facts_by_key ON alert_facts (key)",
    """CREATE TABLE IF NOT EXISTS alert_deliveries (id TEXT PRIMARY KEY, fact TEXT NOT NULL, target TEXT NOT NULL,
       state TEXT NOT NULL, attempts INTEGER NOT NULL, queued_at TEXT NOT NULL, due_at TEXT NOT NULL, sent_at TEXT,
       answer TEXT NOT NULL, UNIQUE (fact, target)) STRICT""",
    "CREATE INDEX IF NOT EXISTS alert_deliveries_by_state ON alert_deliveries (state, due_at)",
)
_FACT_COLUMNS = (
    "f.id, f.kind, f.provider, f.account, f.month, f.subject, f.currency, f.amount, f.text, f.code, f.at, f.can_recur"
)
_DELIVERIES_SQL = f"""SELECT d.id, d.target, d.state, d.attempts, d.queued_at, d.due_at, d.sent_at, d.answer, {_FACT_COLUMNS}
                      FROM alert_deliveries d JOIN alert_facts f ON f.id = d.fact"""


class DeliveryState(StrEnum):
    """Where a delivery is: in the queue, taken by its receiver, given up, or of a target that is configured no more."""

    WAITING = "waiting"
    SENT = "sent"
    PARKED = "parked"
    DROPPED = "dropped"


class Delivery(NamedTuple):
    """A fact on its way to a target; ``answer`` is what came of the last attempt."""

    id: str
    target: str
    state: DeliveryState
    attempts: int
    queued_at: datetime
    due_at: datetime
    sent_at: datetime | None
    answer: str
    fact: Fact


class TargetCount(NamedTuple):
    """How many deliveries of a target are in which state, when one was last sent, and what the last attempt to came of."""

    target: str
    sent: int
    waiting: int
    parked: int
    last_sent_at: datetime | None
    last_answer: str


def build_delivery_id(fact_id: str, target: str) -> str:
    """Return the id by which a receiver knows a delivery, however often it comes."""
    return f"msg_{blake2b(f'{fact_id} {target}'.encode(), digest_size=12).hexdigest()}"


def note_facts(
    directory: Path,
    facts: Sequence[Fact],
    targets: Sequence[AlertTarget],
    build_summary: Callable[[str, Iterable[Fact], datetime], Fact],
    now: datetime,
) -> int:
    """Note what holds, queue what is new for the targets that want it, and return how many deliveries that makes.

    A target that was not there before gets a summary of all that is noted, and then only what is new. One that is configured no
    more gets nothing of what waits.
    """
    with open_server_file(directory, SCHEMA) as db:
        earlier_names = {name for (name,) in db.execute("SELECT name FROM alert_targets")}
        _drop_targets(db, earlier_names - {target.name for target in targets})
        new_facts = _note_new_facts(db, facts, now)
        count = 0
        for target in targets:
            if target.name in earlier_names:
                queued_facts = [fact for fact in new_facts if target.wants(fact)]
            else:
                db.execute("INSERT INTO alert_targets VALUES (?, ?)", [target.name, format_time(now)])
                queued_facts = [build_summary(target.name, filter(target.wants, facts), now)]
                _insert_fact(db, queued_facts[0], queued_facts[0].id, 1, now)
            _queue_facts(db, queued_facts, target.name, now)
            count += len(queued_facts)
        return count


def _note_new_facts(db: sqlite3.Connection, facts: Sequence[Fact], now: datetime) -> list[Fact]:
    """Note what began to hold, and what holds no more; returns what is new, with the id of its recurrence."""
    noted: Mapping[str, tuple[int, str | None]] = {
        key: (recurrence, ended_at)
        for key, recurrence, ended_at in db.execute(
            "SELECT key, recurrence, ended_at FROM alert_facts ORDER BY recurrence"
        )
    }
    new_facts = list[Fact]()
    for fact in facts:
        recurrence, ended_at = noted.get(fact.id, (0, ""))
        if ended_at is not None and (fact.can_recur or not recurrence):
            new_facts.append(fact._replace(id=f"{fact.id}-{recurrence + 1}" if recurrence else fact.id))
            _insert_fact(db, new_facts[-1], fact.id, recurrence + 1, now)
    holding_keys = {fact.id for fact in facts}
    open_rows = db.execute("SELECT id, key FROM alert_facts WHERE can_recur AND ended_at IS NULL").fetchall()
    ended_rows = [(format_time(now), fact_id) for fact_id, key in open_rows if key not in holding_keys]
    db.executemany("UPDATE alert_facts SET ended_at = ? WHERE id = ?", ended_rows)
    return new_facts


def _insert_fact(db: sqlite3.Connection, fact: Fact, key: str, recurrence: int, now: datetime) -> None:
    amount = None if fact.amount is None else format(fact.amount, "f")
    values = [fact.id, key, recurrence, str(fact.kind), *fact[2:7], amount, fact.text, fact.code, format_time(fact.at)]
    values += [int(fact.can_recur), format_time(now), None]
    db.execute(f"INSERT INTO alert_facts VALUES ({', '.join('?' * len(values))})", values)


def _queue_facts(db: sqlite3.Connection, facts: Iterable[Fact], target: str, now: datetime) -> None:
    time = format_time(now)
    db.executemany(
        "INSERT OR IGNORE INTO alert_deliveries VALUES (?, ?, ?, ?, 0, ?, ?, NULL, '')",
        [(build_delivery_id(fact.id, target), fact.id, target, DeliveryState.WAITING, time, time) for fact in facts],
    )


def _drop_targets(db: sqlite3.Connection, names: Iterable[str]) -> None:
    for name in names:
        db.execute("DELETE FROM alert_targets WHERE name = ?", [name])
        drop_sql = "UPDATE alert_deliveries SET state = ? WHERE target = ? AND state IN (?, ?)"
        db.execute(drop_sql, [DeliveryState.DROPPED, name, DeliveryState.WAITING, DeliveryState.PARKED])


class OutboxLock(StrEnum):
    """What one process does at a time: note what is new (in the order in which ledgers were read), and send."""

    NOTING = "alerts-noting.lock"
    SENDING = "alerts-sending.lock"


@contextmanager
def outbox_lock(directory: Path, lock: OutboxLock) -> Iterator[bool]:
    """Be the one process that does it, as long as this lasts; False where another does, whose end frees it whatever ends it."""
    with open_lock_file(directory / LOCKS_FOLDER / lock) as file:
        yield try_file_lock(file.fileno())


def list_due(directory: Path, target: str, now: datetime) -> list[Delivery]:
    """Return what a target is to be sent now, the oldest first."""
    condition = "WHERE d.target = ? AND d.state = ? AND d.due_at <= ? ORDER BY d.queued_at, f.at, d.id"
    return _select_deliveries(directory, condition, [target, DeliveryState.WAITING, format_time(now)])


def list_deliveries(directory: Path, limit: int) -> list[Delivery]:
    """Return the newest deliveries, of whatever state; none where nothing was ever noted."""
    if not (directory / SERVER_FILE).exists():
        return []
    return _select_deliveries(directory, "ORDER BY d.queued_at DESC, f.at DESC, d.id LIMIT ?", [limit])


def list_troubled(directory: Path) -> list[Delivery]:
    """Return what could not be sent so far: what waits after an attempt, and what was given up."""
    if not (directory / SERVER_FILE).exists():
        return []
    condition = (
        "WHERE d.state = ? OR d.state = ? AND d.attempts > 0 AND d.answer <> '' ORDER BY d.target, d.queued_at, d.id"
    )
    return _select_deliveries(directory, condition, [DeliveryState.PARKED, DeliveryState.WAITING])


def _select_deliveries(directory: Path, condition: str, values: Sequence[object]) -> list[Delivery]:
    with open_server_file(directory, SCHEMA) as db:
        rows = db.execute(f"{_DELIVERIES_SQL} {condition}", values).fetchall()
    return [
        Delivery(
            *(row[0], row[1], DeliveryState(row[2]), row[3], parse_instant(row[4]), parse_instant(row[5])),
            *(
                parse_instant(row[6]) if row[6] else None,
                row[7],
                _read_fact(row[8], row[9], row[10:13], row[13], row[14:16], row[16:]),
            ),
        )
        for row in rows
    ]


def _read_fact(
    fact_id: str, kind: str, place: Sequence[str], subject: str, money: Sequence[str], details: Sequence[str]
) -> Fact:
    (currency, amount), (text, code, at, can_recur), (provider, account, month) = money, details, place
    return Fact(
        *(fact_id, FactKind(kind), provider, account, month, subject, currency),
        Decimal(amount) if amount else None,
        *(text, code, parse_instant(at), bool(can_recur)),
    )


def count_deliveries(directory: Path) -> dict[str, TargetCount]:
    """Return by target how many deliveries are in which state."""
    if not (directory / SERVER_FILE).exists():
        return {}
    counts = ", ".join(f"sum(state = '{state}')" for state in ("sent", "waiting", "parked"))
    query = f"""SELECT target, {counts}, max(sent_at),
                       (SELECT answer FROM alert_deliveries l WHERE l.target = d.target AND answer <> ''
                        ORDER BY coalesce(sent_at, due_at) DESC LIMIT 1)
                FROM alert_deliveries d GROUP BY target"""
    with open_server_file(directory, SCHEMA) as db:
        rows = db.execute(query).fetchall()
    return {
        name: TargetCount(name, sent, waiting, parked, parse_instant(sent_at) if sent_at else None, answer or "")
        for name, sent, waiting, parked, sent_at, answer in rows
    }


def note_attempt(directory: Path, delivery_ids: Iterable[str]) -> None:
    """Note that deliveries are being sent: what is counted here is as much as their receiver can have seen."""
    _update(directory, "SET attempts = attempts + 1 WHERE id = ?", [(delivery_id,) for delivery_id in delivery_ids])


def note_sent(directory: Path, delivery_ids: Iterable[str], answer: str, now: datetime) -> None:
    """Note that deliveries were taken: they are never sent again by themselves."""
    values = [(DeliveryState.SENT, format_time(now), answer, delivery_id) for delivery_id in delivery_ids]
    _update(directory, "SET state = ?, sent_at = ?, answer = ? WHERE id = ?", values)


def note_refusal(directory: Path, delivery_ids: Iterable[str], answer: str, due_at: datetime | None) -> None:
    """Note that deliveries were not taken: they are due again then, or given up (None)."""
    state = DeliveryState.WAITING if due_at else DeliveryState.PARKED
    condition = "SET state = ?, answer = ?, due_at = coalesce(?, due_at) WHERE id = ?"
    time = format_time(due_at) if due_at else None
    _update(directory, condition, [(state, answer, time, delivery_id) for delivery_id in delivery_ids])


def _update(directory: Path, change: str, values: Sequence[tuple[object, ...]]) -> None:
    with open_server_file(directory, SCHEMA) as db:
        db.executemany(f"UPDATE alert_deliveries {change}", values)


def replay_deliveries(
    directory: Path, now: datetime, *, fact_id: str = "", since: datetime | None = None, target: str = ""
) -> int:
    """Queue deliveries again, under the ids that they had: of a fact, of all since a time, or those that were given up.

    Those of targets that are configured no more stay where they are. Returns how many there are.
    """
    if not (directory / SERVER_FILE).exists():
        return 0
    condition, values = "state = 'parked'", list[object]()
    if fact_id:
        condition, values = "fact = ?", [fact_id]
    elif since:
        condition, values = "queued_at >= ?", [format_time(since)]
    if target:
        condition, values = f"{condition} AND target = ?", [*values, target]
    query = f"""UPDATE alert_deliveries SET state = 'waiting', attempts = 0, due_at = ?, answer = ''
                WHERE {condition} AND target IN (SELECT name FROM alert_targets)"""
    with open_server_file(directory, SCHEMA) as db:
        return db.execute(query, [format_time(now), *values]).rowcount
