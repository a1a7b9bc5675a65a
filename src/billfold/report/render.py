"""Rows as a table, as JSON or as CSV; money always with all its digits."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from billfold.model.money import least
from billfold.model.period import stamp

_NUMBER = re.compile(r"-?\d+(\.\d+)?")
DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
"""Characters that make a spreadsheet read a text cell as a formula."""


def word(value: Any) -> Any:
    """Write one value for JSON and CSV: decimals and times as text."""
    if isinstance(value, Decimal):
        return least(value)
    return stamp(value) if isinstance(value, datetime) else value


def as_json(rows: Iterable[dict[str, Any]]) -> str:
    """Write rows as a JSON list, one row a line."""
    lines = ",\n ".join(json.dumps({k: word(v) for k, v in row.items()}, ensure_ascii=False) for row in rows)
    return f"[{lines}]"


def as_csv(rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> str:
    """Write rows as CSV; a text cell that a spreadsheet would run as a formula gets a quote in front."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_MINIMAL)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row[column]) for column in columns])
    return out.getvalue()


def _cell(value: Any) -> Any:
    said = word(value)
    if not isinstance(value, str) or not said.startswith(DANGEROUS) or _NUMBER.fullmatch(said):
        return said
    return f"'{said}"


def _shown(value: Any) -> str:
    """Write a cell for a terminal, which must not be told what to do by a vendor's text."""
    text = "" if value is None else str(word(value))
    return text if text.isprintable() else "".join(c if c.isprintable() else "?" for c in text)


def counted(number: int, one: str, many: str = "") -> str:
    """Say how many there are of a thing."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def as_table(rows: Sequence[dict[str, Any]], columns: Sequence[str], numbers: Sequence[str] = ()) -> None:
    """Print rows as a table, numbers to the right."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, justify="right" if column in numbers else "left", no_wrap=True)
    for row in rows:
        table.add_row(*(_shown(row[column]) for column in columns))
    width = None if sys.stdout.isatty() else 10_000  # a file or a pipe gets every digit
    Console(width=width, highlight=False, markup=False, emoji=False).print(table)
