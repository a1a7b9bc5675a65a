"""The audit log: who did or read what, from where, and with which result; each row holds the hash of the one before it.

A row that was changed or removed is found by the rows after it; that the end was cut off, by the number of rows that is noted beside
them, and by a head that was kept elsewhere. Whoever may write this file may write all of it anew: only such a head tells then.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from billfold.ledger.entries import GENESIS_HASH, format_time
from billfold.ledger.layout import SERVER_FILE
from billfold.ledger.server_file import open_server_file
from billfold.model.errors import LedgerError
from billfold.model.finding import Finding, make_finding
from billfold.model.finding_codes import FindingCode
from billfold.model.plain_text import format_line

SCHEMA = (
    """CREATE TABLE IF NOT EXISTS audit_rows (
        seq INTEGER PRIMARY KEY, at TEXT NOT NULL, identity TEXT NOT NULL, address TEXT NOT NULL, action TEXT NOT NULL,
        route TEXT NOT NULL, account TEXT NOT NULL, result TEXT NOT NULL, hash TEXT NOT NULL) STRICT""",
    "CREATE TABLE IF NOT EXISTS audit_head (only INTEGER PRIMARY KEY CHECK (only = 1), seq INTEGER, hash TEXT) STRICT",
)
MAX_CELL_CHARS = 300


class AuditEvent(NamedTuple):
    """What happened: who did what, from which address, on which route, about which account, and what came of it."""

    identity: str
    address: str
    action: str
    route: str
    account: str
    result: str


class AuditRow(NamedTuple):
    """An event in the log, with its number, its time (UTC) and the hash that chains it to the one before."""

    seq: int
    at: str
    identity: str
    address: str
    action: str
    route: str
    account: str
    result: str
    hash: str

    def compute_hash(self, previous_hash: str) -> str:
        """Return the hash that this row must have after the one before it."""
        return hashlib.sha256(json.dumps([previous_hash, *self[:-1]]).encode()).hexdigest()


def add_event(directory: Path, event: AuditEvent, now: datetime) -> None:
    """Add an event to the log."""
    cells = [format_line(cell)[:MAX_CELL_CHARS] for cell in event]
    with open_server_file(directory, SCHEMA) as db:
        last = db.execute("SELECT seq, hash FROM audit_rows ORDER BY seq DESC LIMIT 1").fetchone()
        seq, previous_hash = last or (0, GENESIS_HASH)
        row = AuditRow._make((seq + 1, format_time(now), *cells, ""))
        row = row._replace(hash=row.compute_hash(previous_hash))
        db.execute("INSERT INTO audit_rows VALUES (?,?,?,?,?,?,?,?,?)", row)
        db.execute("INSERT OR REPLACE INTO audit_head VALUES (1, ?, ?)", (row.seq, row.hash))


def list_events(directory: Path, since: datetime | None = None, limit: int | None = None) -> list[AuditRow]:
    """Return the events of the log since a time, the newest first, at most so many."""
    condition, values = ("at >= ?", [format_time(since)]) if since else ("1", [])
    query = f"SELECT * FROM audit_rows WHERE {condition} ORDER BY seq DESC LIMIT {-1 if limit is None else int(limit)}"
    with open_server_file(directory, SCHEMA) as db:
        return list(map(_make_row, db.execute(query, values)))


def find_audit_damage(directory: Path) -> list[Finding]:
    """Return what of the log is not as it was written; nothing where there is no log."""
    if not (directory / SERVER_FILE).exists():
        return []
    try:
        with open_server_file(directory, SCHEMA) as db:
            rows = list(map(_make_row, db.execute("SELECT * FROM audit_rows ORDER BY seq")))
            head = db.execute("SELECT seq, hash FROM audit_head").fetchone()
    except (LedgerError, TypeError) as error:
        return [make_finding(FindingCode.ARCHIVE_DAMAGED, f"the audit log cannot be read: {error}")]
    texts = [*_check_chain(rows), *_check_end(rows, head)]
    return [make_finding(FindingCode.ARCHIVE_DAMAGED, f"the audit log was changed: {text}") for text in texts]


def read_audit_head(directory: Path) -> tuple[int, str]:
    """Return how many events the log has, and the hash of the last one; it stands for all of them."""
    if not (directory / SERVER_FILE).exists():
        return 0, GENESIS_HASH
    with open_server_file(directory, SCHEMA) as db:
        head = db.execute("SELECT seq, hash FROM audit_head").fetchone()
        return (int(head[0]), str(head[1])) if head else (0, GENESIS_HASH)


def _check_chain(rows: Sequence[AuditRow]) -> Iterator[str]:
    previous_hash, expected_seq = GENESIS_HASH, 1
    for row in rows:
        if row.seq != expected_seq:
            yield f"rows {expected_seq} to {row.seq - 1} are missing"
        elif row.compute_hash(previous_hash) != row.hash:
            yield f"row {row.seq} of {row.at[:19]} is not as it was written, or the one before it"
        previous_hash, expected_seq = row.hash, row.seq + 1


def _check_end(rows: Sequence[AuditRow], head: tuple[int, str] | None) -> Iterator[str]:
    end = (rows[-1].seq, rows[-1].hash) if rows else None
    if head != end:
        yield f"it ends with row {end[0] if end else 0}, and row {head[0] if head else 0} was written last"


def _make_row(row: Sequence[object]) -> AuditRow:
    seq, *cells = row
    return AuditRow(int(str(seq)), *map(str, cells))
