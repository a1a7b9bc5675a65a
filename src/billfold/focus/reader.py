"""A ledger as a library sees it: the four FOCUS datasets and the vendors' own records as Arrow, for reading only.

Arrow goes on to Polars, pandas or DuckDB with its decimals; nothing on the way is a float unless a query makes one
(DuckDB's division and ``avg`` do).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa
from pyarrow import parquet

from billfold.ledger.archive import Archive
from billfold.ledger.as_of import resolve_as_of
from billfold.ledger.focus_views import Selection
from billfold.ledger.layout import ARCHIVE_FILE
from billfold.ledger.query import LedgerBill
from billfold.ledger.reader import LedgerReader, SchemaRow, SqlRow, iter_rows, make_times_aware
from billfold.model.errors import InvalidArgument, LedgerError
from billfold.model.focus import COMMITMENT, COST, INVOICE, PERIOD, CostAndUsage
from billfold.model.period import to_instant


class Ledger:
    """A ledger directory, open for reading: bills and charges as typed rows, FOCUS datasets and answers to SQL as Arrow.

    Times are aware and UTC everywhere.
    ``as_of`` shows it as it was known at a time, which has a zone, or at the end of a day (UTC). Raises ``LedgerError``
    where the ledger is missing, in use or damaged, ``InvalidArgument`` for no such time. Use it in a ``with`` statement, or close
    it.
    """

    def __init__(self, directory: Path | str, part: Selection | None = None, *, as_of: date | None = None) -> None:
        directory, selection = Path(directory), part or Selection()
        if as_of is not None:
            seq = _find_seq_at(directory, to_instant(as_of))
            selection = selection._replace(filters=selection.filters._replace(seq=seq))
        self._reader = LedgerReader(directory, selection)
        self.left_out = self._reader.left_out
        """The bills that are left out because they are parked."""

    def list_bills(self) -> list[LedgerBill]:
        """Return the invoices, drafts and estimates, parked ones too; totals are ``Decimal``, times aware."""
        return self._reader.list_bills()

    def iter_charges(self) -> Iterator[CostAndUsage]:
        """Yield the charges of all bills that are not parked, as `billfold charges` lists them: ``Decimal``, aware times."""
        return self._reader.iter_charges()

    def charges(self) -> pa.RecordBatchReader:
        """Return the CostAndUsage rows."""
        return make_times_aware(self._reader.read_dataset(COST))

    def invoice_details(self) -> pa.RecordBatchReader:
        """Return the InvoiceDetail rows."""
        return make_times_aware(self._reader.read_dataset(INVOICE))

    def billing_periods(self) -> pa.RecordBatchReader:
        """Return the BillingPeriod rows."""
        return make_times_aware(self._reader.read_dataset(PERIOD))

    def contract_commitments(self) -> pa.RecordBatchReader:
        """Return the ContractCommitment rows."""
        return make_times_aware(self._reader.read_dataset(COMMITMENT))

    def sql(self, query: str) -> pa.RecordBatchReader:
        """Answer one SELECT over the datasets, the ledger's tables and ``records``; raises ``InvalidArgument``."""
        return make_times_aware(self._reader.answer_query(query))

    def rows(self, query: str, time_limit: int | None = None) -> tuple[list[str], Iterator[SqlRow]]:
        """Answer one SELECT with the names of its columns and its rows, one by one; raises ``InvalidArgument``.

        ``time_limit`` is in seconds. Of columns that share a name the second is ``NAME_2`` and so on, so that none takes another's place.
        """
        reader = self._reader.answer_query(query, time_limit)
        names = list(_unique_names(reader.schema.names))
        return names, iter_rows(reader, names)

    def write_parquet(self, query: str, most: int, time_limit: int | None = None) -> bytes:
        """Answer one SELECT as a Parquet file of its first rows, with decimals and times as they are; raises ``InvalidArgument``."""
        reader = make_times_aware(self._reader.answer_query(query, time_limit))
        batches, count = list[pa.RecordBatch](), 0
        try:
            while count < most and (batch := next(reader, None)) is not None:
                batches.append(batch)
                count += batch.num_rows
            table = pa.Table.from_batches(batches, reader.schema).slice(0, most)
            sink = pa.BufferOutputStream()
            parquet.write_table(table.rename_columns(list(_unique_names(table.column_names))), sink, compression="zstd")
        except pa.ArrowException as error:
            raise InvalidArgument(str(error).partition("\n")[0]) from error
        return bytes(sink.getvalue().to_pybytes())

    def describe_tables(self, table: str = "") -> list[SchemaRow]:
        """Return the documented tables, or the columns of one of them; raises ``InvalidArgument`` for no such table."""
        return self._reader.describe_tables(table)

    def close(self) -> None:
        """Close the ledger."""
        self._reader.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _find_seq_at(directory: Path, instant: datetime) -> int:
    path = directory / ARCHIVE_FILE
    if not path.is_file():
        raise LedgerError(f"there is no archive at {path}: what was known at a time is not known without it")
    with Archive(path) as archive:
        return resolve_as_of(archive, instant)


def _unique_names(names: list[str]) -> Iterator[str]:
    """Yield names of which no two are alike; the first of some keeps its own."""
    taken, used_names = set(names), set[str]()
    for name in names:
        free = (candidate for number in count(2) if (candidate := f"{name}_{number}") not in taken)
        own = name if name not in used_names else next(free)
        used_names.add(own)
        taken.add(own)
        yield own
