"""A ledger file that is only read: its FOCUS datasets as Arrow, and answers to anybody's SELECT over them and the archive."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import duckdb
import pyarrow as pa

from billfold.ledger.archive import Archive
from billfold.ledger.column_meanings import COSTS_VIEW, RECORDS_TABLE, TABLE_MEANINGS, find_meaning
from billfold.ledger.focus_views import FocusViews, Selection, select_cells
from billfold.ledger.layout import ARCHIVE_FILE, CATALOG_FILE
from billfold.ledger.query import AMOUNT_SQL, SERVICE_SQL, LedgerBill, iter_charges, list_ledger_bills
from billfold.ledger.query_guard import require_reading
from billfold.ledger.store import OpenLedger, open_read_only
from billfold.model.errors import InvalidArgument
from billfold.model.focus import CostAndUsage

ROWS_PER_BATCH = 65_536
_RECORDS_PER_INSERT = 200
POLL_INTERVAL_S = 1
"""Seconds after which Ctrl-C is heard while a question is computed."""
T = TypeVar("T")
_RECORD_SCHEMA = pa.schema(
    [(name, pa.int64()) for name in ("seq", "run", "status")]
    + [(name, pa.string()) for name in ("provider", "account", "operation", "question", "fetched_at", "body")]
)


SqlRow = dict[str, Any]
"""A row of anybody's query, by column name."""
_COSTS_SQL = f"""
    SELECT b.provider, b.called AS account, strftime(b.period_start, '%Y-%m') AS month, b.state, b.currency,
           {AMOUNT_SQL} AS cost, {SERVICE_SQL} AS service, c.ChargeCategory AS category, c.ChargeFrequency AS frequency,
           c.SkuId AS sku, coalesce(c.RegionName, c.RegionId) AS region,
           coalesce(c.ResourceName, c.ResourceId) AS resource, coalesce(c.SubAccountName, c.SubAccountId) AS sub_account,
           c.Tags AS tags, c.ChargeDescription AS description, c.PricingQuantity AS quantity, c.PricingUnit AS unit,
           b.invoice_id, c.ChargePeriodStart::DATE AS day
    FROM charges c JOIN picked b ON c.bill = b.id"""
"""Charges with short names, and the names of providers and accounts that every command uses."""


class SchemaRow(NamedTuple):
    """A documented table, or a column of one with its SQL type, and what it means."""

    name: str
    type: str
    meaning: str


def _choose_record_type(field: pa.Field) -> str:
    return "BIGINT" if field.type == pa.int64() else "VARCHAR"


