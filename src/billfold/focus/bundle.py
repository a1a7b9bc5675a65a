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

from billfold.focus.sql_cells import TIME_FORMAT
from billfold.focus.versions import FocusDataset, FocusVersion
from billfold.model.errors import InvalidArgument

NUMBER_TYPE = "DECIMAL(38,18)"


class Bundle(NamedTuple):
    """An opened directory: its connection, and for each dataset found its columns and their stored types."""

    db: duckdb.DuckDBPyConnection
    columns: dict[str, dict[str, str]]

    def count_rows(self, dataset: str) -> int:
        """Return how many rows a dataset has."""
        return int(self.db.execute(f'SELECT count(*) FROM "{dataset}"').fetchall()[0][0])


def find_files(directory: Path, dataset: FocusDataset) -> list[Path]:
    """Return a dataset's files: one of its name, or those of its partition."""
    dataset_files = [
        path
        for format_name in ("parquet", "csv")
        for path in (
            *directory.glob(f"{dataset.file}.{format_name}"),
            *sorted(directory.glob(f"{dataset.file}/**/*.{format_name}")),
        )
    ]
    suffixes = {path.suffix for path in dataset_files}
    if len(suffixes) > 1:
        raise InvalidArgument(f"{directory} has {dataset.file} as CSV and as Parquet; leave one of them")
    return dataset_files


@contextmanager
def open_bundle(directory: Path, version: FocusVersion) -> Iterator[Bundle]:
    """Open a directory of FOCUS files; raises ``InvalidArgument`` where there are none, or where they turn out to be damaged."""
    with tempfile.TemporaryDirectory() as staging, duckdb.connect() as db:
        db.execute(
            f"SET temp_directory = '{staging}'; SET memory_limit = '300MB'; SET threads = 1; SET preserve_insertion_order = false; SET TimeZone = 'UTC'"
        )
        bundle = Bundle(db, {})
        for dataset in version.datasets.values():
            if dataset_files := find_files(directory, dataset):
                bundle.columns[dataset.name] = _open_dataset(db, dataset, dataset_files, Path(staging))
        if not bundle.columns:
            raise InvalidArgument(f"there are no FOCUS files in {directory}")
        try:
            yield bundle
        except duckdb.Error as error:  # a damaged file is found when its rows are read
            raise InvalidArgument(f"{directory} cannot be read: {str(error).splitlines()[0]}") from error


def _open_dataset(
    db: duckdb.DuckDBPyConnection, dataset: FocusDataset, dataset_files: list[Path], staging: Path
) -> dict[str, str]:
    try:
        source = _make_source(db, dataset, dataset_files, staging)
        column_types = {
            name: column_type for name, column_type, *_ in db.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
        }
    except duckdb.Error as error:
        raise InvalidArgument(f"{dataset_files[0]} cannot be read: {str(error).splitlines()[0]}") from error
    selected_columns = [
        f"{_text_expression(_quote_name(name), column_type)} AS {_quote_name(name)}"
        for name, column_type in column_types.items()
    ]
    decimals = (name for name, column in dataset.columns.items() if column.type == "Decimal" and name in column_types)
    selected_columns += [f'TRY_CAST("{name}" AS {NUMBER_TYPE}) AS "{name}#"' for name in decimals]
    db.execute(f'CREATE VIEW "{dataset.name}" AS SELECT {", ".join(selected_columns)} FROM {source}')
    return column_types


def _make_source(db: duckdb.DuckDBPyConnection, dataset: FocusDataset, dataset_files: list[Path], staging: Path) -> str:
    path_list = ", ".join("'" + str(path).replace("'", "''") + "'" for path in dataset_files)
    if dataset_files[0].suffix == ".parquet":
        return f"read_parquet([{path_list}], hive_partitioning = false)"
    staged_path = staging / f"{dataset.file}.parquet"
    csv_source = (
        f"read_csv([{path_list}], all_varchar = true, header = true, delim = ',', quote = '\"', escape = '\"', "
        "hive_partitioning = false, max_line_size = 2097152)"
    )
    db.execute(f"COPY (SELECT * FROM {csv_source}) TO '{staged_path}' (FORMAT parquet, ROW_GROUP_SIZE 50000)")
    return f"read_parquet('{staged_path}')"


def _quote_name(column: str) -> str:
    """Write anybody's column as a name in SQL."""
    return '"' + column.replace('"', '""') + '"'


def _text_expression(name: str, column_type: str) -> str:
    if column_type.startswith("TIMESTAMP"):
        return f"strftime({name}::TIMESTAMP, '{TIME_FORMAT}')"
    return name if column_type == "VARCHAR" else f"{name}::VARCHAR"
