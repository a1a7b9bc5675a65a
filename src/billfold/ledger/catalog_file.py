"""The catalog's file: one SQLite database that names the parts, and notes of bills and runs all that is not a charge.

Read whole in one instant and let go of: whoever reads a ledger holds no lock on it while he does.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from billfold.ledger.checksums import CHECKSUM_KEY, RowSum, sum_catalog
from billfold.ledger.columns import CATALOG_KEYS, CATALOG_TABLES, build_table_sql
from billfold.model.code_version import hash_sources
from billfold.model.errors import LedgerError

LOCK_TIMEOUT_S = 10.0
"""Seconds to wait for the instant in which another process reads or commits."""
_INDEXES = (
    "CREATE INDEX bills_by_account ON bills (provider, account)",
    "CREATE INDEX bills_by_invoice ON bills (provider, invoice_id)",
    "CREATE INDEX commitments_by_bill ON commitments (bill)",
    "CREATE INDEX findings_by_run ON findings (run)",
    "CREATE INDEX payments_by_account ON payments (provider, account)",
    "CREATE INDEX balances_by_account ON balances (provider, account)",
    "CREATE INDEX usages_by_account ON usages (provider, account)",
    "CREATE INDEX runs_by_account ON runs (provider, account)",
)
"""What a booking looks rows up by."""
CatalogRows = dict[str, list[tuple[Any, ...]]]
"""The rows of each table."""


class StaleLedgerError(LedgerError):
    """The ledger is of another format or damaged: drop it, it can be computed anew."""


class DamagedLedgerError(StaleLedgerError):
    """The ledger's files are not as they were written."""


def find_format() -> str:
    """Return what a catalog notes of how it is made, a hash of the code that does it; one of another format is computed anew."""
    return f"{hash_sources('billfold.ledger')} {hash_sources('billfold.model')}"


def create_catalog(path: Path) -> None:
    """Make an empty catalog; raises ``LedgerError`` where there is no room for it."""
    try:
        with closing(_connect(path)) as db:
            path.chmod(0o600)  # as the archive: it holds what customers are called and pay
            db.execute("BEGIN IMMEDIATE")
            if not _has_tables(db):
                for name, column_types in CATALOG_TABLES.items():
                    stored_types = {column: _choose_sqlite_type(sql_type) for column, sql_type in column_types.items()}
                    db.execute(build_table_sql(name, stored_types, CATALOG_KEYS.get(name, "")))
                for statement in _INDEXES:
                    db.execute(statement)
                format_row = "format", find_format()
                checksum = sum_catalog(db, [[format_row]])
                db.executemany("INSERT INTO meta VALUES (?, ?)", [format_row, (CHECKSUM_KEY, checksum)])
            db.execute("COMMIT")
    except (sqlite3.Error, OSError) as error:
        raise describe_failure(path, str(error)) from error


def _choose_sqlite_type(sql_type: str) -> str:
    """Return how SQLite keeps a column: digits stay text, a number of its own kind would be a float."""
    return "INTEGER" if sql_type in {"INTEGER", "BIGINT"} else "TEXT"


def read_catalog(path: Path) -> CatalogRows:
    """Return all rows as they were at one instant; raises ``StaleLedgerError``."""
    try:
        with closing(_connect(path)) as db:
            db.execute("BEGIN")
            rows = {name: db.execute(f"SELECT * FROM {name}").fetchall() for name in CATALOG_TABLES}
            notes = dict(rows["meta"])
            rows["meta"] = [row for row in rows["meta"] if row[0] != CHECKSUM_KEY]
            checksum = sum_catalog(db, rows.values())
            db.execute("COMMIT")
    except (sqlite3.Error, OSError, UnicodeDecodeError) as error:
        raise _describe_unreadable(path, error) from error
    if notes.get("format") != find_format():
        raise StaleLedgerError(f"{path} is of another format")
    if notes.get(CHECKSUM_KEY) != checksum:
        raise DamagedLedgerError(f"{path} is damaged: its rows are not as they were written")
    return rows


def _describe_unreadable(path: Path, error: Exception) -> LedgerError:
    text = str(error)
    if "no such" in text:
        return StaleLedgerError(f"{path} is of another format")
    if "malformed" not in text and any(word in text for word in ("locked", "disk", "full")):
        return describe_failure(path, text)
    return DamagedLedgerError(f"{path} cannot be read: {text}")


def read_booked_hashes(path: Path) -> dict[int, str]:
    """Return which entries of the archive a catalog was booked up to, each with its hash; none where its file cannot tell."""
    try:
        with closing(_connect_read_only(path)) as db:
            stated_format = db.execute("SELECT value FROM meta WHERE key='format'").fetchone()
            rows = db.execute("SELECT seq, chain FROM runs").fetchall() if stated_format == (find_format(),) else []
            return {int(seq): str(entry_hash) for seq, entry_hash in rows}
    except (sqlite3.Error, OSError, ValueError, TypeError):
        return {}


