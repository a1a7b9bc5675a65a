"""The ledger in memory: the catalog's tables as they were at one instant, and the parts that it names, for DuckDB to ask.

Derived from the archive and disposable. Who reads holds no lock; who writes has the turn that ``open_writer`` gives.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from operator import itemgetter
from pathlib import Path
from typing import IO, Any, NamedTuple, TypeVar

import duckdb
import pyarrow as pa

from billfold.ledger.account_lock import open_lock_file, try_file_lock
from billfold.ledger.catalog_file import (
    CatalogRows,
    CatalogWriter,
    DamagedLedgerError,
    StaleLedgerError,
    create_catalog,
    describe_failure,
    read_catalog,
)
from billfold.ledger.checksums import sum_file
from billfold.ledger.columns import CATALOG_TABLES, CHARGE_TABLE, build_table_sql
from billfold.ledger.layout import PARTS_FOLDER, READERS_FILE
from billfold.ledger.memory_tables import insert_in_memory
from billfold.ledger.parts import PartFile, PartWriter, remove_unnamed
from billfold.model.errors import LedgerError

MEMORY_LIMIT = "256MB"
"""What DuckDB may hold before it writes to disk: a ledger is larger than the memory it is read in."""
MAX_SPILL = "2GB"
"""Bytes that anybody's question may put on the disk beside the ledger while it is computed."""
WRITER_TIMEOUT_S = 600.0
"""Seconds to wait for another process that books."""
READERS_TIMEOUT_S = 1.0
"""Seconds to wait for who removes parts; where files cannot be locked at all it is waited in vain."""
ROWS_PER_FETCH = 2048
Row = TypeVar("Row", bound=NamedTuple)
Values = Mapping[str, object] | Sequence[object] | None


