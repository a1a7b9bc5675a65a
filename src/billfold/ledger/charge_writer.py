"""Charges on their way into the ledger's table, in the background: large batches as they come, small ones together."""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from operator import attrgetter
from types import TracebackType
from typing import Any, NamedTuple, Self, cast

import duckdb
import pyarrow as pa

from billfold.ledger.batch import SMALL, Columns, columns, comes_to, exact, stored
from billfold.ledger.columns import KINDS
from billfold.model.bill import Bill, Charges, End
from billfold.model.money import EXACT, ZERO

TOGETHER = 4096
"""Lines that are waited for before they are written."""
GIVE_WAY = 0.0003
"""Seconds between Python's changes of threads while both make lines and write them: the usual 0.005 come a dozen times to
each statement, which wants the interpreter as often."""


class Written(NamedTuple):
    """What was written of a bill: how many charges, how many of them the vendor lists, their sum, what is wrong.

    ``whole`` is False where lines had to be left out: the sum is not the bill's then.
    """

    charges: int
    listed: int
    summed: Decimal
    problems: tuple[str, ...]
    whole: bool = True


@dataclass
class _Ended:
    """Batches, and what a generator of them said at its end."""

    made: Iterable[Charges]
    end: End | None = None

    def __iter__(self) -> Iterator[Charges]:
        self.end = yield from cast("Generator[Charges, None, End | None]", self.made)


class Writer:
    """Writes the charges of one bill after another; use it in a ``with`` statement.

    The connection belongs to the background while it writes: ``pause`` or ``settle`` before anything else is asked of it.
    """

    def __init__(self, db: duckdb.DuckDBPyConnection) -> None:
        self._db, self._hand = db, ThreadPoolExecutor(max_workers=1)
        self._waiting: list[tuple[int, Columns]] = []
        self._writing: Future[None] | None = None
        self._usual = sys.getswitchinterval()

    def write(self, number: int, bill: Bill) -> Written:
        """Write a bill's charges under its number, each batch while the next one is made."""
        count, listed, summed, problems = 0, 0, ZERO, list[str]()
        made = _Ended(bill.charges)
        for batch in filter(attrgetter("lines"), made):
            try:
                found = columns(batch, bill.state)
            except pa.ArrowInvalid as error:
                problems.append(
                    f"a value cannot be kept exactly, its line and those told with it are left out: {error}"
                )
                continue
            self._put(number, found)
            amount, of_vendor = comes_to(batch, bill.currency)
            count, listed, summed = count + len(batch.lines), listed + of_vendor, EXACT.add(summed, amount)
        whole, ending = not problems, made.end or End(listed)
        return Written(count, ending.listed, summed, (*problems, *ending.problems), whole)

    def pause(self) -> None:
        """Wait until the connection is free."""
        if self._writing:
            self._writing.result()
            self._writing = None

    def settle(self) -> None:
        """Wait until everything is written."""
        self._send()
        self.pause()

    def _put(self, number: int, found: Columns) -> None:
        self._waiting.append((number, found))
        if sum(one.lines.num_rows for _, one in self._waiting) >= TOGETHER:
            self._send()

    def _send(self) -> None:
        self.pause()
        if self._waiting:
            self._writing = self._hand.submit(_insert, self._db, self._waiting)
            self._waiting = []

    def __enter__(self) -> Self:
        sys.setswitchinterval(GIVE_WAY)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._hand.shutdown()
        sys.setswitchinterval(self._usual)


def _insert(db: duckdb.DuckDBPyConnection, waiting: list[tuple[int, Columns]]) -> None:
    small = [_whole(number, made) for number, made in waiting if made.lines.num_rows < SMALL]
    if small:
        _insert_lines(db, pa.concat_tables(small, promote_options="default"), {})
    for number, made in waiting:
        if made.lines.num_rows >= SMALL:
            _insert_lines(db, made.lines, {"bill": number, **made.fixed})


def _whole(number: int, made: Columns) -> pa.Table:
    """Return a batch as a table that says in every line what all lines share."""
    count = made.lines.num_rows
    fixed = {name: exact([value], KINDS[name][1])[0] for name, value in made.fixed.items()}
    whole = made.lines
    for name, value in (fixed | {"bill": pa.scalar(number, pa.int32())}).items():
        whole = whole.append_column(name, pa.repeat(value, count))
    return whole


def _insert_lines(db: duckdb.DuckDBPyConnection, lines: pa.Table, fixed: dict[str, Any]) -> None:
    into = ", ".join(f'"{name}"' for name in (*fixed, *lines.column_names))
    said = ", ".join([*"?" * len(fixed), *(f'"{name}"' for name in lines.column_names)])
    db.execute(f"INSERT INTO charges ({into}) SELECT {said} FROM lines", list(map(stored, fixed.values())))
