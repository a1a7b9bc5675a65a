"""Charges on their way into a part, in the background: large batches as they come, small ones together."""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from operator import attrgetter
from types import TracebackType
from typing import NamedTuple, Self, cast

import pyarrow as pa

from billfold.ledger.batch import (
    Columns,
    build_columns,
    make_exact_array,
    sum_batch,
)
from billfold.ledger.columns import CHARGE_COLUMN_TYPES, CHARGE_SCHEMA
from billfold.ledger.digest import ContentHash
from billfold.ledger.store import OpenLedger
from billfold.model.bill import Bill, BillEnd, Charges, State
from billfold.model.errors import PROVIDER_FAULTS, BillfoldError, MappingError
from billfold.model.finding import Finding, make_finding
from billfold.model.finding_codes import FindingCode
from billfold.model.money import EXACT_CONTEXT, ZERO

CHARGES_PER_WRITE = 4096
"""Lines that are waited for before they are written."""
SWITCH_INTERVAL_S = 0.0003
"""Seconds between Python's changes of threads while both make lines and write them: the usual 0.005 come a dozen times to
each statement, which wants the interpreter as often."""


class WrittenBill(NamedTuple):
    """What was written of a bill: how many charges, how many of them the vendor lists, their sum, what is wrong.

    ``whole`` is False where lines had to be left out: the sum is not the bill's then.
    """

    charge_count: int
    line_count: int
    charge_sum: Decimal
    findings: tuple[Finding, ...]
    is_complete: bool = True
    content: str | None = None


@dataclass
class _BatchStream:
    """Batches, and what a generator of them said at its end."""

    batches: Iterable[Charges]
    end: BillEnd | None = None

    def __iter__(self) -> Iterator[Charges]:
        try:
            self.end = yield from cast("Generator[Charges, None, BillEnd | None]", self.batches)
        except (BillfoldError, ValueError, ArithmeticError, TypeError):
            raise
        except PROVIDER_FAULTS as error:
            raise MappingError(f"its lines cannot be made: {type(error).__name__}: {error}") from error


class ChargeWriter:
    """Writes the charges of one bill after another; use it in a ``with`` statement."""

    def __init__(self, ledger: OpenLedger) -> None:
        self._ledger, self._executor = ledger, ThreadPoolExecutor(max_workers=1)
        self._queue: list[tuple[int, Columns]] = []
        self._write_future: Future[None] | None = None
        self._usual_switch_interval = sys.getswitchinterval()

    def write_bill(self, bill_id: int, bill: Bill, *, with_content: bool = False) -> WrittenBill:
        """Write a bill's charges under its number, each batch while the next one is made.

        ``with_content`` takes the fingerprint of its charges on the way.
        """
        charge_count, line_count, charge_sum, findings = 0, 0, ZERO, list[Finding]()
        batches, content_hash = _BatchStream(bill.charges), ContentHash() if with_content else None
        issued_on = bill.issued_on.replace(microsecond=0) if bill.issued_on and bill.state is State.ISSUED else None
        for batch in filter(attrgetter("line_count"), batches):
            try:
                columns = build_columns(batch, bill.state, issued_on)
            except pa.ArrowInvalid as error:
                text = f"a value cannot be kept exactly, its line and those told with it are left out: {error}"
                findings.append(make_finding(FindingCode.VALUE_UNUSABLE, text))
                continue
            if content_hash:
                content_hash.add_rows(_build_full_table([(bill_id, columns)]))
            self._queue_columns(bill_id, columns)
            amount, vendor_line_count = sum_batch(batch, bill.currency)
            charge_count, line_count, charge_sum = (
                charge_count + batch.line_count,
                line_count + vendor_line_count,
                EXACT_CONTEXT.add(charge_sum, amount),
            )
        is_complete, bill_end = not findings, batches.end or BillEnd(line_count)
        return WrittenBill(
            charge_count,
            bill_end.line_count,
            charge_sum,
            (*findings, *bill_end.findings),
            is_complete,
            content_hash.read_hash() if content_hash else None,
        )

    def holds_bill(self, bill_id: int) -> bool:
        """Tell whether charges of a bill wait to be written."""
        return self._write_future is not None or any(queued_id == bill_id for queued_id, _ in self._queue)

    def discard_bill(self, bill_id: int) -> None:
        """Leave out what is not written yet of a bill."""
        self._queue = [(queued_id, columns) for queued_id, columns in self._queue if queued_id != bill_id]

    def flush(self) -> None:
        """Wait until everything is written."""
        self._start_writing()
        self._wait_for_writing()

    def _wait_for_writing(self) -> None:
        if self._write_future:
            self._write_future.result()
            self._write_future = None

    def _queue_columns(self, bill_id: int, columns: Columns) -> None:
        self._queue.append((bill_id, columns))
        if sum(batch_columns.table.num_rows for _, batch_columns in self._queue) >= CHARGES_PER_WRITE:
            self._start_writing()

    def _start_writing(self) -> None:
        self._wait_for_writing()
        if self._queue:
            self._write_future = self._executor.submit(_write_batches, self._ledger, self._queue)
            self._queue = []

    def __enter__(self) -> Self:
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        return self

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._executor.shutdown()
        sys.setswitchinterval(self._usual_switch_interval)


def _write_batches(ledger: OpenLedger, batches: list[tuple[int, Columns]]) -> None:
    ledger.add_charges({bill_id for bill_id, _ in batches}, _build_full_table(batches))


def _build_full_table(batches: list[tuple[int, Columns]]) -> pa.Table:
    """Return batches as one table that says in every line what all lines of a batch share."""
    tables = [_spread_common(bill_id, columns) for bill_id, columns in batches]
    table = tables[0] if len(tables) == 1 else pa.concat_tables(tables, promote_options="default")
    arrays = [
        table[field.name] if field.name in table.column_names else pa.nulls(table.num_rows, field.type)
        for field in CHARGE_SCHEMA
    ]
    return pa.table(arrays, schema=CHARGE_SCHEMA)


def _spread_common(bill_id: int, columns: Columns) -> pa.Table:
    line_count = columns.table.num_rows
    common_scalars = {
        name: make_exact_array([value], CHARGE_COLUMN_TYPES[name][1])[0]
        for name, value in columns.common_values.items()
    }
    arrays = {
        name: array.combine_chunks().dictionary_decode() if pa.types.is_dictionary(array.type) else array
        for name, array in zip(columns.table.column_names, columns.table.columns, strict=True)
    }
    for name, value in (common_scalars | {"bill": pa.scalar(bill_id, pa.int32())}).items():
        arrays[name] = pa.repeat(value, line_count)
    return pa.table(arrays)
