"""The archive: every answer as it came, append-only, content-addressed, hash-chained, in one SQLite file.

It is the only state that matters. One table of entries is one chain: a run begins with an entry, goes on with the
answers that came, and ends with an entry. An entry's hash covers all of it, its body's hash and the entry before it,
so that nothing can change unseen. Bodies are stored once by their SHA-256, compressed.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import threading
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from billfold.ledger.entries import DAMAGED, END, GENESIS, START, Heard, Kept, Packed, Run, bound, entry, moment, packed
from billfold.model.errors import LedgerError

FORMAT = 1
PATIENCE = 30.0
"""Seconds to wait for another process that writes."""
_SCHEMA = (
    """CREATE TABLE bodies (
        hash TEXT PRIMARY KEY, size INTEGER NOT NULL, packed BLOB NOT NULL, tombstone TEXT) WITHOUT ROWID""",
    """CREATE TABLE entries (
        seq INTEGER PRIMARY KEY, run INTEGER NOT NULL, provider TEXT NOT NULL, account TEXT NOT NULL,
        operation TEXT NOT NULL, question TEXT NOT NULL, status INTEGER NOT NULL, headers TEXT NOT NULL,
        body TEXT NOT NULL REFERENCES bodies(hash), at TEXT NOT NULL, hash TEXT NOT NULL)""",
    "CREATE INDEX entries_by_run ON entries (run, operation)",
    "CREATE INDEX entries_by_operation ON entries (operation) WHERE operation IN (':start', ':end')",
    "CREATE TRIGGER entries_stay BEFORE UPDATE ON entries BEGIN SELECT RAISE(ABORT, 'the archive is append-only'); END",
    "CREATE TRIGGER entries_remain BEFORE DELETE ON entries BEGIN SELECT RAISE(ABORT, 'the archive is append-only'); END",
)


class Archive:
    """An open archive; many processes may read, one writes. Close it, or use it in a ``with`` statement.

    ``read_only`` is one in a directory that may only be read (a share, a mounted copy): its file is whole by itself.
    """

    def __init__(self, path: Path) -> None:
        self.path, self._lock, self.read_only = path, threading.RLock(), False
        try:
            self.read_only = _may_only_be_read(path)
            if not self.read_only:
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                path.touch(mode=0o600)  # it holds what customers are called and pay
            place = path.absolute().as_uri() + ("?mode=ro&immutable=1" if self.read_only else "")
            self._db = sqlite3.connect(place, timeout=PATIENCE, isolation_level=None, check_same_thread=False, uri=True)
            try:
                self._prepare()
            except BaseException:
                self._db.close()
                raise
        except (sqlite3.Error, OSError) as error:
            raise self._unusable(error) from error

    def _unusable(self, error: Exception) -> LedgerError:
        if file := next((one for one in self.path.parents if one.is_file()), None):
            return LedgerError(f"{file} is a file where a directory is needed; name another place with --ledger")
        if "locked" in str(error):
            return LedgerError(f"the archive {self.path} is being written by another process; try again in a moment")
        damaged = "malformed" in str(error) or "not a database" in str(error)
        advice = "put a backup in its place" if damaged else "check the path, its rights and the free space"
        return LedgerError(f"the archive {self.path} cannot be used: {error}; {advice}")

    def _prepare(self) -> None:
        db = self._db
        db.execute("PRAGMA synchronous=FULL")
        db.execute("PRAGMA foreign_keys=ON")
        found, tables = db.execute(
            "SELECT user_version, (SELECT count(*) FROM sqlite_schema) FROM pragma_user_version"
        ).fetchone()
        if found > FORMAT:
            raise LedgerError(
                f"the archive {self.path} has format {found}, this billfold knows {FORMAT}; update billfold"
            )
        if found < FORMAT and tables:
            raise LedgerError(
                f"{self.path} is a database without the mark of an archive (its user_version is {found}): another program "
                "wrote it; put a backup in its place, or name another place with --ledger"
            )
        if found < FORMAT:
            self._share()
            self._create()

    def _share(self) -> None:
        """Let many read while one writes. SQLite waits for nobody who does the same at this moment: we do."""
        deadline = time.monotonic() + PATIENCE
        while self._db.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            try:
                self._db.execute("PRAGMA journal_mode=WAL")
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.01)

    def _create(self) -> None:
        db = self._db
        db.execute("BEGIN IMMEDIATE")
        if db.execute("PRAGMA user_version").fetchone()[0] == 0:
            for statement in _SCHEMA:
                db.execute(statement)
            db.execute(f"PRAGMA user_version={FORMAT}")
        db.execute("COMMIT")

    def start(self, provider: str, account: str, kind: str, now: datetime) -> Run:
        """Begin a run, or go on with the one of this account that was left open."""
        with self._lock:
            found = [
                run
                for run in self.runs()
                if (run.provider, run.account, run.kind, run.ended) == (provider, account, kind, None)
            ]
            if found:
                return found[-1]
            kept = self._append(bound(0, provider, account, START, kind, now))
            return Run(kept.run, provider, account, kind, kept.fetched_at, None, None)

    def end(self, run: Run, outcome: str, now: datetime) -> None:
        """Close a run: ``complete``, or why not."""
        self._append(bound(run.id, run.provider, run.account, END, outcome, now))

    def add(self, run: Run, *answers: Heard) -> int:
        """Keep answers, all or none; they are safe on disk when this returns. Returns the number of the last one."""
        return self._append(*(entry(run, one) for one in answers)).seq

    def copy(self, entry: Kept, source: Archive) -> int:
        """Keep an entry of another archive as it was made there; run 0 begins a new run. Returns the run's number here."""
        body, tombstone = source.stored(entry.body)
        return self._append((entry, packed(body)._replace(hash=entry.body, tombstone=tombstone)), copied=True).run

    def _append(self, *entries: tuple[Kept, Packed], copied: bool = False) -> Kept:
        with self._writing() as db:
            query = "SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1"
            seq, before = db.execute(query).fetchone() or (0, GENESIS)
            if not copied:
                self._refuse_late(entries[0][0])
            for number, (entry, body) in enumerate(entries, seq + 1):
                run = entry.run or db.execute("SELECT coalesce(max(run), 0) + 1 FROM entries").fetchone()[0]
                new = entry._replace(seq=number, run=run, body=body.hash)
                new = new._replace(hash=new.chained(before))
                db.execute("INSERT OR IGNORE INTO bodies VALUES (?,?,?,?)", body)
                db.execute(f"INSERT INTO entries VALUES ({','.join('?' * len(new))})", new)
                before = new.hash
            return new

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            db = self._db
            try:
                db.execute("BEGIN IMMEDIATE")
                yield db
                db.execute("COMMIT")
            except BaseException as error:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                if isinstance(error, sqlite3.Error):
                    raise self._unusable(error) from error
                if isinstance(error, UnicodeEncodeError):
                    raise LedgerError(f"{error.object!r} is no text and cannot be kept; give it in UTF-8") from error
                raise

    def _refuse_late(self, entry: Kept) -> None:
        query = "SELECT 1 FROM entries WHERE run=? AND operation=?"
        if self._db.execute(query, (entry.run, END)).fetchone():
            raise LedgerError(f"run {entry.run} of {entry.account!r} was ended by another process; ask again")

    def body(self, digest: str) -> bytes:
        """Return a body by its hash; raises ``LedgerError`` where it is missing or damaged.

        A body whose personal data was redacted comes without them; what stood there before is gone.
        """
        return self.stored(digest)[0]

    def stored(self, digest: str) -> tuple[bytes, str | None]:
        """Return a body and, where it was redacted, the hash of what stands there now; raises ``LedgerError``."""
        try:
            row = self._db.execute("SELECT packed, tombstone FROM bodies WHERE hash=?", (digest,)).fetchone()
            body = zlib.decompress(row[0]) if row else None
        except (zlib.error, TypeError):
            body = None
        except sqlite3.Error as error:
            raise self._unusable(error) from error
        if body is None or hashlib.sha256(body).hexdigest() != (row[1] or digest):
            advice = "`billfold verify` names its answer; put a backup in its place, then `billfold rebuild`"
            raise LedgerError(f"the archived body {digest[:12]} {DAMAGED}; {advice}")
        return body, row[1]

    def answers(
        self, run: int | None = None, operation: str | None = None, question: str | None = None
    ) -> Iterator[Kept]:
        """Yield kept answers in order, of one run, one operation or one question if wanted."""
        wanted = {"run": run, "operation": operation, "question": question}
        given = {name: value for name, value in wanted.items() if value is not None}
        where = " AND ".join(f"{name}=:{name}" for name in given) or "1"
        yield from self._entries(f"{where} AND operation NOT LIKE ':%'", given)

    def answered(self, provider: str, account: str, operation: str) -> set[str]:
        """Return the questions of an operation that an account has good answers to."""
        given = {"provider": provider, "account": account, "operation": operation}
        where = "provider=:provider AND account=:account AND operation=:operation AND status=200"
        return {kept.question for kept in self._entries(where, given)}

    def entry(self, seq: int) -> Kept:
        """Return the entry of a number; raises ``LedgerError`` where there is none."""
        for kept in self._entries("seq=:seq", {"seq": seq}):
            return kept
        raise LedgerError(f"the archive {self.path} has no entry {seq}; `billfold rebuild` computes the ledger anew")

    def entries(self) -> Iterator[Kept]:
        """Yield the whole chain."""
        return self._entries("1", {})

    def _entries(self, where: str, given: Mapping[str, object]) -> Iterator[Kept]:
        try:
            with closing(self._db.cursor()) as cursor:
                yield from map(Kept._make, cursor.execute(f"SELECT * FROM entries WHERE {where} ORDER BY seq", given))
        except sqlite3.Error as error:
            raise self._unusable(error) from error

    def bodies(self) -> Iterator[Packed]:
        """Yield every body as it is stored."""
        yield from map(Packed._make, self._db.execute("SELECT hash, size, packed, tombstone FROM bodies"))

    def integrity(self) -> Iterator[str]:
        """Yield what SQLite itself finds damaged in the file."""
        for (said,) in self._db.execute("PRAGMA integrity_check(20)"):
            if said != "ok":
                yield f"the archive's file is damaged: {said}"

    def redact(self, bodies: Iterable[tuple[str, bytes]]) -> set[str]:
        """Put redacted forms in the places of bodies, and return the hashes of these; the hashes stay in the chain.

        Nothing of the originals is in the file any more when this returns; raises ``LedgerError`` where another process
        keeps it from being written anew.
        """
        done = set[str]()
        try:
            with self._lock:
                self._db.execute("PRAGMA secure_delete=ON")  # a kill before the end leaves no more than it must
                try:
                    for digest, body in bodies:
                        new = packed(body)
                        said = "UPDATE bodies SET packed=?, tombstone=? WHERE hash=?"
                        self._db.execute(said, (new.packed, new.hash, digest))
                        done.add(digest)
                finally:
                    self._forget(anew=bool(done))
        except sqlite3.Error as error:
            raise self._unusable(error) from error
        return done

    def _forget(self, *, anew: bool) -> None:
        """Leave nothing in the file, nor in the log beside it, of what was overwritten."""
        if anew:
            self._db.execute("VACUUM")
        if not self.read_only and self.settle():
            raise LedgerError(
                f"the archive {self.path} is being read by another process, and what was redacted is still in its file; "
                "redact again in a moment"
            )

    def runs(self) -> list[Run]:
        """Return all runs, oldest first."""
        ends = {kept.run: kept for kept in self._entries("operation = ':end'", {})}
        return [
            Run(kept.run, kept.provider, kept.account, kept.question, kept.fetched_at, *_ending(ends.get(kept.run)))
            for kept in self._entries("operation = ':start'", {})
        ]

    def last_seq(self, run: int | None = None) -> int:
        """Return the number of the last entry, or of a run's last; 0 where there is none."""
        if run is None:
            return int(self._value("SELECT max(seq) FROM entries") or 0)
        return int(self._value("SELECT max(seq) FROM entries WHERE run=?", run) or 0)

    def hash_at(self, seq: int) -> str:
        """Return the hash of an entry; "" where there is none of that number."""
        return str(self._value("SELECT hash FROM entries WHERE seq=?", seq) or "")

    def settle(self) -> bool:
        """Bring all that was written into the one file; returns whether another process that reads it forbids that."""
        return bool(self._value("PRAGMA wal_checkpoint(TRUNCATE)"))

    def seq_at(self, when: datetime) -> int:
        """Return the number of the last entry before the first one made after a time; 0 for none.

        Numbers are the true order, times only what the clock said. Where it jumped back, what came after an entry of a
        later time is not taken for older: what is known as of a past time never changes by what is added.
        """
        query = "SELECT coalesce((SELECT min(seq) - 1 FROM entries WHERE at > ?), max(seq)) FROM entries"
        return int(self._value(query, moment(when)) or 0)

    def _value(self, query: str, *given: object) -> Any:
        """Return the first value that a query finds, or None; raises ``LedgerError``."""
        try:
            row = self._db.execute(query, given).fetchone()
        except sqlite3.Error as error:
            raise self._unusable(error) from error
        return row[0] if row else None

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _may_only_be_read(path: Path) -> bool:
    """Tell whether an archive is there whole, in a directory where SQLite could make no file beside it."""
    path = path.resolve()
    log = path.with_name(f"{path.name}-wal")
    unfinished = log.exists() and log.stat().st_size > 0
    return path.exists() and not unfinished and not os.access(path.parent, os.W_OK)


def _ending(kept: Kept | None) -> tuple[str | None, str | None]:
    return (kept.fetched_at, kept.question) if kept else (None, None)
