"""Typed rows as one Parquet file: text, numbers, times and exact decimals are columns of their own type."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq

MAX_DECIMAL_DIGITS = 38
ARROW_TYPES: Sequence[tuple[type, pa.DataType]] = (
    (bool, pa.bool_()),
    (int, pa.int64()),
    (float, pa.float64()),
    (datetime, pa.timestamp("us", "UTC")),
    (date, pa.date32()),
)
"""The types of columns that have a value of a type; a bool is an int, and a time a date, so the order counts."""


def write_parquet(rows: Sequence[Mapping[str, object]], columns: Sequence[str]) -> bytes:
    """Return rows as Parquet; a column without values, or with several types of them, is text."""
    arrays = [_build_array([row.get(name) for row in rows]) for name in columns]
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(arrays, list(columns)), sink, compression="zstd")
    return sink.getvalue()


def _build_array(values: Sequence[object]) -> pa.Array:
    value_types = {type(value) for value in values if value is not None}
    if len(value_types) != 1:
        return _build_text(values)
    (value_type,) = value_types
    if value_type is Decimal:
        return _build_decimals(values)
    arrow_type = next(
        (arrow_type for python_type, arrow_type in ARROW_TYPES if issubclass(value_type, python_type)), None
    )
    return _build_text(values) if arrow_type is None else pa.array(values, arrow_type)


def _build_decimals(values: Sequence[object]) -> pa.Array:
    """Return decimals of one scale, or text where one has more digits than Parquet takes."""
    decimals = [value for value in values if isinstance(value, Decimal)]
    scale = max(0, *(-int(value.as_tuple().exponent) for value in decimals), 0)
    if any(value.adjusted() + 1 + scale > MAX_DECIMAL_DIGITS for value in decimals) or scale > MAX_DECIMAL_DIGITS:
        return _build_text([format(value, "f") if isinstance(value, Decimal) else None for value in values])
    return pa.array(values, pa.decimal128(MAX_DECIMAL_DIGITS, scale))


def _build_text(values: Sequence[object]) -> pa.Array:
    return pa.array([None if value is None else str(value) for value in values], pa.string())
