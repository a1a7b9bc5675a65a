"""The archive: every answer as it came, append-only, content-addressed, hash-chained, in one SQLite file.

It is the only state that matters. The entries of an account are one chain: a run begins with an entry, goes on with answers
and ends with an entry. An entry's hash covers all of it, its body's hash and the entry before it: nothing can change unseen
by whoever knows a later hash. Bodies are stored once by their SHA-256, compressed.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from billfold.ledger.archive_file import (
    ARCHIVE_FORMAT,
    MARKER_CONDITION,
    OPEN_RUN_CONDITION,
    build_archive_error,
    is_read_only,
    number_run,
    open_archive_file,
    read_format,
    read_link,
)
from billfold.ledger.chain import ChainKey, compute_head
from billfold.ledger.conversion import convert_archive
from billfold.ledger.entries import (
    RUN_END,
    RUN_START,
    ArchivedResponse,
    Entry,
    Run,
    StoredBody,
    build_entry,
    build_run_marker,
    format_time,
    pack_body,
    read_row,
)
from billfold.model.errors import DamagedAnswer, LedgerError


class Archive:
    """An open archive; many processes may read, one writes. Close it, or use it in a ``with`` statement.

    ``read_only`` is one in a directory that may only be read (a share, a mounted copy): its file is whole by itself.
    One of an earlier format is converted, unless it may not be changed or is opened ``as_it_is``: it can be read then.
    """

    def __init__(self, path: Path, *, as_it_is: bool = False) -> None:
        self.path, self._lock, self._is_writing, self.read_only = path, threading.RLock(), False, False
        try:
            self.read_only = is_read_only(path)
            self._db = open_archive_file(path, read_only=self.read_only)
            if read_format(self._db) != ARCHIVE_FORMAT and not self.read_only and not as_it_is:
                self._db.close()
                convert_archive(path)
                self._db = open_archive_file(path, read_only=False)
            self.has_separate_chains = read_format(self._db) == ARCHIVE_FORMAT
        except (sqlite3.Error, OSError, UnicodeDecodeError) as error:
            raise build_archive_error(path, error) from error

    def start_run(self, provider: str, account: str, run_type: str, now: datetime) -> Run:
        """Begin a run, or go on with the one of this account that was left open."""
        with self._lock:
            values = {"provider": provider, "account": account, "type": run_type}
            if open_starts := list(self.select_entries(OPEN_RUN_CONDITION, values)):
                return Run(open_starts[-1].run, provider, account, run_type, open_starts[-1].fetched_at, None, None)
            entry = self._append_entries(build_run_marker(0, provider, account, RUN_START, run_type, now))
            return Run(entry.run, provider, account, run_type, entry.fetched_at, None, None)

    def end_run(self, run: Run, outcome: str, now: datetime) -> None:
        """Close a run: ``complete``, or why not."""
        self._append_entries(build_run_marker(run.id, run.provider, run.account, RUN_END, outcome, now))

    def add_responses(self, run: Run, *responses: ArchivedResponse) -> int:
        """Keep answers, all or none; they are safe on disk when this returns. Returns the number of the last one."""
        return self._append_entries(*(build_entry(run, response) for response in responses)).seq

    def add_redacted_body(self, body: StoredBody) -> None:
        """Put the redacted form of a body in its place."""
        with self.open_transaction() as db:
            db.execute("UPDATE bodies SET packed=?, tombstone=? WHERE hash=?", (body.packed, body.tombstone, body.hash))

    def add_marker(self, marker: tuple[Entry, StoredBody]) -> None:
        """Keep an entry that is of no run."""
        self._append_entries(marker)

    def copy_entry(self, entry: Entry, source_archive: Archive, *, is_sound: bool) -> int:
        """Keep an entry of another archive as it was made there; run 0 begins a new run. Returns the run's number here.

        One that is not sound there is not made sound here.
        """
        body, tombstone = source_archive.read_stored_body(entry.body)
        stored_body = pack_body(body)._replace(hash=entry.body, tombstone=tombstone)
        return self._append_entries((entry, stored_body), is_copy=True, is_sound=is_sound).run

    def _append_entries(
        self, *entries: tuple[Entry, StoredBody], is_copy: bool = False, is_sound: bool = True
    ) -> Entry:
        with self.open_transaction() as db:
            last_seq = db.execute("SELECT coalesce(max(seq), 0) FROM entries").fetchone()[0]
            if not is_copy:
                self._require_open_run(entries[0][0])
            last_hash, start_hash = read_link(db, entries[0][0])
            for new_seq, (entry, body) in enumerate(entries, last_seq + 1):
                new_entry = entry._replace(seq=new_seq, run=number_run(db, entry), body=body.hash)
                if is_sound:
                    new_entry = new_entry._replace(hash=new_entry.compute_hash(last_hash, start_hash))
                db.execute("INSERT OR IGNORE INTO bodies VALUES (?,?,?,?)", body)
                db.execute(f"INSERT INTO entries VALUES ({','.join('?' * len(new_entry))})", new_entry)
                last_hash = new_entry.hash
            return new_entry

    @contextmanager
    def open_transaction(self) -> Iterator[sqlite3.Connection]:
        """Write all or nothing, what is written within another transaction with that one; raises ``LedgerError``."""
        with self._lock:
            db = self._db
            if self._is_writing:
                yield db
                return
            self._is_writing = True
            try:
                db.execute("BEGIN IMMEDIATE")
                yield db
                db.execute("COMMIT")
            except BaseException as error:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                if isinstance(error, sqlite3.Error | UnicodeEncodeError):
                    raise build_archive_error(self.path, error) from error
                raise
            finally:
                self._is_writing = False

    def _require_open_run(self, entry: Entry) -> None:
        query = "SELECT 1 FROM entries WHERE run=? AND operation=?"
        if self._db.execute(query, (entry.run, RUN_END)).fetchone():
            raise LedgerError(f"run {entry.run} of {entry.account!r} was ended by another process; ask again")

    def read_body(self, digest: str) -> bytes:
        """Return a body by its hash; raises ``LedgerError`` where it is missing or damaged.

        A body whose personal data was redacted comes without them; what stood there before is gone.
        """
        return self.read_stored_body(digest)[0]

    def read_stored_body(self, digest: str) -> tuple[bytes, str | None]:
        """Return a body and, where it was redacted, the hash of what stands there now; raises ``LedgerError``."""
        try:
            row = self._db.execute("SELECT packed, tombstone FROM bodies WHERE hash=?", (digest,)).fetchone()
            body = zlib.decompress(row[0]) if row else None
        except (zlib.error, TypeError):
            body = None
        except sqlite3.Error as error:
            raise build_archive_error(self.path, error) from error
        if body is None or hashlib.sha256(body).hexdigest() != (row[1] or digest):
            advice = "`billfold verify` names its answer; put a backup in its place, then `billfold rebuild`"
            raise DamagedAnswer(f"the archived body {digest[:12]} is missing or damaged; {advice}")
        return body, row[1]

    def iter_answers(
        self, run: int | None = None, operation: str | None = None, question: str | None = None, after: int = 0
    ) -> Iterator[Entry]:
        """Yield kept answers in order, of one run, one operation or one question if wanted, ``after`` an entry's number."""
        criteria = {"run": run, "operation": operation, "question": question}
        parameters = {name: value for name, value in criteria.items() if value is not None}
        condition = " AND ".join([*(f"{name}=:{name}" for name in parameters), "seq > :after"])
        yield from self.select_entries(f"{condition} AND operation NOT LIKE ':%'", parameters | {"after": after})

    def find_answered_questions(self, provider: str, account: str, operation: str) -> set[str]:
        """Return the questions of an operation that an account has good answers to."""
        condition = "provider=:provider AND account=:account AND operation=:operation AND status=200"
        parameters = {"provider": provider, "account": account, "operation": operation}
        return {entry.question for entry in self.select_entries(condition, parameters)}

    def read_entry(self, seq: int) -> Entry:
        """Return the entry of a number; raises ``LedgerError`` where there is none."""
        for entry in self.select_entries("seq=:seq", {"seq": seq}):
            return entry
        raise LedgerError(f"the archive {self.path} has no entry {seq}; `billfold rebuild` computes the ledger anew")

    def iter_entries(self) -> Iterator[Entry]:
        """Yield all entries in order."""
        return self.select_entries("1", {})

    def select_entries(self, condition: str, parameters: Mapping[str, object]) -> Iterator[Entry]:
        """Yield the entries of a condition in SQL, in order: for the rooms of the ledger alone."""
        try:
            with closing(self._db.cursor()) as cursor:
                yield from map(
                    read_row, cursor.execute(f"SELECT * FROM entries WHERE {condition} ORDER BY seq", parameters)
                )
        except (sqlite3.Error, UnicodeEncodeError) as error:
            raise build_archive_error(self.path, error) from error

    def iter_run_chain(self, run: Run) -> Iterator[Entry]:
        """Yield the entries of an account's chain from the one before a run's first to the run's last."""
        own_chain = "provider=:provider AND account=:account"
        first_of_run, last_of_run = (f"(SELECT {end}(seq) FROM entries WHERE run=:run)" for end in ("min", "max"))
        before_run = f"(SELECT max(seq) FROM entries WHERE {own_chain} AND seq < {first_of_run})"
        condition = f"{own_chain} AND seq BETWEEN coalesce({before_run}, 0) AND {last_of_run}"
        return self.select_entries(condition, run._asdict() | {"run": run.id})

    @contextmanager
    def open_snapshot(self) -> Iterator[None]:
        """Read everything as it is at one instant, whoever writes meanwhile; nothing may be written within."""
        with self._lock:
            self._db.execute("BEGIN")
            try:
                yield
            finally:
                self._db.execute("ROLLBACK")

    def iter_bodies(self, condition: str = "1") -> Iterator[StoredBody]:
        """Yield bodies as they are stored, all or those of a condition."""
        query = f"SELECT hash, size, packed, tombstone FROM bodies WHERE {condition}"
        yield from map(StoredBody._make, self._db.execute(query))

    def check_integrity(self) -> Iterator[str]:
        """Yield what SQLite itself finds damaged in the file."""
        for (message,) in self._db.execute("PRAGMA integrity_check(20)"):
            if message != "ok":
                yield f"the archive's file is damaged: {message}"

    def list_runs(self, first: int = 1) -> list[Run]:
        """Return all runs, oldest first; those from a number on."""
        endings = {entry.run: (entry.fetched_at, entry.question) for entry in self.list_markers(RUN_END, first)}
        return [
            Run(start.run, *start.chain_key, start.question, start.fetched_at, *endings.get(start.run, (None, None)))
            for start in self.list_markers(RUN_START, first)
        ]

    def iter_settling_entries(self) -> Iterator[Entry]:
        """Yield the entries that were an account's head when they were made."""
        return (entry for entry in self.select_entries(MARKER_CONDITION, {}) if entry.is_settling)

    def list_markers(self, operation: str, first_run: int = 0) -> list[Entry]:
        """Return the entries of an operation that is no question; those of runs from a number on."""
        condition = f"{MARKER_CONDITION} AND operation=:operation AND run >= :first_run"
        return list(self.select_entries(condition, {"operation": operation, "first_run": first_run}))

    def read_account_heads(self) -> dict[ChainKey, str]:
        """Return the newest settling hash of each account."""
        return {entry.chain_key: entry.hash for entry in self.iter_settling_entries()}

    def read_head(self) -> str:
        """Return the head of the archive: one hash over the heads of all accounts."""
        return compute_head(self.read_account_heads())

    def read_last_seq(self, run: int | None = None) -> int:
        """Return the number of the last entry, or of a run's last; 0 where there is none."""
        if run is None:
            return int(self._read_value("SELECT max(seq) FROM entries") or 0)
        return int(self._read_value("SELECT max(seq) FROM entries WHERE run=?", run) or 0)

    def read_start_hash(self, run_id: int) -> str:
        """Return the hash of the entry that began a run; "" where there is none."""
        return str(self._read_value("SELECT hash FROM entries WHERE run=? AND operation=?", run_id, RUN_START) or "")

    def read_hash(self, seq: int) -> str:
        """Return the hash of an entry; "" where there is none of that number."""
        return str(self._read_value("SELECT hash FROM entries WHERE seq=?", seq) or "")

    def find_other_hashes(self, hashes: Mapping[int, str]) -> list[int]:
        """Return the numbers of the entries that have another hash than these, or are missing."""
        query = "SELECT seq, hash FROM entries WHERE seq IN (SELECT value FROM json_each(?))"
        try:
            own_hashes = dict(self._db.execute(query, [json.dumps(list(hashes))]).fetchall())
        except sqlite3.Error as error:
            raise build_archive_error(self.path, error) from error
        return sorted(seq for seq, entry_hash in hashes.items() if own_hashes.get(seq) != entry_hash)

    def checkpoint_wal(self) -> bool:
        """Bring all that was written into the one file; returns whether another process that reads it forbids that."""
        return bool(self._read_value("PRAGMA wal_checkpoint(TRUNCATE)"))

    def rewrite_file(self) -> None:
        """Write the file anew, so that nothing of what was overwritten is left in it."""
        self._db.execute("VACUUM")

    def find_seq_at(self, instant: datetime) -> int:
        """Return the number of the last entry before the first one made after a time; 0 for none.

        Numbers are the true order, times only what the clock said. Where it jumped back, what came after an entry of a
        later time is not taken for older: what is known as of a past time never changes by what is added.
        """
        query = "SELECT coalesce((SELECT min(seq) - 1 FROM entries WHERE at > ?), max(seq)) FROM entries"
        return int(self._read_value(query, format_time(instant)) or 0)

    def _read_value(self, query: str, *parameters: object) -> Any:
        """Return the first value that a query finds, or None; raises ``LedgerError``."""
        try:
            row = self._db.execute(query, parameters).fetchone()
        except sqlite3.Error as error:
            raise build_archive_error(self.path, error) from error
        return row[0] if row else None

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
