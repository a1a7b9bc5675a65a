"""Questions to a ledger in SQL and as Arrow: the four FOCUS datasets and the vendors' own records, for reading only.

Arrow goes on to Polars, pandas or DuckDB with its decimals; nothing on the way is a float unless a query makes one
(DuckDB's division and ``avg`` do).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import pyarrow as pa

from billfold.focus import views
from billfold.focus.versions import COMMITMENT, COST, INVOICE, PERIOD
from billfold.focus.views import Selection
from billfold.ledger import query, store
from billfold.ledger.archive import Archive
from billfold.model.errors import InvalidArgument, LedgerError
from billfold.model.period import end_of_day

ROWS_PER_BATCH = 65_536
_RECORDS_PER_INSERT = 200
_RECORD_SCHEMA = pa.schema(
    [(name, pa.int64()) for name in ("seq", "run", "status")]
    + [(name, pa.string()) for name in ("provider", "account", "operation", "question", "fetched_at", "body")]
)


class Ledger:
    """A ledger directory, open for reading: its FOCUS rows as Arrow, and answers to SQL.

    ``as_of`` shows it as it was known at a time, which has a zone, or at the end of a day (UTC). Raises ``LedgerError``
    where the ledger is missing, in use or damaged, ``InvalidArgument`` for no such time. Use it in a ``with`` statement, or close
    it.
    """

    def __init__(self, directory: Path | str, part: Selection | None = None, *, as_of: date | None = None) -> None:
        self._directory, self._part = Path(directory), part or Selection()
        if as_of is not None:
            self._part = self._part._replace(
                filters=self._part.filters._replace(seq=self._known_at(_to_instant(as_of)))
            )
        self._db = store.open_read_only(self._directory / "ledger.duckdb")
        self._db.execute("SET enable_external_access = false")
        self.left_out = views.create_views(store.OpenLedger(self._db), self._part)
        """The bills that are left out because they are parked."""

    def charges(self) -> pa.RecordBatchReader:
        """Return the CostAndUsage rows."""
        return self._read_dataset(COST)

    def invoice_details(self) -> pa.RecordBatchReader:
        """Return the InvoiceDetail rows."""
        return self._read_dataset(INVOICE)

    def billing_periods(self) -> pa.RecordBatchReader:
        """Return the BillingPeriod rows."""
        return self._read_dataset(PERIOD)

    def contract_commitments(self) -> pa.RecordBatchReader:
        """Return the ContractCommitment rows."""
        return self._read_dataset(COMMITMENT)

    def sql(self, query: str) -> pa.RecordBatchReader:
        """Answer one SELECT over the datasets, the ledger's tables and ``records``; raises ``InvalidArgument``."""
        try:
            query.encode()  # of what is no text DuckDB says only that the argument is of the wrong type
            statement_types = [statement.type.name for statement in self._db.extract_statements(query)]
            if statement_types != ["SELECT"]:
                raise InvalidArgument("ask one SELECT: the ledger can only be read")
            asking = self._open_cursor()
            if re.search(r"\brecords\b", query, re.IGNORECASE):
                self._load_records(asking)
            return asking.sql(query).to_arrow_reader(ROWS_PER_BATCH)
        except duckdb.Error as error:
            raise InvalidArgument(str(error)) from error
        except UnicodeEncodeError as error:
            raise InvalidArgument("the query is not UTF-8 text") from error

    def rows(self, query: str) -> tuple[list[str], Iterator[dict[str, Any]]]:
        """Answer one SELECT with the names of its columns and its rows, one by one; raises ``InvalidArgument``.

        Of columns that share a name the second is ``NAME_2`` and so on, so that none takes another's place.
        """
        reader = self.sql(query)
        names = list(_unique_names(reader.schema.names))
        return names, _iter_rows(reader, names)

    def _read_dataset(self, dataset: str) -> pa.RecordBatchReader:
        return self._open_cursor().sql(f'SELECT * FROM "{dataset}"').to_arrow_reader(ROWS_PER_BATCH)

    def _open_cursor(self) -> duckdb.DuckDBPyConnection:
        """Return a connection for one question: it is taken until the answer is read, and views are its own."""
        asking = self._db.cursor()
        views.create_views(store.OpenLedger(asking), self._part)
        return asking

    def _known_at(self, when: datetime) -> int:
        path = self._directory / "archive.sqlite"
        if not path.is_file():
            raise LedgerError(f"there is no archive at {path}: what was known at a time is not known without it")
        with Archive(path) as archive:
            return query.resolve_as_of(archive, when)

    def _load_records(self, asking: duckdb.DuckDBPyConnection) -> None:
        """Lay the archive's answers beside the ledger: bodies as text, null where they are none (a PDF)."""
        columns = ", ".join(
            f"{name} {'BIGINT' if record_type == pa.int64() else 'VARCHAR'}"
            for name, record_type in _find_record_types()
        )
        asking.execute(f"CREATE TEMP TABLE records ({columns})")
        with Archive(self._directory / "archive.sqlite") as archive:
            for batch in _iter_records(archive):
                asking.register("incoming", batch)
                asking.execute("INSERT INTO records BY NAME SELECT * FROM incoming")
                asking.unregister("incoming")

    def close(self) -> None:
        """Close the ledger."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _to_instant(as_of: date) -> datetime:
    """Return the time to look back to; of a day its end."""
    if not isinstance(as_of, date):
        raise InvalidArgument(f"as_of is {as_of!r}; it must be a date, or a datetime with a zone")
    if not isinstance(as_of, datetime):
        if as_of == date.max:
            raise InvalidArgument(f"{as_of} is the calendar's last day: it has no end to look back to")
        return end_of_day(as_of)
    if as_of.tzinfo is None:
        raise InvalidArgument(f"as_of {as_of} has no zone; give it one, as in datetime(2026, 8, 1, tzinfo=UTC)")
    return as_of


def _unique_names(names: list[str]) -> Iterator[str]:
    """Yield names of which no two are alike; the first of some keeps its own."""
    taken, used_names = set(names), set[str]()
    for name in names:
        free = (candidate for number in count(2) if (candidate := f"{name}_{number}") not in taken)
        own = name if name not in used_names else next(free)
        used_names.add(own)
        taken.add(own)
        yield own


def _iter_rows(reader: pa.RecordBatchReader, names: list[str]) -> Iterator[dict[str, Any]]:
    try:
        for batch in reader:
            yield from batch.rename_columns(names).to_pylist()
    except (pa.ArrowException, duckdb.Error) as error:
        raise InvalidArgument(str(error).partition("\n")[0]) from error
    except (ValueError, OverflowError) as error:
        raise InvalidArgument(f"the answer holds a time or a number that cannot be written: {error}") from error


def _find_record_types() -> Iterator[tuple[str, pa.DataType]]:
    for field in _RECORD_SCHEMA:
        yield field.name, field.type


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
