"""Checksums of the ledger's files, by which damage shows before anybody reads a wrong number.

They find what a disk or a copy does to bytes. Who writes them anew on purpose writes these anew too: the archive's chains
are for that.
"""

from __future__ import annotations

import io
import marshal
import sqlite3
from collections.abc import Iterable, Sequence
from itertools import repeat
from pathlib import Path
from typing import Any
from zlib import crc32

from billfold.ledger.columns import CATALOG_TABLES

CHECKSUM_KEY = "checksum"
"""The key of a catalog's checksum among its notes."""
SCHEMA_QUERY = "SELECT type, name, tbl_name, sql FROM sqlite_schema"
"""What a catalog's tables are like: another type of a column would change what is written to it."""
BYTES_PER_READ = 1_048_576
_MODULUS = 2**64
ENCODING_VERSION = 2
"""The last one of ``marshal`` in which equal rows are equal bytes; it is ten times as fast as JSON."""


def sum_rows(rows: Iterable[Any]) -> int:
    """Return a checksum of rows that is the same in any order: that of some added to that of others is that of all."""
    encoded_rows = map(marshal.dumps, rows, repeat(ENCODING_VERSION))
    return sum(map(crc32, encoded_rows)) % _MODULUS


def sum_catalog(db: sqlite3.Connection, tables: Iterable[Iterable[Any]]) -> str:
    """Return the checksum that a catalog of these tables must note; its own row counts for nothing."""
    total = sum_rows(db.execute(SCHEMA_QUERY)) + sum(map(sum_rows, tables))
    return format_checksum(total)


def format_checksum(total: int) -> str:
    """Write the checksum of a catalog's rows."""
    return f"{total % _MODULUS:016x}"


class RowSum:
    """The checksum of a catalog's rows, kept while they are written: SQLite tells of each row that comes or goes."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db, self._total = db, 0
        db.create_function("note_row", -1, self._note_row)
        db.execute("PRAGMA temp_store=MEMORY")
        db.execute("PRAGMA recursive_triggers=ON")  # else a row that is replaced goes unseen
        for table, column_types in CATALOG_TABLES.items():
            for event, rows in (("INSERT", "+NEW"), ("DELETE", "-OLD"), ("UPDATE", "-OLD +NEW")):
                db.execute(_build_trigger_sql(table, tuple(column_types), event, rows.split()))

    def read_total(self) -> None:
        """Begin with what the catalog notes; only within a transaction, before anything is written."""
        row = self._db.execute("SELECT value FROM meta WHERE key=?", [CHECKSUM_KEY]).fetchone()
        self._total = int(row[0], 16)

    def write_total(self) -> None:
        """Note the checksum; at the end of a transaction."""
        checksum = format_checksum(self._total)
        self._db.execute("UPDATE meta SET value=? WHERE key=?", [checksum, CHECKSUM_KEY])

    def _note_row(self, sign: int, *row: Any) -> None:
        self._total += sign * crc32(marshal.dumps(row, ENCODING_VERSION))


def _build_trigger_sql(table: str, columns: Sequence[str], event: str, signed_rows: Sequence[str]) -> str:
    calls = "".join(f"SELECT note_row({_list_arguments(row[0], row[1:], columns)}); " for row in signed_rows)
    some_row = signed_rows[-1][1:]
    condition = f"WHEN {some_row}.key <> '{CHECKSUM_KEY}'" if table == "meta" else ""
    return f"CREATE TEMP TRIGGER {table}_{event} AFTER {event} ON main.{table} {condition} BEGIN {calls}END"


def _list_arguments(sign: str, row: str, columns: Sequence[str]) -> str:
    return ", ".join([f"{sign}1", *(f'{row}."{column}"' for column in columns)])


class SummedFile(io.BufferedWriter):
    """A file that keeps the checksum of what is written to it, in one go from its beginning."""

    total = 0

    def write(self, data: Any) -> int:
        """Write bytes."""
        self.total = crc32(data, self.total)
        return super().write(data)

    def format_checksum(self) -> str:
        """Return the checksum of all that was written."""
        return f"{self.total:08x}"


def sum_file(path: Path) -> str:
    """Return a file's checksum; "" where it is missing or cannot be read."""
    total = 0
    try:
        with path.open("rb", buffering=0) as file:
            while content := file.read(BYTES_PER_READ):
                total = crc32(content, total)
    except OSError:
        return ""
    return f"{total:08x}"