class LedgerReader:
    """The ledger of a directory, opened for reading, and the part of it that is wanted as datasets."""

    def __init__(self, directory: Path, selection: Selection) -> None:
        self._directory, self._selection = directory, selection
        self._ledger = open_read_only(directory / CATALOG_FILE)
        self._connection = self._ledger.connection
        self.left_out = FocusViews(self._ledger, selection).left_out

    def read_dataset(self, dataset: str) -> pa.RecordBatchReader:
        """Return the rows of a dataset."""
        return self._open_cursor().sql(f'SELECT * FROM "{dataset}"').to_arrow_reader(ROWS_PER_BATCH)

    def list_bills(self) -> list[LedgerBill]:
        """Return the bills of the selection."""
        return list_ledger_bills(self._ledger, self._selection.filters)

    def iter_charges(self) -> Iterator[CostAndUsage]:
        """Yield the charges of the selection's bills that are not parked."""
        return iter_charges(OpenLedger(self._connection.cursor(), self._ledger.path), self._selection.filters)

    def answer_query(self, query: str, time_limit: int | None = None) -> pa.RecordBatchReader:
        """Answer one SELECT over the datasets, the ledger's tables and ``records``; raises ``InvalidArgument``.

        ``time_limit`` is in seconds, for each step of the answer.
        """
        try:
            query.encode()  # of what is no text DuckDB says only that the argument is of the wrong type
            require_reading(self._connection, query)
            cursor = self._open_cursor()
            if re.search(r"\brecords\b", query, re.IGNORECASE):
                self._load_records(cursor)
            reader = _run_interruptibly(cursor, lambda: cursor.sql(query).to_arrow_reader(ROWS_PER_BATCH), time_limit)
            batches = _iter_interruptibly(cursor, reader, time_limit)
            return pa.RecordBatchReader.from_batches(reader.schema, batches)
        except duckdb.Error as error:
            raise InvalidArgument(_describe_error(error)) from error
        except UnicodeEncodeError as error:
            raise InvalidArgument("the query is not UTF-8 text") from error

    def describe_tables(self, table: str = "") -> list[SchemaRow]:
        """Return the documented tables, or the columns of one of them; raises ``InvalidArgument`` for no such table."""
        if not table:
            return [SchemaRow(name, "table", meaning) for name, meaning in TABLE_MEANINGS.items()]
        names = {name.lower(): name for name in TABLE_MEANINGS}
        if (name := names.get(table.lower(), "")) == "":
            raise InvalidArgument(f"there is no table {table!r}; there are {', '.join(TABLE_MEANINGS)}")
        if name == RECORDS_TABLE:
            columns = [(field.name, _choose_record_type(field)) for field in _RECORD_SCHEMA]
        else:
            columns = [row[:2] for row in self._open_cursor().execute(f'DESCRIBE "{name}"').fetchall()]
        return [SchemaRow(column, sql_type, find_meaning(name, column)) for column, sql_type in columns]

    def _open_cursor(self) -> duckdb.DuckDBPyConnection:
        """Return a connection for one question: it is taken until the answer is read, and views are its own."""
        cursor = self._connection.cursor()
        FocusViews(OpenLedger(cursor, self._ledger.path), self._selection)
        cursor.execute(f"CREATE OR REPLACE TEMP VIEW {COSTS_VIEW} AS {_COSTS_SQL}")
        return cursor

    def _load_records(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Lay the archive's answers beside the ledger: bodies as text, null where they are none (a PDF)."""
        columns = ", ".join(f"{field.name} {_choose_record_type(field)}" for field in _RECORD_SCHEMA)
        cursor.execute(f"CREATE TEMP TABLE records ({columns})")
        with Archive(self._directory / ARCHIVE_FILE) as archive:
            for batch in _iter_records(archive):
                cursor.register("incoming", batch)
                cursor.execute("INSERT INTO records BY NAME SELECT * FROM incoming")
                cursor.unregister("incoming")

    def close(self) -> None:
        """Close the ledger."""
        self._ledger.close()


def _iter_interruptibly(
    connection: duckdb.DuckDBPyConnection, reader: pa.RecordBatchReader, time_limit: int | None
) -> Iterator[pa.RecordBatch]:
    batches = iter(reader)
    while (batch := _run_interruptibly(connection, lambda: next(batches, None), time_limit)) is not None:
        yield batch


def _run_interruptibly(
    connection: duckdb.DuckDBPyConnection, step: Callable[[], T], time_limit: int | None = None
) -> T:
    """Take a step of a question in a thread: DuckDB itself hears no Ctrl-C, however long it computes.

    Raises ``InvalidArgument`` where it takes longer than ``time_limit`` seconds.
    """
    with ThreadPoolExecutor(1) as pool:
        result = pool.submit(step)
        try:
            _wait_for(result, time_limit)
        except BaseException:
            while not wait((result,), POLL_INTERVAL_S).done:
                connection.interrupt()  # it is heard only by what is computed at that instant
            raise
        return result.result()


def _wait_for(result: Future[T], time_limit: int | None) -> None:
    start_time = time.monotonic()
    while not wait((result,), POLL_INTERVAL_S).done:
        if time_limit is not None and time.monotonic() - start_time > time_limit:
            raise InvalidArgument(f"the query takes longer than {time_limit} s: narrow it")


def read_cells(views: FocusViews, dataset: str, cells: Mapping[str, str]) -> pa.RecordBatchReader:
    """Return a dataset's rows, batch by batch; ``cells`` as ``FocusViews.write_file`` takes them."""
    connection = views.ledger.connection
    return make_times_aware(connection.sql(select_cells(dataset, cells)).to_arrow_reader(ROWS_PER_BATCH))


def make_times_aware(reader: pa.RecordBatchReader) -> pa.RecordBatchReader:
    """Return the same rows with times that say that they are UTC; the ledger has no other."""
    fields = [
        field.with_type(pa.timestamp(field.type.unit, "UTC")) if pa.types.is_timestamp(field.type) else field
        for field in reader.schema
    ]
    schema = pa.schema(fields, reader.schema.metadata)
    return pa.RecordBatchReader.from_batches(schema, (batch.cast(schema) for batch in reader))


def iter_rows(reader: pa.RecordBatchReader, names: list[str]) -> Iterator[SqlRow]:
    """Yield an answer's rows under other names, their times aware; raises ``InvalidArgument`` for what only shows in reading."""
    time_names = [name for name, kind in zip(names, reader.schema.types, strict=True) if pa.types.is_timestamp(kind)]
    try:
        for batch in reader:
            rows = batch.rename_columns(names).to_pylist()
            for name in time_names:  # PERF: Arrow takes thrice as long for a time that is aware
                for row in rows:
                    row[name] = _make_aware(row[name])
            yield from rows
    except (pa.ArrowException, duckdb.Error) as error:
        raise InvalidArgument(str(error).partition("\n")[0]) from error
    except (ValueError, OverflowError) as error:
        raise InvalidArgument(f"the answer holds a time or a number that cannot be written: {error}") from error


def _describe_error(error: duckdb.Error) -> str:
    """Return what is wrong with a query as one line, without the picture of it."""
    return " ".join(str(error).partition("\nLINE ")[0].split())


def _make_aware(instant: datetime | None) -> datetime | None:
    return instant.replace(tzinfo=UTC) if instant is not None and instant.tzinfo is None else instant


def _iter_records(archive: Archive) -> Iterator[pa.Table]:
    waiting = []
    for entry in archive.iter_answers():
        record_fields = entry._asdict() | {"body": _decode_text(archive.read_body(entry.body))}
        waiting.append({name: record_fields[name] for name in _RECORD_SCHEMA.names})
        if len(waiting) == _RECORDS_PER_INSERT:
            yield pa.Table.from_pylist(waiting, schema=_RECORD_SCHEMA)
            waiting = []
    if waiting:
        yield pa.Table.from_pylist(waiting, schema=_RECORD_SCHEMA)


def _decode_text(body: bytes) -> str | None:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None
