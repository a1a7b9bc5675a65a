"""Sums of the columns of a table in CSV: an invoice's lines say its total without writing it anywhere."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from decimal import Decimal
from itertools import islice

from billfold.model.money import EXACT_CONTEXT, exact_sum

_NUMBER_PATTERN = re.compile(r"-?\d{1,30}(?:\.\d{1,30})?", re.ASCII)
_SEPARATORS = ",;\t"
MAX_ROWS = 1_000_000


def read_table(text: str) -> list[list[str]]:
    """Return the rows of a table in CSV, its headings first; none where it cannot be read."""
    heading = text.partition("\n")[0]
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(_SEPARATORS, key=heading.count))
        return list(islice(reader, MAX_ROWS))
    except csv.Error:
        return []


def has_column_sum(table: Sequence[Sequence[str]], totals: Sequence[Decimal]) -> bool:
    """Tell whether a table has a column that sums to one of the totals, exactly or to the cent."""
    rows = table[1:]
    sums = [_sum_column(rows, index) for index in range(max(map(len, rows), default=0))]
    return any(_is_same_amount(column_sum, total) for column_sum in sums if column_sum for total in totals)


def _sum_column(rows: Sequence[Sequence[str]], index: int) -> Decimal:
    cells = (row[index].strip() for row in rows if index < len(row))
    return exact_sum(Decimal(cell) for cell in cells if _NUMBER_PATTERN.fullmatch(cell))


def _is_same_amount(amount: Decimal, total: Decimal) -> bool:
    difference = EXACT_CONTEXT.subtract(amount, total).copy_abs()
    return not difference or difference < Decimal("0.005")