class OpenLedger:
    """A ledger while it is open: other rooms hand it to this one's questions, which alone speak SQL to it.

    Its tables in memory are as the catalog was when it was opened: what is written goes into the catalog's file, is asked for
    there while it is being booked, and is in the tables when the ledger is loaded again.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, path: Path) -> None:
        self.connection, self.path = connection, path
        self.execute = connection.execute
        """Runs a statement; tables in its words may be variables of whoever calls it, as DuckDB looks them up."""
        self._catalog: CatalogWriter | None = None
        self._part: PartWriter | None = None
        self._parts = list[PartFile]()
        self.is_behind = False
        """Whether another process was booking when this was opened: what it books is not here."""
        self._readers_file: IO[bytes] | None = None
        self.last_bill_id = 0
        """The highest number that was given to a bill, whatever became of it: none is given twice."""
        self._sound_parts = set[str]()
        self._charge_condition = "true"
        self.cache = dict[object, Any]()
        """Answers that several reports of one command ask for; forgotten when the ledger is loaded again."""

    def hold_parts(self) -> None:
        """Keep the parts from being removed as long as this is open; where no lock can be made, nobody removes any.

        Who is just removing what nobody names lets go in an instant.
        """
        with suppress(OSError):
            self._readers_file = (self.path.parent / READERS_FILE).open("ab")
            deadline = time.monotonic() + READERS_TIMEOUT_S
            while not try_file_lock(self._readers_file.fileno(), shared=True) and time.monotonic() < deadline:
                time.sleep(0.01)

    def release_parts(self) -> None:
        """Let go of the parts, for who has the turn to write."""
        if self._readers_file is not None:
            self._readers_file.close()
            self._readers_file = None

    def select(self, row_type: type[Row], query: str, values: Values = None) -> list[Row]:
        """Return the rows of a query whose columns are the fields of a type; their times are aware."""
        return list(self.iter_rows(row_type, query, values))

    def iter_rows(self, row_type: type[Row], query: str, values: Values = None) -> Iterator[Row]:
        """Yield the rows of a query as ``select`` returns them; they are read in batches."""
        result = self.execute(query, values)
        column_names = tuple(column[0] for column in result.description or ())
        if column_names != row_type._fields:
            raise TypeError(f"{row_type.__name__} has other fields than {', '.join(column_names)}")
        time_columns = [number for number, column in enumerate(result.description or ()) if column[1] == "TIMESTAMP"]
        while batch := result.fetchmany(ROWS_PER_FETCH):
            for values_of_row in batch:
                cells = list(values_of_row)
                for number in time_columns:
                    cells[number] = make_aware(cells[number])
                yield row_type._make(cells)

    @property
    def parts_directory(self) -> Path:
        """Where the parts lie."""
        return self.path.parent / PARTS_FOLDER

    @property
    def catalog(self) -> CatalogWriter:
        """The catalog's file, opened for writing."""
        if self._catalog is None:
            self._catalog = CatalogWriter(self.path)
        return self._catalog

    def note_last_bill(self, bill_id: int) -> None:
        """Note the highest number that was given to a bill; a part may hold charges of one that was dropped again."""
        if bill_id != self.last_bill_id:
            self.catalog.execute("INSERT OR REPLACE INTO meta VALUES ('last_bill', ?)", [str(bill_id)])
            self.last_bill_id = bill_id

    def add_charges(self, bill_ids: Iterable[int], table: pa.Table) -> None:
        """Add charges to the part that is being written."""
        if self._part is None:
            self._part = PartWriter(self.parts_directory)
        for bill_id in bill_ids:
            self._part.note_bill(bill_id)
        self._part.add_rows(table)

    def close_part(self) -> None:
        """Bring the part that is being written to the disk, and name it: its charges can be asked for from now on."""
        writer, self._part = self._part, None
        if writer and (parts := writer.close()):
            self.catalog.insert_rows("parts", parts)
            self._sound_parts.update(part.name for part in parts)
            self.show_parts(self.catalog.select("SELECT * FROM parts ORDER BY first_bill, name"))

    def close_part_of(self, bill_id: int) -> None:
        """Bring the part to the disk, if it holds charges of a bill."""
        if self._part is not None and self._part.holds_bill(bill_id):
            self.close_part()

    def show_parts(self, parts: Iterable[tuple[Any, ...]]) -> None:
        """Let the charges be those of these parts, each a row of the catalog; raises ``DamagedLedgerError``."""
        self._parts = [PartFile(*part) for part in parts]
        self._check_parts()
        self.execute(f"CREATE OR REPLACE VIEW charges AS {self._build_parts_sql(self._parts)}")

    def hide_foreign_charges(self) -> None:
        """Show only the charges of bills that the tables have: some were taken out of them."""
        self._charge_condition = "bill IN (SELECT id FROM bills)"
        self.cache.clear()
        self.show_parts(self._parts)

    def build_bill_sql(self, bill_id: int) -> str:
        """Return the SELECT of a bill's charges; it opens no part that cannot hold any of them."""
        parts = [part for part in self._parts if part.first_bill <= bill_id <= part.last_bill]
        return f"{self._build_parts_sql(parts)} AND bill = {bill_id}"

    def _build_parts_sql(self, parts: Sequence[PartFile]) -> str:
        columns = ", ".join(f'"{column}"' for column in CHARGE_TABLE)
        paths = ", ".join(_quote(str(self.parts_directory / part.name)) for part in parts)
        source = f"read_parquet([{paths}], hive_partitioning=false)" if parts else "no_charges"
        return f"SELECT {columns} FROM {source} WHERE {self._charge_condition}"

    def _check_parts(self) -> None:
        """Hold the files of the parts against their checksums, each once."""
        for part in self._parts:
            if part.name not in self._sound_parts and sum_file(self.parts_directory / part.name) != part.checksum:
                raise DamagedLedgerError(f"the ledger's part {self.parts_directory / part.name} is damaged or missing")
            self._sound_parts.add(part.name)

    def forget_changes(self) -> None:
        """Drop the part that is being written."""
        if self._part is not None:
            self._part.discard()
            self._part = None

    def close(self) -> None:
        """Let go of the files."""
        self.forget_changes()
        if self._catalog is not None:
            self._catalog.close()
        self.release_parts()
        self.connection.close()


def make_aware(value: Any) -> Any:
    """Return a value of the ledger, in UTC where it is a time."""
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value


