"""Parts: Parquet files of charges, each written once, flushed to the disk, and never changed.

A part is read only where the catalog names it: what a killed writer leaves behind is nobody's, and the next one removes it.
"""

from __future__ import annotations

import io
import os
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from uuid import uuid4

import pyarrow as pa

from billfold.ledger.checksums import SummedFile
from billfold.ledger.columns import CHARGE_SCHEMA
from billfold.model.errors import LedgerError

if TYPE_CHECKING:
    import pyarrow.parquet as pq

ROWS_PER_GROUP = 16_384
"""Rows that are packed at once: few enough that a large bill is packed while it is still read."""
ROWS_PER_PART = 1_000_000
"""Rows after which a part is ended and the next one begun: what is noted of its groups stays in memory until then."""
MAX_DICTIONARY_BYTES = 32_768
"""Bytes of a column's different values in a group beyond which they are written one by one: ids, of which each is another."""


class PartFile(NamedTuple):
    """A finished part, as the catalog names it: the first and the last bill that it holds charges of."""

    name: str
    first_bill: int
    last_bill: int
    rows: int
    bytes: int
    checksum: str


class PartWriter:
    """Parts that are being written, one after another."""

    def __init__(self, directory: Path) -> None:
        if directory.is_file():
            raise LedgerError(f"{directory} is a file where a directory is needed: move it away")
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._directory = directory
        self._tables: list[pa.Table] = []
        self._file: _OpenPart | None = None
        self._parts = list[PartFile]()
        self._bill_ids, self._bill_ids_of_part = set[int](), set[int]()

    def add_rows(self, table: pa.Table) -> None:
        """Add charges; ``table`` has the columns of ``CHARGE_SCHEMA``."""
        self._tables.append(table)
        if sum(waiting.num_rows for waiting in self._tables) >= ROWS_PER_GROUP:
            self._write_group()

    def note_bill(self, bill_id: int) -> None:
        """Note whose charges are added."""
        self._bill_ids.add(bill_id)
        self._bill_ids_of_part.add(bill_id)

    def holds_bill(self, bill_id: int) -> bool:
        """Tell whether charges of a bill are in them."""
        return bill_id in self._bill_ids

    def _write_group(self) -> None:
        if self._file is None:
            self._file = _OpenPart(self._directory / f"{uuid4().hex}.parquet")
        self._file.write_group(pa.concat_tables(self._tables))
        self._tables = []
        if self._file.row_count >= ROWS_PER_PART:
            self._end_part()

    def _end_part(self) -> None:
        if self._file is not None:
            self._parts.append(self._file.close(min(self._bill_ids_of_part), max(self._bill_ids_of_part)))
            self._file = None
            self._bill_ids_of_part.clear()

    def close(self) -> list[PartFile]:
        """Bring the parts to the disk and return them; none where nothing was added."""
        if self._tables:
            self._write_group()
        self._end_part()
        _flush_directory(self._directory)
        return self._parts

    def discard(self) -> None:
        """Forget what was added."""
        if self._file is not None:
            self._file.discard()
        for part in self._parts:
            (self._directory / part.name).unlink(missing_ok=True)


class _OpenPart:
    """One file while it is written."""

    def __init__(self, path: Path) -> None:
        import pyarrow.parquet as pq

        self._path, self.row_count = path, 0
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._file = SummedFile(io.FileIO(descriptor, "wb"))
        options = {"compression": "zstd", "dictionary_pagesize_limit": MAX_DICTIONARY_BYTES}
        self._writer: pq.ParquetWriter = pq.ParquetWriter(self._file, CHARGE_SCHEMA, **options)

    def write_group(self, group: pa.Table) -> None:
        self._writer.write_table(group, row_group_size=max(group.num_rows, 1))
        self.row_count += group.num_rows

    def close(self, first_bill: int, last_bill: int) -> PartFile:
        """Bring the file to the disk."""
        self._writer.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        size = self._file.tell()
        self._file.close()
        return PartFile(self._path.name, first_bill, last_bill, self.row_count, size, self._file.format_checksum())

    def discard(self) -> None:
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
    """Remove the files that no catalog names; a folder is none of ours."""
    for path in directory.glob("*.parquet"):
        if path.name not in names and not path.is_dir():
            path.unlink(missing_ok=True)