def count_booked_runs(path: Path) -> int:
    """Return how many runs a catalog of any format says were booked in it; 0 where its file cannot tell."""
    try:
        if not path.is_file():
            return 0
        with closing(_connect_read_only(path)) as db:
            return int(db.execute("SELECT count(*) FROM runs").fetchone()[0])
    except (sqlite3.Error, OSError, UnicodeDecodeError):
        return 0


def read_present_names(path: Path) -> dict[int, str]:
    """Return what the account of each run that a catalog has booked is called now; none where its file cannot tell."""
    query = "SELECT r.run, a.name FROM runs r JOIN accounts a ON a.provider = r.provider AND a.account = r.account"
    try:
        with closing(_connect_read_only(path)) as db:
            return {int(run): str(name) for run, name in db.execute(query).fetchall()}
    except (sqlite3.Error, OSError, ValueError, TypeError):
        return {}


class CatalogWriter:
    """A catalog while it is written; what is written is seen by others when its transaction ends."""

    def __init__(self, path: Path) -> None:
        self._path, self._db = path, _connect(path)
        try:
            _check_integrity(self._db, path)
            self._row_sum = RowSum(self._db)
        except BaseException as error:
            self._db.close()
            if isinstance(error, sqlite3.Error):
                raise _describe_unreadable(path, error) from error
            raise

    @contextmanager
    def open_transaction(self) -> Iterator[None]:
        """Write all or nothing."""
        try:
            self._db.execute("BEGIN IMMEDIATE")
            self._row_sum.read_total()
            yield
            self._row_sum.write_total()
            self._db.execute("COMMIT")
        except BaseException as error:
            with suppress(sqlite3.Error):
                self._db.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                raise describe_failure(self._path, str(error)) from error
            raise

    def execute(self, statement: str, values: Sequence[object] = ()) -> None:
        """Run a statement."""
        self._db.execute(statement, tuple(map(_to_sqlite, values)))

    def select(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query as they are kept: what is no whole number is text."""
        return self._db.execute(query, tuple(map(_to_sqlite, values))).fetchall()

    def insert_rows(self, table: str, rows: Iterable[Sequence[object]]) -> None:
        """Add rows to a table."""
        marks = ", ".join("?" * len(CATALOG_TABLES[table]))
        self._db.executemany(f"INSERT INTO {table} VALUES ({marks})", [tuple(map(_to_sqlite, row)) for row in rows])

    def take_in(self, path: Path) -> None:
        """Add all rows of another catalog, whose bills have numbers of their own, and of its notes those that are not here."""
        try:
            self._db.execute("ATTACH ? AS other", [str(path)])
            with self.open_transaction():
                for table in CATALOG_TABLES:
                    self._db.execute(f"INSERT OR IGNORE INTO main.{table} SELECT * FROM other.{table}")
                self._db.execute(
                    """INSERT OR REPLACE INTO meta SELECT 'last_bill', CAST(max(CAST(value AS INTEGER)) AS TEXT)
                       FROM (SELECT * FROM main.meta UNION ALL SELECT * FROM other.meta) WHERE key = 'last_bill'"""
                )
            self._db.execute("DETACH other")
        except sqlite3.Error as error:
            raise describe_failure(self._path, str(error)) from error

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def _check_integrity(db: sqlite3.Connection, path: Path) -> None:
    """Have SQLite look through the file: an index that lacks a row would hide a bill, which would be booked again."""
    (message,) = db.execute("PRAGMA integrity_check(1)").fetchone()
    if message != "ok":
        raise DamagedLedgerError(f"{path} is damaged: {message}")


def _to_sqlite(value: object) -> object:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, (Decimal, datetime)) else value


def _connect(path: Path) -> sqlite3.Connection:
    """Open the file; one in a directory that may only be read is opened for nothing else."""
    if path.exists() and not os.access(path.parent, os.W_OK):
        return _connect_read_only(path)
    db = sqlite3.connect(path, isolation_level=None, timeout=LOCK_TIMEOUT_S, check_same_thread=False)
    db.execute("PRAGMA synchronous=FULL")
    db.execute("PRAGMA cache_spill=OFF")  # nothing is locked before the instant of a commit
    return db


def _connect_read_only(path: Path) -> sqlite3.Connection:
    """Open the file for reading; where not even that can be locked, nobody can be writing it."""
    location = f"{path.absolute().as_uri()}?mode=ro"
    db = sqlite3.connect(location, uri=True, isolation_level=None, timeout=LOCK_TIMEOUT_S)
    try:
        _has_tables(db)
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise
        db.close()
        db = sqlite3.connect(f"{location}&immutable=1", uri=True, isolation_level=None)
    return db


def _has_tables(db: sqlite3.Connection) -> bool:
    return db.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is not None


def describe_failure(path: Path, reason: str) -> LedgerError:
    """Return what to say where a ledger cannot be written."""
    if "locked" in reason:
        return LedgerError(f"the ledger {path} is in use by another process; try again in a moment")
    return LedgerError(
        f"the ledger {path} cannot be written: {reason}; check its rights and the free space, then ask again"
    )
