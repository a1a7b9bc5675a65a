"""The archive: every answer as it came, append-only, content-addressed, hash-chained, in one SQLite file.

It is the only state that matters. One table of entries is one chain: a run begins with an entry, goes on with the
answers that came, and ends with an entry. An entry's hash covers all of it, its body's hash and the entry before it,
so that nothing can change unseen. Bodies are stored once by their SHA-256, compressed.
"""

from __future__ import annotations

import hashlib
import sqlite3
import threading
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from billfold.ledger.archive_file import build_archive_error, is_read_only, open_archive_file
from billfold.ledger.entries import (
    GENESIS_HASH,
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
)
from billfold.model.errors import DamagedAnswer, LedgerError


class Archive:
    """An open archive; many processes may read, one writes. Close it, or use it in a ``with`` statement.

    ``read_only`` is one in a directory that may only be read (a share, a mounted copy): its file is whole by itself.
    """

    def __init__(self, path: Path) -> None:
        self.path, self._lock, self.read_only = path, threading.RLock(), False
        try:
            self.read_only = is_read_only(path)
            self._db = open_archive_file(path, read_only=self.read_only)
        except (sqlite3.Error, OSError) as error:
            raise build_archive_error(path, error) from error

    def start_run(self, provider: str, account: str, run_type: str, now: datetime) -> Run:
        """Begin a run, or go on with the one of this account that was left open."""
        with self._lock:
            open_runs = [
                run
                for run in self.list_runs()
                if (run.provider, run.account, run.run_type, run.ended_at) == (provider, account, run_type, None)
            ]
            if open_runs:
                return open_runs[-1]
            entry = self._append_entries(build_run_marker(0, provider, account, RUN_START, run_type, now))
            return Run(entry.run, provider, account, run_type, entry.fetched_at, None, None)

    def end_run(self, run: Run, outcome: str, now: datetime) -> None:
        """Close a run: ``complete``, or why not."""
        self._append_entries(build_run_marker(run.id, run.provider, run.account, RUN_END, outcome, now))

    def add_responses(self, run: Run, *responses: ArchivedResponse) -> int:
        """Keep answers, all or none; they are safe on disk when this returns. Returns the number of the last one."""
        return self._append_entries(*(build_entry(run, response) for response in responses)).seq

    def copy_entry(self, entry: Entry, source_archive: Archive) -> int:
        """Keep an entry of another archive as it was made there; run 0 begins a new run. Returns the run's number here."""
        body, tombstone = source_archive.read_stored_body(entry.body)
        return self._append_entries(
            (entry, pack_body(body)._replace(hash=entry.body, tombstone=tombstone)), is_copy=True
        ).run

    def _append_entries(self, *entries: tuple[Entry, StoredBody], is_copy: bool = False) -> Entry:
        with self._open_transaction() as db:
            query = "SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1"
            last_seq, previous_hash = db.execute(query).fetchone() or (0, GENESIS_HASH)
            if not is_copy:
                self._require_open_run(entries[0][0])
            for new_seq, (entry, body) in enumerate(entries, last_seq + 1):
                run_id = entry.run or db.execute("SELECT coalesce(max(run), 0) + 1 FROM entries").fetchone()[0]
                new_entry = entry._replace(seq=new_seq, run=run_id, body=body.hash)
                new_entry = new_entry._replace(hash=new_entry.compute_hash(previous_hash))
                db.execute("INSERT OR IGNORE INTO bodies VALUES (?,?,?,?)", body)
                db.execute(f"INSERT INTO entries VALUES ({','.join('?' * len(new_entry))})", new_entry)
                previous_hash = new_entry.hash
            return new_entry

    @contextmanager
    def _open_transaction(self) -> Iterator[sqlite3.Connection]:
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
                    raise build_archive_error(self.path, error) from error
                if isinstance(error, UnicodeEncodeError):
                    raise LedgerError(f"{error.object!r} is no text and cannot be kept; give it in UTF-8") from error
                raise

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
        self, run: int | None = None, operation: str | None = None, question: str | None = None
    ) -> Iterator[Entry]:
        """Yield kept answers in order, of one run, one operation or one question if wanted."""
        criteria = {"run": run, "operation": operation, "question": question}
        parameters = {name: value for name, value in criteria.items() if value is not None}
        condition = " AND ".join(f"{name}=:{name}" for name in parameters) or "1"
        yield from self._select_entries(f"{condition} AND operation NOT LIKE ':%'", parameters)

    def find_answered_questions(self, provider: str, account: str, operation: str) -> set[str]:
        """Return the questions of an operation that an account has good answers to."""
        parameters = {"provider": provider, "account": account, "operation": operation}
        condition = "provider=:provider AND account=:account AND operation=:operation AND status=200"
        return {entry.question for entry in self._select_entries(condition, parameters)}

    def read_entry(self, seq: int) -> Entry:
        """Return the entry of a number; raises ``LedgerError`` where there is none."""
        for entry in self._select_entries("seq=:seq", {"seq": seq}):
            return entry
        raise LedgerError(f"the archive {self.path} has no entry {seq}; `billfold rebuild` computes the ledger anew")

    def iter_entries(self) -> Iterator[Entry]:
        """Yield the whole chain."""
        return self._select_entries("1", {})

    def _select_entries(self, condition: str, parameters: Mapping[str, object]) -> Iterator[Entry]:
        try:
            with closing(self._db.cursor()) as cursor:
                yield from map(
                    Entry._make, cursor.execute(f"SELECT * FROM entries WHERE {condition} ORDER BY seq", parameters)
                )
        except sqlite3.Error as error:
            raise build_archive_error(self.path, error) from error

    def iter_bodies(self) -> Iterator[StoredBody]:
        """Yield every body as it is stored."""
        yield from map(StoredBody._make, self._db.execute("SELECT hash, size, packed, tombstone FROM bodies"))

    def check_integrity(self) -> Iterator[str]:
        """Yield what SQLite itself finds damaged in the file."""
        for (message,) in self._db.execute("PRAGMA integrity_check(20)"):
            if message != "ok":
                yield f"the archive's file is damaged: {message}"

    def redact_bodies(self, bodies: Iterable[tuple[str, bytes]]) -> set[str]:
        """Put redacted forms in the places of bodies, and return the hashes of these; the hashes stay in the chain.

        Nothing of the originals is in the file any more when this returns; raises ``LedgerError`` where another process
        keeps it from being written anew.
        """
        redacted_hashes = set[str]()
        try:
            with self._lock:
                self._db.execute("PRAGMA secure_delete=ON")  # a kill before the end leaves no more than it must
                try:
                    for digest, body in bodies:
                        stored_body = pack_body(body)
                        update_sql = "UPDATE bodies SET packed=?, tombstone=? WHERE hash=?"
                        self._db.execute(update_sql, (stored_body.packed, stored_body.hash, digest))
                        redacted_hashes.add(digest)
                finally:
                    self._purge_originals(rewrite=bool(redacted_hashes))
        except sqlite3.Error as error:
            raise build_archive_error(self.path, error) from error
        return redacted_hashes

    def _purge_originals(self, *, rewrite: bool) -> None:
        """Leave nothing in the file, nor in the log beside it, of what was overwritten."""
        if rewrite:
            self._db.execute("VACUUM")
        if not self.read_only and self.checkpoint_wal():
            raise LedgerError(
                f"the archive {self.path} is being read by another process, and what was redacted is still in its file; "
                "redact again in a moment"
            )

    def list_runs(self) -> list[Run]:
        """Return all runs, oldest first."""
        end_entries = {entry.run: entry for entry in self._select_entries("operation = ':end'", {})}
        return [
            Run(
                entry.run,
                entry.provider,
                entry.account,
                entry.question,
                entry.fetched_at,
                *_read_ending(end_entries.get(entry.run)),
            )
            for entry in self._select_entries("operation = ':start'", {})
        ]

    def read_last_seq(self, run: int | None = None) -> int:
        """Return the number of the last entry, or of a run's last; 0 where there is none."""
        if run is None:
            return int(self._read_value("SELECT max(seq) FROM entries") or 0)
        return int(self._read_value("SELECT max(seq) FROM entries WHERE run=?", run) or 0)

    def read_hash(self, seq: int) -> str:
        """Return the hash of an entry; "" where there is none of that number."""
        return str(self._read_value("SELECT hash FROM entries WHERE seq=?", seq) or "")

    def checkpoint_wal(self) -> bool:
        """Bring all that was written into the one file; returns whether another process that reads it forbids that."""
        return bool(self._read_value("PRAGMA wal_checkpoint(TRUNCATE)"))

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


def _read_ending(entry: Entry | None) -> tuple[str | None, str | None]:
    return (entry.fetched_at, entry.question) if entry else (None, None)
