"""Parts: Parquet files of charges, each written once, flushed to the disk, and never changed.

A part is read only where the catalog names it: what a killed writer leaves behind is nobody's, and the next one removes it.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from uuid import uuid4

import pyarrow as pa

from billfold.ledger.columns import CHARGE_SCHEMA

if TYPE_CHECKING:
    import pyarrow.parquet as pq

ROWS_PER_GROUP = 16_384
"""Rows that are packed at once: few enough that a large bill is packed while it is still read."""
MAX_DICTIONARY_BYTES = 32_768
"""Bytes of a column's different values in a group beyond which they are written one by one: ids, of which each is another."""


class PartFile(NamedTuple):
    """A finished part, as the catalog names it: the first and the last bill that it holds charges of."""

    name: str
    first_bill: int
    last_bill: int
    rows: int
    bytes: int


class PartWriter:
    """A part that is being written."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = directory / f"{uuid4().hex}.parquet"
        self._tables: list[pa.Table] = []
        self._writer: pq.ParquetWriter | None = None
        self._row_count, self._bill_ids = 0, set[int]()

    def add_rows(self, table: pa.Table) -> None:
        """Add charges; ``table`` has the columns of ``CHARGE_SCHEMA``."""
        self._tables.append(table)
        if sum(waiting.num_rows for waiting in self._tables) >= ROWS_PER_GROUP:
            self._write_group()

    def note_bill(self, bill_id: int) -> None:
        """Note whose charges are added."""
        self._bill_ids.add(bill_id)

    def holds_bill(self, bill_id: int) -> bool:
        """Tell whether charges of a bill are in it."""
        return bill_id in self._bill_ids

    def _write_group(self) -> None:
        import pyarrow.parquet as pq

        if self._writer is None:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            self._file = os.fdopen(descriptor, "wb")
            self._writer = pq.ParquetWriter(
                self._file, CHARGE_SCHEMA, compression="zstd", dictionary_pagesize_limit=MAX_DICTIONARY_BYTES
            )
        group = pa.concat_tables(self._tables)
        self._writer.write_table(group, row_group_size=max(group.num_rows, 1))
        self._row_count, self._tables = self._row_count + group.num_rows, []

    def close(self) -> PartFile | None:
        """Bring the part to the disk; None where nothing was added."""
        if self._tables:
            self._write_group()
        if self._writer is None:
            return None
        self._writer.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        size = self._file.tell()
        self._file.close()
        _flush_directory(self._path.parent)
        return PartFile(self._path.name, min(self._bill_ids), max(self._bill_ids), self._row_count, size)

    def discard(self) -> None:
        """Forget what was added."""
        if self._writer is not None:
            with suppress(OSError, ValueError, pa.ArrowException):
                self._writer.close()
                self._file.close()
        self._path.unlink(missing_ok=True)


def _flush_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_unnamed(directory: Path, names: Collection[str]) -> None:
    """Remove the files that no catalog names."""
    for path in directory.glob("*.parquet"):
        if path.name not in names:
            path.unlink(missing_ok=True)
