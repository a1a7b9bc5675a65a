"""The ledger's file: one DuckDB database, derived from the archive and disposable.

Opened for one piece of work at a time; where another process has it open, opening waits some seconds and then says so.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import duckdb

from billfold.ledger.columns import SCHEMA_SQL
from billfold.model.errors import LedgerError

BOOKING_VERSION = 9
"""Raised when bills are booked otherwise than before into the same columns."""
LEDGER_FORMAT = f"{BOOKING_VERSION} {duckdb.__version__} {blake2b(SCHEMA_SQL.encode(), digest_size=4).hexdigest()}"
"""What a ledger notes of how it was made; one of another format is computed anew."""
MEMORY_LIMIT, WRITE_MEMORY_LIMIT = "256MB", "100MB"
"""What DuckDB may hold before it writes to disk: a ledger is larger than the memory it is computed in."""
ROW_GROUP_ROWS = 32_768
"""Rows that DuckDB packs at once: fewer than it would by itself, so that a large bill is packed while it is still read."""
LOCK_TIMEOUT_S = 10.0
"""Seconds to wait for another process that has the ledger open."""
ROWS_PER_FETCH = 2048
Row = TypeVar("Row", bound=NamedTuple)
Values = Mapping[str, object] | Sequence[object] | None


class OpenLedger:
    """A ledger file while it is open: other rooms hand it to this one's questions, which alone speak SQL to it."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        self.execute = connection.execute
        """Runs a statement; tables in its words may be variables of whoever calls it, as DuckDB looks them up."""

    def select(self, row_type: type[Row], query: str, values: Values = None) -> list[Row]:
        """Return the rows of a query whose columns are the fields of a type; their times are aware."""
        return list(self.iter_rows(row_type, query, values))

    def iter_rows(self, row_type: type[Row], query: str, values: Values = None) -> Iterator[Row]:
        """Yield the rows of a query as ``select`` returns them; they are read in batches."""
        result = self.execute(query, values)
        column_names = tuple(column[0] for column in result.description or ())
        if column_names != row_type._fields:
            raise TypeError(f"{row_type.__name__} has other fields than {', '.join(column_names)}")
        while batch := result.fetchmany(ROWS_PER_FETCH):
            for values_of_row in batch:
                yield row_type._make(map(make_aware, values_of_row))


def make_aware(value: Any) -> Any:
    """Return a value of the ledger, in UTC where it is a time."""
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value


@contextmanager
def open_ledger(path: Path) -> Iterator[OpenLedger]:
    """Open the ledger file and close it again; makes an empty one where there is none or it is of another format."""
    db = _connect_ledger(path)
    try:
        db.execute("SET preserve_insertion_order=false")
        if not _has_current_format(db):
            raise StaleLedgerError(f"{path} is of another format")
        yield OpenLedger(db)
    except duckdb.Error as error:
        _refuse_full_disk(path, error)
        message = str(error).splitlines()[0]
        raise LedgerError(
            f"the ledger {path} cannot be used: {message}; `billfold rebuild` computes it anew"
        ) from error
    finally:
        db.close()


def _refuse_full_disk(path: Path, error: Exception) -> None:
    """Raise ``LedgerError`` where it is the disk that takes no more: the ledger is not stale, and made anew has no room."""
    message = str(error).splitlines()[0]
    if "Could not write" in message or "No space left" in message:
        raise LedgerError(
            f"the ledger {path} cannot be written: {message}; check its rights and the free space, then ask again"
        ) from error


def open_read_only(path: Path) -> duckdb.DuckDBPyConnection:
    """Open a ledger file for reading only; raises ``LedgerError`` where it is missing, in use, damaged or no ledger of ours."""
    if not path.is_file():
        raise LedgerError(f"there is no ledger at {path}; run `billfold sync` or `billfold rebuild`")
    advice = "`billfold rebuild` computes it anew"
    try:
        db = _connect_with_retry(path, lambda path: duckdb.connect(str(path), read_only=True))
    except StaleLedgerError as error:
        raise LedgerError(f"{error}; {advice}") from error
    if _read_format(db) != LEDGER_FORMAT:
        db.close()
        raise LedgerError(f"{path} is of another format; {advice}")
    return db


