"""The file of an archive: how it is opened, made and recognized, and what is said where that fails."""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path

from billfold.ledger.account_lock import check_locks
from billfold.ledger.entries import GENESIS_HASH, RUN_START, Entry
from billfold.model.errors import LedgerError

ARCHIVE_FORMAT, FIRST_FORMAT = 2, 1
MARKER_CONDITION = "operation GLOB ':*'"
"""What tells the entries that are no answers; written so in a query, it uses their index."""
OPEN_RUN_CONDITION = (
    "provider=:provider AND account=:account AND operation=':start' AND question=:type "
    "AND NOT EXISTS (SELECT 1 FROM entries later WHERE later.run=entries.run AND later.operation=':end')"
)
"""What tells the beginning of an account's run that did not end."""
LOCK_TIMEOUT_S = 30.0
"""Seconds to wait for another process that writes."""
_SCHEMA = (
    """CREATE TABLE bodies (
        hash TEXT PRIMARY KEY, size INTEGER NOT NULL, packed BLOB NOT NULL, tombstone TEXT) WITHOUT ROWID""",
    """CREATE TABLE entries (
        seq INTEGER PRIMARY KEY, run INTEGER NOT NULL, provider TEXT NOT NULL, account TEXT NOT NULL,
        operation TEXT NOT NULL, question TEXT NOT NULL, status INTEGER NOT NULL, headers TEXT NOT NULL,
        body TEXT NOT NULL REFERENCES bodies(hash), at TEXT NOT NULL, hash TEXT NOT NULL)""",
    "CREATE INDEX entries_by_run ON entries (run, operation)",
)
INDEXES_AND_GUARDS = (
    "CREATE INDEX entries_by_account ON entries (provider, account)",
    f"CREATE INDEX markers_by_operation ON entries (operation) WHERE {MARKER_CONDITION}",
    "CREATE TRIGGER entries_stay BEFORE UPDATE ON entries BEGIN SELECT RAISE(ABORT, 'the archive is append-only'); END",
    "CREATE TRIGGER entries_remain BEFORE DELETE ON entries BEGIN SELECT RAISE(ABORT, 'the archive is append-only'); END",
)


def open_archive_file(path: Path, *, read_only: bool) -> sqlite3.Connection:
    """Open an archive's file, and make it where there is none; raises ``sqlite3.Error``, ``OSError``, ``LedgerError``.

    One of an earlier format is opened as it is.
    """
    if not read_only:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        check_locks(path.parent)
        path.touch(mode=0o600)  # it holds what customers are called and pay
    uri = path.absolute().as_uri() + ("?mode=ro&immutable=1" if read_only else "")
    # From 3.12 on, Python hands one cached statement to two threads that ask the same, and each may get the other's rows
    # or damaged memory: nothing is cached where threads share a connection.
    db = sqlite3.connect(
        uri, timeout=LOCK_TIMEOUT_S, isolation_level=None, check_same_thread=False, uri=True, cached_statements=0
    )
    db.text_factory = decode_text
    try:
        _prepare_database(db, path)
    except BaseException:
        db.close()
        raise
    return db


def read_format(db: sqlite3.Connection) -> int:
    """Return the format of an opened archive."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def read_link(db: sqlite3.Connection, entry: Entry) -> tuple[str, str]:
    """Return the hash that the chain of an entry's account ends with, and that of the entry that began its run."""
    query = "SELECT hash FROM entries WHERE provider=? AND account=? ORDER BY seq DESC LIMIT 1"
    last_row = db.execute(query, entry.chain_key).fetchone() or (GENESIS_HASH,)
    query = "SELECT hash FROM entries WHERE run=? AND operation=?"
    start_row = db.execute(query, (entry.run, RUN_START)).fetchone() or ("",)
    return str(last_row[0]), str(start_row[0])


def number_run(db: sqlite3.Connection, entry: Entry) -> int:
    """Return the number of an entry's run; a new one for what begins one."""
    if entry.run or entry.operation != RUN_START:
        return entry.run
    return int(db.execute("SELECT coalesce(max(run), 0) + 1 FROM entries").fetchone()[0])