@contextmanager
def open_ledger(path: Path) -> Iterator[OpenLedger]:
    """Open the ledger of a catalog and let go of it again; makes an empty one where there is none."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        create_catalog(path)
    ledger = _load_ledger(path)
    try:
        yield ledger
    except duckdb.Error as error:
        message = str(error).splitlines()[0]
        if "Could not write" in message or "No space left" in message:
            raise describe_failure(path, message) from error
        raise LedgerError(
            f"the ledger {path} cannot be used: {message}; `billfold rebuild` computes it anew"
        ) from error
    finally:
        ledger.close()


def open_read_only(path: Path) -> OpenLedger:
    """Open a ledger for questions of anybody; raises ``LedgerError`` where it is missing, damaged or no ledger of ours."""
    if not path.is_file():
        raise LedgerError(f"there is no ledger at {path}; run `billfold sync` or `billfold rebuild`")
    try:
        ledger = _load_ledger(path)
    except StaleLedgerError as error:
        raise LedgerError(f"{error}; `billfold rebuild` computes it anew") from error
    ledger.execute(f"SET max_temp_directory_size = '{MAX_SPILL}'")
    ledger.execute(f"SET allowed_directories = [{_quote(f'{ledger.parts_directory}/')}]")
    ledger.execute("SET enable_external_access = false")
    return ledger


@contextmanager
def take_turn(path: Path, *, wait: bool = True) -> Iterator[bool]:
    """Take the turn to write the ledger of a catalog; without ``wait`` False where another process has it."""
    deadline = time.monotonic() + WRITER_TIMEOUT_S
    with open_lock_file(path.with_suffix(".lock")) as file:
        while not try_file_lock(file.fileno()):
            if not wait:
                yield False
                return
            if time.monotonic() > deadline:
                raise LedgerError(f"the ledger {path} is being written by another process; try again later")
            time.sleep(0.05)
        yield True


def reload_ledger(ledger: OpenLedger) -> None:
    """Bring an open ledger up to what others wrote since it was opened."""
    _fill_tables(ledger, read_catalog(ledger.path))


@contextmanager
def open_transaction(ledger: OpenLedger) -> Iterator[None]:
    """Write all or nothing."""
    try:
        with ledger.catalog.open_transaction():
            yield
            ledger.close_part()
    except BaseException as error:
        ledger.forget_changes()
        if isinstance(error, OSError):
            raise describe_failure(ledger.path, str(error)) from error
        raise


def remove_leftovers(path: Path) -> None:
    """Remove the parts that a catalog does not name, unless somebody reads; only who has the turn to write may.

    Nobody may read in this process either: do it before the ledger is opened, or after.
    """
    with open_lock_file(path.parent / READERS_FILE) as file:
        if path.is_file() and try_file_lock(file.fileno()):
            names = {row[0] for row in read_catalog(path)["parts"]}
            remove_unnamed(path.parent / PARTS_FOLDER, names)


def read_last_hashes(db: OpenLedger) -> dict[int, str]:
    """Return the last archive number that was booked of each account, with the hash of its entry."""
    return dict(db.execute("SELECT max(seq), arg_max(chain, seq) FROM runs GROUP BY provider, account").fetchall())


def _load_ledger(path: Path) -> OpenLedger:
    is_writable = os.access(path.parent, os.W_OK)
    temp_directory = f"{path}.tmp" if is_writable else f"{tempfile.gettempdir()}/billfold.tmp"
    connection = duckdb.connect(config={"memory_limit": MEMORY_LIMIT, "temp_directory": temp_directory})
    ledger = OpenLedger(connection, path)
    ledger.hold_parts()  # before the catalog is read: what it names then stays
    for name, column_types in CATALOG_TABLES.items():
        connection.execute(build_table_sql(name, column_types))
    connection.execute(build_table_sql("no_charges", CHARGE_TABLE))
    connection.execute("SET preserve_insertion_order=false")
    try:
        _fill_tables(ledger, read_catalog(path))
    except BaseException:
        ledger.close()
        raise
    return ledger


def _fill_tables(ledger: OpenLedger, rows: CatalogRows) -> None:
    ledger.cache.clear()
    for name, table_rows in rows.items():
        ledger.execute(f"DELETE FROM {name}")
        if table_rows:
            insert_in_memory(ledger.connection, name, table_rows)
    ledger.last_bill_id = int(next((value for key, value in rows["meta"] if key == "last_bill"), 0))
    ledger.show_parts(sorted(rows["parts"], key=itemgetter(1, 0)))


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
