"""The FOCUS datasets as tables of a PostgreSQL database, exact: all of them are replaced in one transaction, or none is."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from billfold.ledger.dataset_rows import TABLE_NAMES, DatasetColumn, list_dataset_columns
from billfold.ledger.focus_views import FocusViews
from billfold.ledger.query import LedgerFilter
from billfold.model.errors import InvalidArgument
from billfold.model.focus import COMMITMENT
from billfold.model.period import format_instant

CHUNK_BYTES = 1 << 20
COMMITMENT_KEY = ("ServiceProviderName", "ContractCommitmentId")
_POSTGRES_TYPES = {"VARCHAR": "text", "BIGINT": "bigint", "BOOLEAN": "boolean", "TIMESTAMP": "timestamptz"}


def export_postgres(views: FocusViews, conninfo: str, schema: str) -> dict[str, int]:
    """Load the datasets into tables of a schema, which are made where they are missing; returns the rows by table.

    Where months are selected, only their rows are replaced, and commitments that are told in them; else all rows are. Who reads sees the earlier rows until all new ones are there. Raises ``InvalidArgument`` where the database cannot be reached or
    written; no message holds what the connection is made with.
    """
    import psycopg

    try:
        with (
            tempfile.TemporaryDirectory() as folder,
            views.open_writing(),
            psycopg.connect(conninfo) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {_quote(schema)}".encode())
            return {
                table: _load_table(cursor, views, dataset, f"{_quote(schema)}.{table}", Path(folder))
                for dataset, table in TABLE_NAMES.items()
            }
    except psycopg.Error as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise InvalidArgument(f"the database cannot be written: {reason}") from None


def _load_table(cursor: object, views: FocusViews, dataset: str, table: str, folder: Path) -> int:
    import psycopg

    assert isinstance(cursor, psycopg.Cursor)
    columns, path = list_dataset_columns(views, dataset), folder / "rows.csv"
    months = _build_months_sql(views.selection.filters)
    for statement in build_table_statements(table, columns):
        cursor.execute(statement.encode())
    rows = views.write_file(path, dataset, {column.name: _build_cell_sql(column) for column in columns})
    names = ", ".join(_quote(column.name) for column in columns)
    cursor.execute(f"CREATE TEMP TABLE loaded (LIKE {table}) ON COMMIT DROP".encode())
    with cursor.copy(f"COPY loaded ({names}) FROM STDIN (FORMAT csv, HEADER)".encode()) as copy:
        for chunk in _iter_chunks(path):
            copy.write(chunk)
    same_key = " AND ".join(f"{table}.{_quote(name)} = loaded.{_quote(name)}" for name in COMMITMENT_KEY)
    is_merged = bool(months) and dataset == COMMITMENT
    cursor.execute(f"DELETE FROM {table} {f'USING loaded WHERE {same_key}' if is_merged else months}".encode())
    cursor.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM loaded".encode())
    cursor.execute(b"DROP TABLE loaded")
    return rows


def _build_months_sql(filters: LedgerFilter) -> str:
    """Return the condition for the rows of the selected months; "" where all are selected."""
    bounds = []
    if filters.first_month:
        bounds.append(f"\"BillingPeriodStart\" >= '{format_instant(filters.first_month.start)}'")
    if filters.last_month:
        bounds.append(f"\"BillingPeriodStart\" < '{format_instant(filters.last_month.end)}'")
    return f"WHERE {' AND '.join(bounds)}" if bounds else ""


def build_table_statements(table: str, columns: list[DatasetColumn]) -> list[str]:
    """Return the statements that make a table, and give it columns that it lacks."""
    definitions = [f"{_quote(column.name)} {_choose_type(column)}" for column in columns]
    return [
        f"CREATE TABLE IF NOT EXISTS {table} ({', '.join(definitions)})",
        f"ALTER TABLE {table} {', '.join(f'ADD COLUMN IF NOT EXISTS {definition}' for definition in definitions)}",
    ]


def _choose_type(column: DatasetColumn) -> str:
    return column.sql_type.replace("DECIMAL", "numeric") if column.is_decimal else _POSTGRES_TYPES[column.sql_type]


def _build_cell_sql(column: DatasetColumn) -> str:
    """Write a column as it is; PostgreSQL has no text with a NUL in it."""
    return f"""replace("{column.name}", chr(0), '')""" if column.sql_type == "VARCHAR" else f'"{column.name}"'


def _quote(name: str) -> str:
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


def _iter_chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
