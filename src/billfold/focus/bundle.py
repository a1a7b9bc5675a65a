"""A directory of FOCUS files, anybody's, opened for questions: each dataset a view of texts, numbers beside them.

A column ``X`` is its text as CSV has it, null where the cell is empty; ``X#`` is the number that it is, for columns of
decimals. CSV files are staged as Parquet first, so that many questions read them once.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import duckdb

from billfold.focus.sql_cells import STAMP
from billfold.focus.versions import Dataset, Version
from billfold.model.errors import InvalidArgument

WHOLE = "DECIMAL(38,18)"


class Bundle(NamedTuple):
    """An opened directory: its connection, and for each dataset found its columns and their stored types."""

    db: duckdb.DuckDBPyConnection
    columns: dict[str, dict[str, str]]

    def rows(self, dataset: str) -> int:
        """Return how many rows a dataset has."""
        return int(self.db.execute(f'SELECT count(*) FROM "{dataset}"').fetchall()[0][0])


def paths(directory: Path, dataset: Dataset) -> list[Path]:
    """Return a dataset's files: one of its name, or those of its partition."""
    found = [
        path
        for form in ("parquet", "csv")
        for path in (*directory.glob(f"{dataset.file}.{form}"), *sorted(directory.glob(f"{dataset.file}/**/*.{form}")))
    ]
    forms = {path.suffix for path in found}
    if len(forms) > 1:
        raise InvalidArgument(f"{directory} has {dataset.file} as CSV and as Parquet; leave one of them")
    return found


@contextmanager
def opened(directory: Path, version: Version) -> Iterator[Bundle]:
    """Open a directory of FOCUS files; raises ``InvalidArgument`` where there are none, or where they turn out to be damaged."""
    with tempfile.TemporaryDirectory() as staging, duckdb.connect() as db:
        db.execute(
            f"SET temp_directory = '{staging}'; SET memory_limit = '300MB'; SET threads = 1; SET preserve_insertion_order = false; SET TimeZone = 'UTC'"
        )
        bundle = Bundle(db, {})
        for dataset in version.datasets.values():
            if found := paths(directory, dataset):
                bundle.columns[dataset.name] = _open(db, dataset, found, Path(staging))
        if not bundle.columns:
            raise InvalidArgument(f"there are no FOCUS files in {directory}")
        try:
            yield bundle
        except duckdb.Error as error:  # a damaged file is found when its rows are read
            raise InvalidArgument(f"{directory} cannot be read: {str(error).splitlines()[0]}") from error


def _open(db: duckdb.DuckDBPyConnection, dataset: Dataset, found: list[Path], staging: Path) -> dict[str, str]:
    try:
        source = _source(db, dataset, found, staging)
        kinds = {name: kind for name, kind, *_ in db.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()}
    except duckdb.Error as error:
        raise InvalidArgument(f"{found[0]} cannot be read: {str(error).splitlines()[0]}") from error
    said = [f"{_text(_named(name), kind)} AS {_named(name)}" for name, kind in kinds.items()]
    decimals = (name for name, column in dataset.columns.items() if column.type == "Decimal" and name in kinds)
    said += [f'TRY_CAST("{name}" AS {WHOLE}) AS "{name}#"' for name in decimals]
    db.execute(f'CREATE VIEW "{dataset.name}" AS SELECT {", ".join(said)} FROM {source}')
    return kinds


def _source(db: duckdb.DuckDBPyConnection, dataset: Dataset, found: list[Path], staging: Path) -> str:
    listed = ", ".join("'" + str(path).replace("'", "''") + "'" for path in found)
    if found[0].suffix == ".parquet":
        return f"read_parquet([{listed}], hive_partitioning = false)"
    staged = staging / f"{dataset.file}.parquet"
    reading = (
        f"read_csv([{listed}], all_varchar = true, header = true, delim = ',', quote = '\"', escape = '\"', "
        "hive_partitioning = false, max_line_size = 2097152)"
    )
    db.execute(f"COPY (SELECT * FROM {reading}) TO '{staged}' (FORMAT parquet, ROW_GROUP_SIZE 50000)")
    return f"read_parquet('{staged}')"


def _named(column: str) -> str:
    """Write anybody's column as a name in SQL."""
    return '"' + column.replace('"', '""') + '"'


def _text(name: str, kind: str) -> str:
    if kind.startswith("TIMESTAMP"):
        return f"strftime({name}::TIMESTAMP, '{STAMP}')"
    return name if kind == "VARCHAR" else f"{name}::VARCHAR"
