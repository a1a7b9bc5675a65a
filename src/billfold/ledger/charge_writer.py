"""Charges on their way into the ledger's table, in the background: large batches as they come, small ones together."""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from operator import attrgetter
from types import TracebackType
from typing import NamedTuple, Self, cast

import pyarrow as pa

from billfold.ledger.batch import (
    SMALL_BATCH_LINES,
    Columns,
    build_columns,
    make_exact_array,
    sum_batch,
    to_stored_value,
)
from billfold.ledger.columns import CHARGE_COLUMN_TYPES
from billfold.ledger.store import OpenLedger
from billfold.model.bill import Bill, BillEnd, Charges
from billfold.model.finding import Finding, make_finding
from billfold.model.finding_codes import FindingCode
from billfold.model.money import EXACT_CONTEXT, ZERO

CHARGES_PER_INSERT = 4096
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


@dataclass
class _BatchStream:
    """Batches, and what a generator of them said at its end."""

    batches: Iterable[Charges]
    end: BillEnd | None = None

    def __iter__(self) -> Iterator[Charges]:
        self.end = yield from cast("Generator[Charges, None, BillEnd | None]", self.batches)


class ChargeWriter:
    """Writes the charges of one bill after another; use it in a ``with`` statement.

    The connection belongs to the background while it writes: ``wait_for_insert`` or ``flush`` before anything else is asked of it.
    """

    def __init__(self, db: OpenLedger) -> None:
        self._db, self._executor = db, ThreadPoolExecutor(max_workers=1)
        self._queue: list[tuple[int, Columns]] = []
        self._insert_future: Future[None] | None = None
        self._usual_switch_interval = sys.getswitchinterval()

    def write_bill(self, bill_id: int, bill: Bill) -> WrittenBill:
        """Write a bill's charges under its number, each batch while the next one is made."""
        charge_count, line_count, charge_sum, findings = 0, 0, ZERO, list[Finding]()
        batches = _BatchStream(bill.charges)
        for batch in filter(attrgetter("lines"), batches):
            try:
                columns = build_columns(batch, bill.state)
            except pa.ArrowInvalid as error:
                text = f"a value cannot be kept exactly, its line and those told with it are left out: {error}"
                findings.append(make_finding(FindingCode.VALUE_UNUSABLE, text))
                continue
            self._queue_columns(bill_id, columns)
            amount, vendor_line_count = sum_batch(batch, bill.currency)
            charge_count, line_count, charge_sum = (
                charge_count + len(batch.lines),
                line_count + vendor_line_count,
                EXACT_CONTEXT.add(charge_sum, amount),
            )
        is_complete, bill_end = not findings, batches.end or BillEnd(line_count)
        return WrittenBill(charge_count, bill_end.line_count, charge_sum, (*findings, *bill_end.findings), is_complete)

    def wait_for_insert(self) -> None:
        """Wait until the connection is free."""
        if self._insert_future:
            self._insert_future.result()
            self._insert_future = None

    def flush(self) -> None:
        """Wait until everything is written."""
        self._start_insert()
        self.wait_for_insert()

    def _queue_columns(self, bill_id: int, columns: Columns) -> None:
        self._queue.append((bill_id, columns))
        if sum(batch_columns.table.num_rows for _, batch_columns in self._queue) >= CHARGES_PER_INSERT:
            self._start_insert()

    def _start_insert(self) -> None:
        self.wait_for_insert()
        if self._queue:
            self._insert_future = self._executor.submit(_insert_batches, self._db, self._queue)
            self._queue = []

    def __enter__(self) -> Self:
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        return self

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._executor.shutdown()
        sys.setswitchinterval(self._usual_switch_interval)


def _insert_batches(db: OpenLedger, batches: list[tuple[int, Columns]]) -> None:
    small_tables = [
        _build_full_table(bill_id, columns)
        for bill_id, columns in batches
        if columns.table.num_rows < SMALL_BATCH_LINES
    ]
    if small_tables:
        _insert_lines(db, pa.concat_tables(small_tables, promote_options="default"), {})
    for bill_id, columns in batches:
        if columns.table.num_rows >= SMALL_BATCH_LINES:
            _insert_lines(db, columns.table, {"bill": bill_id, **columns.common_values})


def _build_full_table(bill_id: int, columns: Columns) -> pa.Table:
    """Return a batch as a table that says in every line what all lines share."""
    line_count = columns.table.num_rows
    common_scalars = {
        name: make_exact_array([value], CHARGE_COLUMN_TYPES[name][1])[0]
        for name, value in columns.common_values.items()
    }
    table = columns.table
    for name, value in (common_scalars | {"bill": pa.scalar(bill_id, pa.int32())}).items():
        table = table.append_column(name, pa.repeat(value, line_count))
    return table


def _insert_lines(db: OpenLedger, lines: pa.Table, common_values: Mapping[str, object]) -> None:
    target_columns = ", ".join(f'"{name}"' for name in (*common_values, *lines.column_names))
    select_list = ", ".join([*"?" * len(common_values), *(f'"{name}"' for name in lines.column_names)])
    db.execute(
        f"INSERT INTO charges ({target_columns}) SELECT {select_list} FROM lines",
        list(map(to_stored_value, common_values.values())),
    )