@contextmanager
def open_transaction(db: OpenLedger) -> Iterator[None]:
    """Write all or nothing; DuckDB has one thread and little memory for it: many small inserts need no more."""
    db.execute(f"SET threads=1; SET memory_limit='{WRITE_MEMORY_LIMIT}'; BEGIN")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        with suppress(duckdb.Error):  # a full disk has ended the transaction already
            db.execute("ROLLBACK")
        raise
    finally:
        db.execute(f"RESET threads; SET memory_limit='{MEMORY_LIMIT}'")


def read_last_booked(db: OpenLedger) -> tuple[int, str] | None:
    """Return the last archive number that was booked, and the hash of its entry; None for an empty ledger."""
    row = db.execute("SELECT seq, chain FROM runs ORDER BY seq DESC LIMIT 1").fetchone()
    return (int(row[0]), str(row[1])) if row else None


class StaleLedgerError(LedgerError):
    """The ledger file is of another format or damaged: drop it, it can be rebuilt."""


def _connect_ledger(path: Path) -> duckdb.DuckDBPyConnection:
    return _connect_with_retry(path, _attach_file)


def _connect_with_retry(path: Path, connect: Callable[[Path], duckdb.DuckDBPyConnection]) -> duckdb.DuckDBPyConnection:
    deadline = time.monotonic() + LOCK_TIMEOUT_S
    while True:
        try:
            return connect(path)
        except duckdb.IOException as error:
            if "lock" not in str(error).lower():
                _refuse_full_disk(path, error)
                raise StaleLedgerError(f"{path} cannot be read: {str(error).splitlines()[0]}") from error
            if time.monotonic() > deadline:
                raise LedgerError(f"the ledger {path} is in use by another process; try again in a moment") from error
            time.sleep(0.05)
        except (duckdb.Error, OSError) as error:
            raise StaleLedgerError(f"{path} cannot be read: {str(error).splitlines()[0]}") from error


def _attach_file(path: Path) -> duckdb.DuckDBPyConnection:
    read_only = path.exists() and not os.access(path.parent, os.W_OK)  # DuckDB could make no log beside it
    temp_directory = f"{tempfile.gettempdir()}/billfold.tmp" if read_only else f"{path}.tmp"
    is_new = not path.exists()
    db = duckdb.connect(config={"memory_limit": MEMORY_LIMIT, "temp_directory": temp_directory})
    try:
        quoted_path, attach_options = (
            str(path).replace("'", "''"),
            "READ_ONLY" if read_only else f"ROW_GROUP_SIZE {ROW_GROUP_ROWS}",
        )
        db.execute(f"ATTACH '{quoted_path}' AS ledger ({attach_options}); USE ledger")
        if is_new:
            path.chmod(0o600)  # as the archive: it holds what customers are called and pay
    except BaseException:
        db.close()
        raise
    return db


def _has_current_format(db: duckdb.DuckDBPyConnection) -> bool:
    """Tell whether a database is a ledger of this format; an empty one is made one."""
    file_format = _read_format(db)
    if file_format is None and not db.execute("SELECT 1 FROM duckdb_tables()").fetchone():
        db.execute(f"BEGIN; {SCHEMA_SQL} INSERT INTO meta VALUES ('format', '{LEDGER_FORMAT}'); COMMIT;")
        return True
    return file_format == LEDGER_FORMAT


def _read_format(db: duckdb.DuckDBPyConnection) -> str | None:
    """Return the format that a database notes; None where it is no ledger."""
    try:
        row = db.execute("SELECT value FROM meta WHERE key='format'").fetchone()
    except (duckdb.CatalogException, duckdb.BinderException):
        return None
    return str(row[0]) if row else None
