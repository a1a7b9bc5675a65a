"""The catalog's rows in the engine's memory, where questions reach them."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import pyarrow as pa

from billfold.ledger.columns import CATALOG_TABLES


def insert_in_memory(connection: duckdb.DuckDBPyConnection, name: str, rows: Sequence[Sequence[object]]) -> None:
    """Put rows into a table in memory; whatever is no whole number comes as text, and DuckDB reads it as its column's type."""
    column_types = CATALOG_TABLES[name]
    columns = {
        column: pa.array(values, pa.int64()) if sql_type in {"INTEGER", "BIGINT"} else _write_texts(values)
        for (column, sql_type), values in zip(column_types.items(), zip(*rows, strict=True), strict=True)
    }
    incoming = pa.table(columns)  # noqa: F841 - read by name in the SQL below
    casts = ", ".join(f'"{column}"::{sql_type}' for column, sql_type in column_types.items())
    connection.execute(f"INSERT INTO {name} SELECT {casts} FROM incoming")


def _write_texts(values: Sequence[object]) -> pa.Array:
    try:  # PERF: nearly all are texts, and there are millions of them
        return pa.array(values, pa.string())
    except (TypeError, ValueError, pa.ArrowException):
        return pa.array([None if value is None else _write_text(value) for value in values], pa.string())


def _write_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