def replace_archive_file(path: Path, draft_path: Path, backup_path: Path) -> None:
    """Put a new archive in the place of one that nobody writes and whose file is whole; that one stays under another name.

    So do those that lie there from earlier times: the name is numbered then.
    """
    backup_path = _choose_backup(path, backup_path)
    backup_path.unlink(missing_ok=True)
    backup_path.hardlink_to(path)
    for suffix in ("-wal", "-shm"):  # empty, and not the new file's
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    draft_path.replace(path)


def _choose_backup(path: Path, backup_path: Path) -> Path:
    """Return the first of a backup's names that is free, or already another name of the file (who put it there was killed)."""
    numbered_path, number = backup_path, 1
    while numbered_path.exists() and not numbered_path.samefile(path):
        number += 1
        numbered_path = backup_path.with_name(f"{backup_path.stem}.{number}{backup_path.suffix}")
    return numbered_path


def read_file_id(path: Path) -> tuple[int, int] | None:
    """Return what tells one file from another that took its place; None where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def is_read_only(path: Path) -> bool:
    """Tell whether an archive is there whole, in a directory where SQLite could make no file beside it."""
    path = path.resolve()
    wal_path = path.with_name(f"{path.name}-wal")
    has_wal = wal_path.exists() and wal_path.stat().st_size > 0
    return path.exists() and not has_wal and not os.access(path.parent, os.W_OK)


def build_archive_error(path: Path, error: Exception) -> LedgerError:
    """Say what is wrong with an archive's file, or with a text for it, in words that tell what to do next."""
    if isinstance(error, UnicodeEncodeError):
        return LedgerError(f"{error.object!r} is no text and cannot be kept; give it in UTF-8")
    if file := next((parent for parent in path.parents if parent.is_file()), None):
        return LedgerError(f"{file} is a file where a directory is needed; name another place with --ledger")
    if path.is_dir():
        return LedgerError(
            f"{path} is a directory where a file is needed: move it away, and bring the archive back from a copy"
        )
    if "locked" in str(error):
        return LedgerError(f"the archive {path} is being written by another process; try again in a moment")
    is_damaged = isinstance(error, UnicodeDecodeError) or any(
        symptom in str(error) for symptom in ("malformed", "not a database")
    )
    advice = "put a backup in its place" if is_damaged else "check the path, its rights and the free space"
    return LedgerError(f"the archive {path} cannot be used: {error}; {advice}")


def decode_text(text: bytes) -> str:
    """Read a text; damaged bytes are written out, so that its hash is another one and nothing fails over it."""
    return text.decode("utf-8", "backslashreplace")


def _prepare_database(db: sqlite3.Connection, path: Path) -> None:
    db.execute("PRAGMA synchronous=FULL")
    db.execute("PRAGMA foreign_keys=ON")
    db.execute("PRAGMA secure_delete=ON")  # nothing is deleted here but what is redacted
    file_format, table_count = db.execute(
        "SELECT user_version, (SELECT count(*) FROM sqlite_schema) FROM pragma_user_version"
    ).fetchone()
    if file_format > ARCHIVE_FORMAT:
        raise LedgerError(
            f"the archive {path} has format {file_format}, this billfold knows {ARCHIVE_FORMAT}; update billfold"
        )
    if file_format < FIRST_FORMAT and table_count:
        raise LedgerError(
            f"{path} is a database without the mark of an archive (its user_version is {file_format}): another program "
            "wrote it; put a backup in its place, or name another place with --ledger"
        )
    if file_format < FIRST_FORMAT:
        enable_wal(db)
        _create_tables(db)


def enable_wal(db: sqlite3.Connection) -> None:
    """Let many read while one writes. SQLite waits for nobody who does the same at this moment: we do."""
    deadline = time.monotonic() + LOCK_TIMEOUT_S
    while db.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            db.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _create_tables(db: sqlite3.Connection) -> None:
    db.execute("BEGIN IMMEDIATE")
    if db.execute("PRAGMA user_version").fetchone()[0] == 0:
        for statement in (*_SCHEMA, *INDEXES_AND_GUARDS):
            db.execute(statement)
        db.execute(f"PRAGMA user_version={ARCHIVE_FORMAT}")
    db.execute("COMMIT")
