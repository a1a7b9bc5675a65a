"""Rows as JSON or as CSV, and words for people; money always with all its digits."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple, TypeAlias

from billfold.model.csv_text import guard_formula
from billfold.model.finding import AccountFinding, Finding
from billfold.model.money import format_trimmed
from billfold.model.period import format_instant
from billfold.model.plain_text import escape_json

CRLF = "\r\n"
"""What the CSV writer ends a line with, so that it quotes a cell that holds either; ours end with the second alone."""


Row: TypeAlias = "Mapping[str, Any] | NamedTuple"
"""A row to be written: of a type, or by column name."""


def get_cells(row: Row) -> Mapping[str, Any]:
    """Return a row's cells by column name."""
    return row if isinstance(row, Mapping) else row._asdict()


def word(value: Any) -> Any:
    """Write one value for JSON and CSV: decimals and times as text."""
    if isinstance(value, Decimal):
        return format_trimmed(value)
    return format_instant(value) if isinstance(value, datetime) else value


def build_finding_row(located: AccountFinding) -> dict[str, object]:
    """Return a finding, and where it was found, for JSON and CSV."""
    place = {name: getattr(located, name) for name in located._fields[:3]}
    return {"id": located.id} | place | build_finding_fields(located.finding)


def build_finding_fields(finding: Finding) -> dict[str, object]:
    """Return the fields of a finding, plain values, for JSON and CSV."""
    names = ("code", "severity", "subject", "count", "text", "data")
    return {name: getattr(finding, name) for name in names} | {"data": dict(finding.data)}


def as_json(rows: Iterable[Row]) -> str:
    """Write rows as a JSON list, one row a line."""
    return "".join(json_lines(rows))


def json_lines(rows: Iterable[Row], default: Callable[[Any], str] | None = None) -> Iterator[str]:
    """Write rows as a JSON list, piece by piece; ``default`` writes what JSON has no word for."""
    before = "["
    for row in rows:
        cells = {name: word(value) for name, value in get_cells(row).items()}
        yield before + escape_json(json.dumps(cells, ensure_ascii=False, default=default))
        before = ",\n "
    yield "[]" if before == "[" else "]"


def as_csv(rows: Iterable[Row], columns: Sequence[str]) -> str:
    """Write rows as CSV; a text cell that a spreadsheet would run as a formula gets a quote in front."""
    return "".join(csv_lines(rows, columns))


def csv_lines(rows: Iterable[Row], columns: Sequence[str]) -> Iterator[str]:
    """Write rows as CSV, row by row, as ``as_csv`` does."""
    writer = csv.writer(_Handed(), lineterminator=CRLF, quoting=csv.QUOTE_MINIMAL)
    yield writer.writerow(columns)
    for row in rows:
        cells = get_cells(row)
        yield writer.writerow([_cell(cells[column]) for column in columns])


class _Handed:
    """A file that hands back the line that is written to it: a CSV writer returns what its file does."""

    def write(self, text: str) -> str:
        return text.removesuffix(CRLF) + "\n"


def _cell(value: Any) -> Any:
    return guard_formula(value) if isinstance(value, str) else word(value)


def counted(number: int, singular: str, plural: str = "") -> str:
    """Say how many there are of a thing."""
    return f"{number} {singular if number == 1 else plural or singular + 's'}"
