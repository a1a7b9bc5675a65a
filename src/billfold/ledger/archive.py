"""The archive: every answer as it came, append-only, content-addressed, hash-chained, in one SQLite file.

It is the only state that matters. Bodies are stored once by their SHA-256, compressed; an answer's own hash covers its
question, its status, its headers, its body's hash and the answer before it, so that nothing can change unseen.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple, Self

from billfold.model.errors import LedgerError
from billfold.model.period import instant

FORMAT = 1
GENESIS = "0" * 64
KEPT_HEADERS = ("content-type", "content-disposition", "date", "etag", "last-modified", "retry-after")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
    id INTEGER PRIMARY KEY, provider TEXT NOT NULL, account TEXT NOT NULL, kind TEXT NOT NULL,
    started TEXT NOT NULL, ended TEXT, outcome TEXT);
CREATE TABLE IF NOT EXISTS bodies (hash TEXT PRIMARY KEY, size INTEGER NOT NULL, packed BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS answers (
    seq INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES runs(id), operation TEXT NOT NULL, question TEXT NOT NULL,
    status INTEGER NOT NULL, headers TEXT NOT NULL, body TEXT NOT NULL REFERENCES bodies(hash), fetched_at TEXT NOT NULL,
    hash TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS answers_by_run ON answers (run, operation);
CREATE TRIGGER IF NOT EXISTS answers_stay BEFORE UPDATE ON answers BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER IF NOT EXISTS answers_remain BEFORE DELETE ON answers BEGIN SELECT RAISE(ABORT, 'append-only'); END;
"""


class Run(NamedTuple):
    """One collection (or import) of one account; ``ended`` is None while it is still open."""

    id: int
    provider: str
    account: str
    kind: str
    started: str
    ended: str | None
    outcome: str | None


class Kept(NamedTuple):
    """An answer as it is kept; the body is fetched by its hash."""

    seq: int
    run: int
    operation: str
    question: str
    status: int
    headers: str
    body: str
    fetched_at: str
    hash: str

    def chained(self, before: str) -> str:
        """Return the hash that this answer must have after the one before it."""
        parts = (before, str(self.seq), *map(str, self[1:8]))
        return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()

    @property
    def when(self) -> datetime:
        """When it was fetched."""
        return instant(self.fetched_at)


class Archive:
    """An open archive; many processes may read, one writes. Close it, or use it in a ``with`` statement."""

    def __init__(self, path: Path) -> None:
        self.path, self._lock = path, threading.RLock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, timeout=30.0, isolation_level=None, check_same_thread=False)
            self._prepare()
        except (sqlite3.Error, OSError) as error:
            raise LedgerError(
                f"the archive {path} cannot be opened: {error}; check the path, or give another --ledger"
            ) from error

    def _prepare(self) -> None:
        db = self._db
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.execute("PRAGMA foreign_keys=ON")
        found = db.execute("PRAGMA user_version").fetchone()[0]
        if found > FORMAT:
            raise LedgerError(
                f"the archive {self.path} has format {found}, this billfold knows {FORMAT}; update billfold"
            )
        if found < FORMAT:
            db.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version={FORMAT}; COMMIT;")

    def start(self, provider: str, account: str, kind: str, now: datetime) -> Run:
        """Begin a run, or go on with the one of this account that was left open."""
        with self._lock:
            return self._start(provider, account, kind, now)

    def _start(self, provider: str, account: str, kind: str, now: datetime) -> Run:
        found = self._db.execute(
            "SELECT * FROM runs WHERE provider=? AND account=? AND kind=? AND ended IS NULL ORDER BY id DESC LIMIT 1",
            (provider, account, kind),
        ).fetchone()
        if found:
            return Run(*found)
        row = (provider, account, kind, moment(now))
        added = self._db.execute("INSERT INTO runs (provider, account, kind, started) VALUES (?,?,?,?)", row)
        return Run(int(added.lastrowid or 0), *row, None, None)

    def end(self, run: Run, outcome: str, now: datetime) -> None:
        """Close a run: ``complete``, or why not."""
        with self._lock:
            self._db.execute("UPDATE runs SET ended=?, outcome=? WHERE id=?", (moment(now), outcome, run.id))

    def add(
        self,
        run: Run,
        operation: str,
        question: str,
        status: int,
        headers: Mapping[str, str],
        body: bytes,
        now: datetime,
    ) -> int:
        """Keep an answer; it is safe on disk when this returns. Returns its number."""
        digest = hashlib.sha256(body).hexdigest()
        kept = json.dumps({k: headers[k] for k in KEPT_HEADERS if k in headers}, sort_keys=True)
        with self._lock:
            return self._add(Kept(0, run.id, operation, question, status, kept, digest, moment(now), ""), body)

    def _add(self, new: Kept, body: bytes) -> int:
        db = self._db
        db.execute("BEGIN IMMEDIATE")
        try:
            seq, before = db.execute("SELECT seq, hash FROM answers ORDER BY seq DESC LIMIT 1").fetchone() or (
                0,
                GENESIS,
            )
            new = new._replace(seq=seq + 1)
            db.execute("INSERT OR IGNORE INTO bodies VALUES (?,?,?)", (new.body, len(body), zlib.compress(body, 1)))
            db.execute("INSERT INTO answers VALUES (?,?,?,?,?,?,?,?,?)", new._replace(hash=new.chained(before)))
            db.execute("COMMIT")
        except BaseException:
            db.execute("ROLLBACK")
            raise
        return new.seq

    def body(self, digest: str) -> bytes:
        """Return a body by its hash; raises ``LedgerError`` where it is missing or damaged."""
        row = self._db.execute("SELECT packed FROM bodies WHERE hash=?", (digest,)).fetchone()
        try:
            body = zlib.decompress(row[0]) if row else None
        except zlib.error:
            body = None
        if body is None or hashlib.sha256(body).hexdigest() != digest:
            raise LedgerError(f"the archived body {digest[:12]} is missing or damaged; run `billfold verify`")
        return body

    def answers(
        self, run: int | None = None, operation: str | None = None, question: str | None = None
    ) -> Iterator[Kept]:
        """Yield kept answers in order, of one run, one operation or one question if wanted."""
        wanted = {"run": run, "operation": operation, "question": question}
        given = {name: value for name, value in wanted.items() if value is not None}
        where = " AND ".join(f"{name}=:{name}" for name in given) or "1"
        with closing(self._db.cursor()) as cursor:
            for row in cursor.execute(f"SELECT * FROM answers WHERE {where} ORDER BY seq", given):
                yield Kept(*row)

    def runs(self) -> list[Run]:
        """Return all runs, oldest first."""
        return [Run(*row) for row in self._db.execute("SELECT * FROM runs ORDER BY id")]

    def last_seq(self, run: int) -> int:
        """Return the number of a run's last answer; 0 where it has none."""
        return int(self._db.execute("SELECT coalesce(max(seq), 0) FROM answers WHERE run=?", (run,)).fetchone()[0])

    def seq_at(self, when: datetime) -> int:
        """Return the number of the last answer fetched at or before a time; 0 for none."""
        row = self._db.execute("SELECT coalesce(max(seq), 0) FROM answers WHERE fetched_at <= ?", (moment(when),))
        return int(row.fetchone()[0])

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def moment(when: datetime) -> str:
    """Write a time so that texts sort as times do: UTC, always with microseconds."""
    return when.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
