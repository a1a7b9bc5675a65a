"""The FOCUS datasets as an SQLite file: amounts as text with all their digits, and views that have them as numbers."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from billfold.ledger.dataset_rows import TABLE_NAMES, DatasetColumn, iter_dataset_rows, list_dataset_columns
from billfold.ledger.focus_views import FocusViews
from billfold.model.errors import InvalidArgument, build_write_error

APPLICATION_ID = 0x62696C66
"""What tells a file of ours from anybody else's."""
_SQLITE_TYPES = {"BIGINT": "INTEGER", "BOOLEAN": "INTEGER"}


def export_sqlite(views: FocusViews, path: Path) -> dict[str, int]:
    """Write the datasets into a file, in the place of an earlier export; returns the rows by table.

    Raises ``InvalidArgument`` where the file is anybody else's, or cannot be written.
    """
    _require_own(path)
    draft = path.with_name(f".{path.name}.draft")
    try:
        draft.unlink(missing_ok=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        counts = _write_tables(views, draft)
        draft.replace(path)
    except (OSError, sqlite3.Error) as error:
        raise build_write_error(path, error) from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
    return counts


def _require_own(path: Path) -> None:
    if not path.exists():
        return
    try:
        with closing(sqlite3.connect(path.resolve().as_uri() + "?mode=ro", uri=True)) as db:
            application_id = db.execute("PRAGMA application_id").fetchone()[0]
    except sqlite3.Error:
        application_id = None
    if application_id != APPLICATION_ID:
        raise InvalidArgument(f"{path} is no export of billfold's, and would be replaced: name another file")


def _write_tables(views: FocusViews, path: Path) -> dict[str, int]:
    counts = dict[str, int]()
    with closing(sqlite3.connect(path)) as db, views.open_writing():
        db.execute("PRAGMA journal_mode = MEMORY")  # a draft needs no second file to be left behind
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        for dataset, table in TABLE_NAMES.items():
            columns = list_dataset_columns(views, dataset)
            db.execute(f"CREATE TABLE {table} ({', '.join(map(_define_column, columns))})")
            marks = ", ".join("?" * len(columns))
            db.executemany(f"INSERT INTO {table} VALUES ({marks})", iter_dataset_rows(views, dataset))
            numbers = ", ".join(map(_build_number_sql, columns))
            db.execute(f"CREATE VIEW {table}_numbers AS SELECT {numbers} FROM {table}")
            counts[table] = db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        db.commit()
    return counts


def _define_column(column: DatasetColumn) -> str:
    return f'"{column.name}" {_SQLITE_TYPES.get(column.sql_type, "TEXT")}'


def _build_number_sql(column: DatasetColumn) -> str:
    return f'CAST("{column.name}" AS REAL) AS "{column.name}"' if column.is_decimal else f'"{column.name}"'
