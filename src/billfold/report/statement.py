"""The statement of a month as a value: sections of rows and charts, the same for every format that it is written in."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from typing import NamedTuple, TypeAlias

from billfold.model.money import exact_sum, find_minor_digits, round_to_sum
from billfold.model.period import Month

TITLE = "Cloud bills of "
"""Begins the title of every statement, by which one is known."""


class Amount(NamedTuple):
    """Money in a cell: exact, and shown in whole subunits of its currency, rounded half to even.

    What a total shows is ``shown``: the sum of the figures above it, so that a column adds up on paper.
    """

    value: Decimal
    currency: str
    shown: Decimal | None = None

    @property
    def rounded(self) -> Decimal:
        """The amount in whole subunits."""
        if self.shown is not None:
            return self.shown
        return self.value.quantize(Decimal(1).scaleb(-find_minor_digits(self.currency)), ROUND_HALF_EVEN)

    @property
    def text(self) -> str:
        """The amount as it is shown."""
        return f"{self.rounded:,}"


Cell: TypeAlias = "Amount | str"


class StatementRow(NamedTuple):
    """A row of a section; ``is_total`` sets it apart."""

    cells: tuple[Cell, ...]
    is_total: bool = False


class Section(NamedTuple):
    """A part of the statement: a table, charts above it, a note below; ``summary`` stands for it where it has no rows."""

    title: str
    columns: tuple[str, ...] = ()
    rows: tuple[StatementRow, ...] = ()
    summary: str = ""
    note: str = ""
    charts: tuple[str, ...] = ()

    def is_number(self, index: int) -> bool:
        """Tell whether a column holds money: it stands to the right."""
        return any(isinstance(row.cells[index], Amount) for row in self.rows)


class Statement(NamedTuple):
    """A month as an accountant files it and a manager reads it; ``facts`` are names and values for its cover."""

    company: str
    month: Month
    verdict: str
    is_whole: bool
    facts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]

    @property
    def title(self) -> str:
        """What it is called."""
        return f"{TITLE}{self.month}"


def show_cell(cell: Cell) -> str:
    """Return a cell as it is shown."""
    return cell.text if isinstance(cell, Amount) else cell


def add_totals(rows: Sequence[StatementRow], amount_indexes: Sequence[int], label: str = "Total") -> list[StatementRow]:
    """Return rows with a total of their amounts for each currency; one row needs none, and a cell that is text counts for nothing.

    A total is that of the figures that are shown above it.
    """
    if len(rows) < 2:
        return list(rows)
    return [*rows, *(_sum_rows(rows, amount_indexes, currency, label) for currency in _list_currencies(rows))]


def foot_amounts(rows: Sequence[StatementRow], amount_indexes: Sequence[int]) -> list[StatementRow]:
    """Return the parts of a whole rounded so that they sum to the whole as it is rounded, by the largest remainder, by currency."""
    cells_by_row = [list(row.cells) for row in rows]
    for index in amount_indexes:
        for currency in _list_currencies(rows):
            members = [cells for cells in cells_by_row if _is_amount_in(cells[index], currency)]
            values = [cell.value for cells in members if isinstance(cell := cells[index], Amount)]
            for cells, value, shown in zip(
                members, values, round_to_sum(values, find_minor_digits(currency)), strict=True
            ):
                cells[index] = Amount(value, currency, shown)
    return [row._replace(cells=tuple(cells)) for row, cells in zip(rows, cells_by_row, strict=True)]


def _sum_rows(rows: Sequence[StatementRow], amount_indexes: Sequence[int], currency: str, label: str) -> StatementRow:
    total = list[Cell](["" for _ in rows[0].cells])
    total[0] = f"{label}, {currency}"
    for index in amount_indexes:
        amounts = [cell for row in rows if isinstance(cell := row.cells[index], Amount) and cell.currency == currency]
        shown = exact_sum([amount.rounded for amount in amounts])
        total[index] = Amount(exact_sum([amount.value for amount in amounts]), currency, shown)
    return StatementRow(tuple(total), is_total=True)


def _is_amount_in(cell: Cell, currency: str) -> bool:
    return isinstance(cell, Amount) and cell.currency == currency


def _list_currencies(rows: Sequence[StatementRow]) -> list[str]:
    return sorted({cell.currency for row in rows for cell in row.cells if isinstance(cell, Amount)})
