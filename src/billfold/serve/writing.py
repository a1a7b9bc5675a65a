"""Rows as the words of an answer: JSON, CSV and NDJSON, in which money is text with all its digits."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import islice

from billfold.ledger.row_files import write_parquet
from billfold.model.period import Month
from billfold.model.plain_text import escape_json
from billfold.report import render

ROWS_PER_CHUNK = 500
JSON_TYPE, CSV_TYPE, NDJSON_TYPE = "application/json", "text/csv; charset=utf-8; header=present", "application/x-ndjson"
PARQUET_TYPE, OCTETS_TYPE = "application/vnd.apache.parquet", "application/octet-stream"


def write_value(value: object) -> object:
    """Return a value as JSON has it: decimals and times as text, rows as objects."""
    if isinstance(value, Decimal | datetime):
        return render.word(value)
    if isinstance(value, date | Month) or (isinstance(value, float) and not math.isfinite(value)):
        return str(value)
    if isinstance(value, Mapping) or is_row(value):
        return {name: write_value(cell) for name, cell in read_cells(value).items()}
    if isinstance(value, list | tuple | frozenset | set):
        return [write_value(item) for item in value]
    return value


def is_row(value: object) -> bool:
    """Tell whether a value is a typed row."""
    return isinstance(value, tuple) and "_fields" in vars(type(value))


def read_cells(row: object) -> Mapping[str, object]:
    """Return the cells of a row by the names that others see: without the underscore that Python needs."""
    if isinstance(row, Mapping):
        return row
    fields: Sequence[str] = vars(type(row))["_fields"]
    return {name.removesuffix("_"): cell for name, cell in zip(fields, row, strict=True)}  # type: ignore[call-overload]


def write_json(value: object) -> str:
    """Write a value as JSON; of a list each item has a line of its own."""
    if isinstance(value, list):
        return "[" + ",\n ".join(map(write_json, value)) + "]\n" if value else "[]\n"
    return escape_json(json.dumps(write_value(value), ensure_ascii=False, default=str))


def write_csv(rows: Iterable[object], columns: Sequence[str]) -> Iterator[str]:
    """Yield rows as CSV, the heading first; a cell that a spreadsheet would run as a formula gets a quote in front."""
    return render.csv_lines(map(_flatten, rows), columns)


def _flatten(row: object) -> dict[str, object]:
    """Return the cells of a row as CSV has them: what is no plain value stands there as JSON."""
    values = {name: write_value(cell) for name, cell in read_cells(row).items()}
    return {
        name: json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value
        for name, value in values.items()
    }


def write_rows_file(rows: Iterable[object], columns: Sequence[str]) -> bytes:
    """Return rows as Parquet, in which decimals and times are what they are; what is no plain value stands there as JSON."""
    return write_parquet([_flatten_nested(row) for row in rows], columns)


def _flatten_nested(row: object) -> dict[str, object]:
    return {name: _flatten_value(cell) for name, cell in read_cells(row).items()}


def _flatten_value(cell: object) -> object:
    if isinstance(cell, Month):
        return str(cell)
    is_nested = isinstance(cell, Mapping | list | tuple | frozenset | set)
    return json.dumps(write_value(cell), ensure_ascii=False, default=str) if is_nested else cell


def write_lines(rows: Iterable[object]) -> Iterator[str]:
    """Yield rows as NDJSON: one object a line."""
    return (write_json(row) + "\n" for row in rows)


def join_chunks(lines: Iterator[str]) -> Iterator[bytes]:
    """Yield lines some hundred at a time, as they are sent."""
    while chunk := "".join(islice(lines, ROWS_PER_CHUNK)):
        yield chunk.encode()
