"""A table for people, cut to a terminal's width: texts shorten and columns drop out, but a number is never cut."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from billfold.model.plain_text import make_printable
from billfold.report.render import Row, get_cells, word

GAP = "  "
MIN_TEXT_WIDTH = 10
"""Texts shorten down to this before a column is dropped: a date stays whole."""


class TableLayout(NamedTuple):
    """How rows become a table.

    ``numbers`` stand to the right and are never cut. Where the table is too wide, columns are dropped in the order of
    ``droppable``, the first one first. ``min_widths`` names texts that must keep more than ``MIN_TEXT_WIDTH`` cells.
    """

    columns: Sequence[str]
    numbers: Sequence[str] = ()
    droppable: Sequence[str] = ()
    min_widths: Mapping[str, int] = {}


class _Column(NamedTuple):
    """A column's name, its cells with the heading on top, and whether it holds numbers."""

    name: str
    cells: list[str]
    is_number: bool
    min_text_width: int

    @property
    def width(self) -> int:
        return max(map(count_cells, self.cells))

    @property
    def body_width(self) -> int:
        return max(map(count_cells, self.cells[1:]), default=0)

    @property
    def min_width(self) -> int:
        return self.width if self.is_number else min(self.width, self.min_text_width)


def format_table(rows: Sequence[Row], layout: TableLayout, width: int | None = None) -> tuple[list[str], list[str]]:
    """Return a table's lines, the headings first, and the names of the columns that were dropped to fit ``width``."""
    row_cells = [get_cells(row) for row in rows]
    columns = [_build_column(name, row_cells, layout) for name in layout.columns]
    kept_columns = columns if width is None else _drop_columns(columns, layout.droppable, width)
    widths = [column.width for column in kept_columns] if width is None else _shrink_widths(kept_columns, width)
    lines = [
        GAP.join(
            _align(_shorten(cell, room, at_end=cell == column.name), room, is_number=column.is_number)
            for column, cell, room in zip(kept_columns, line, widths, strict=True)
        ).rstrip()
        for line in zip(*(column.cells for column in kept_columns), strict=True)
    ]
    names = {column.name for column in kept_columns}
    return lines, [name for name in layout.columns if name not in names]


def format_drop_note(dropped: Sequence[str], width: int) -> str:
    """Name the columns that a table was too wide for, and say how to see them."""
    return textwrap.fill(f"(left out to fit: {', '.join(dropped)}; --wide shows all)", max(width, 20))


def count_cells(text: str) -> int:
    """Return how many cells of a terminal a text takes: East Asian characters two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(map(_count_character_cells, text))


def _count_character_cells(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _build_column(name: str, rows: Iterable[Mapping[str, Any]], layout: TableLayout) -> _Column:
    values = [row[name] for row in rows]
    is_number = name in layout.numbers or any(isinstance(value, int | float | Decimal) for value in values)
    cells = [make_printable(name), *map(format_cell, values)]
    return _Column(name, cells, is_number, layout.min_widths.get(name, MIN_TEXT_WIDTH))


def format_cell(value: Any) -> str:
    """Write a cell for a terminal, which must not be told what to do by a vendor's text."""
    return make_printable("" if value is None else str(word(value)))


def _count_table_cells(widths: Sequence[int]) -> int:
    return sum(widths) + len(GAP) * (len(widths) - 1)


def _drop_columns(columns: Sequence[_Column], droppable: Iterable[str], width: int) -> Sequence[_Column]:
    """Drop columns in their order until the others fit when their texts are as short as they may be."""
    for name in droppable:
        if _count_table_cells([column.min_width for column in columns]) <= width:
            break
        columns = [column for column in columns if column.name != name]
    return columns


def _shrink_widths(columns: Sequence[_Column], width: int) -> list[int]:
    """Take cells from the widest text until the table fits, or nothing is left to take; long headings give first."""
    widths = [column.width for column in columns]
    min_widths, body_widths = [column.min_width for column in columns], [column.body_width for column in columns]
    while _count_table_cells(widths) > width:
        spare = [index for index in range(len(columns)) if widths[index] > min_widths[index]]
        if not spare:
            break
        widths[max(spare, key=lambda index: (widths[index] > body_widths[index], widths[index]))] -= 1
    return widths


def _shorten(text: str, width: int, *, at_end: bool) -> str:
    """Cut a text to a width: a heading or a sentence at its end, an id, whose end tells it from others, in its middle."""
    if count_cells(text) <= width:
        return text
    tail = "" if at_end or " " in text.strip() else _take_cells(text[::-1], (width - 1) // 2)[::-1]
    return f"{_take_cells(text, width - 1 - count_cells(tail))}…{tail}"


def _take_cells(text: str, width: int) -> str:
    """Return as many of a text's first characters as fit a width."""
    taken = 0
    for index, character in enumerate(text):
        taken += _count_character_cells(character)
        if taken > width:
            return text[:index]
    return text


def _align(text: str, width: int, *, is_number: bool) -> str:
    padding = " " * (width - count_cells(text))
    return padding + text if is_number else text + padding
