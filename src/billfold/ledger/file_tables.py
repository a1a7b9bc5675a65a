"""Tables of anybody's CSV and Parquet files, opened for questions: each a view of texts, with numbers beside them.

A column ``X`` is its text as CSV has it, null where the cell is empty; ``X#`` is the number that it is, for columns of
decimals. CSV files are staged as Parquet first, so that many questions read them once.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from billfold.ledger.columns import TIME_FORMAT
from billfold.ledger.file_questions import Question
from billfold.model.csv_text import build_formula_test_sql, build_unguard_sql
from billfold.model.errors import InvalidArgument

NUMBER_TYPE = "DECIMAL(38,18)"
_ROWS_PER_FETCH = 10_000


class TableSource(NamedTuple):
    """What a table is made of: its name, its files, which are all of one format, its columns of decimals, and whether texts are guarded."""

    name: str
    files: Sequence[Path]
    decimal_columns: Collection[str]
    is_guarded: bool = False


class FileTables:
    """Opened tables; conditions are SQL over the columns of one of them, and counts are of rows."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, staging: Path, sources: Sequence[TableSource]) -> None:
        self._connection, self._staging = connection, staging
        self._csv_sql: dict[str, str] = {}
        self.column_types = {source.name: self._open_table(source) for source in sources}
        """The tables, and for each its columns with the types that they are stored as."""

    def find_formulas(self, table: str) -> list[tuple[str, int, str]]:
        """Return the columns with cells that a spreadsheet runs where a table is CSV: how many cells, and one of them."""
        if table not in self._csv_sql:
            return []
        names = list(self.column_types[table])
        tests = [(_quote_name(name), build_formula_test_sql(_quote_name(name))) for name in names]
        figures = ", ".join(
            f"count(*) FILTER (WHERE {test}), any_value({name}) FILTER (WHERE {test})" for name, test in tests
        )
        row = self._fetch_row(f"SELECT {figures} FROM {self._csv_sql[table]}")
        return [
            (name, int(count), str(example))
            for name, count, example in zip(names, row[::2], row[1::2], strict=True)
            if count
        ]

    def count_rows(self, table: str) -> int:
        """Return how many rows a table has."""
        return self.count_matching(table, ["true"])[0]

    def count_matching(self, table: str, conditions: Sequence[str]) -> list[int]:
        """Count the rows that fulfil each of many conditions, in one reading."""
        if not conditions:
            return []
        counts = ", ".join(f"count(*) FILTER (WHERE {condition})" for condition in conditions)
        return [int(count) for count in self._fetch_row(f"SELECT {counts} FROM {_quote_name(table)}")]

    def find_value(self, table: str, column: str, condition: str) -> str:
        """Return any value of a column in the rows that fulfil a condition; "" for a null."""
        query = f"SELECT any_value({_quote_name(column)}) FROM {_quote_name(table)} WHERE {condition}"
        return str(self._fetch_row(query)[0] or "")

    def find_row(self, table: str, columns: Sequence[str], condition: str) -> str:
        """Return some columns of a row that fulfils a condition, as one text."""
        texts = ", ".join(map(_quote_name, columns)) or "''"
        query = f"SELECT concat_ws(' | ', {texts}) FROM {_quote_name(table)} WHERE {condition} LIMIT 1"
        return str(self._fetch_row(query)[0])

    def count_values(self, table: str, column: str, *, is_grouped: bool) -> Iterator[tuple[str, int]]:
        """Yield a column's values that are not null: grouped each once with its count, else as they come with a 1."""
        name = _quote_name(column)
        count_sql, group_sql = ("count(*)", "GROUP BY ALL") if is_grouped else ("1", "")
        return self._iter_rows(
            f"SELECT {name}, {count_sql} FROM {_quote_name(table)} WHERE {name} IS NOT NULL {group_sql}"
        )

    def count_pairs(self, table: str, column: str, other_column: str) -> Iterator[tuple[str | None, str | None, int]]:
        """Yield each pair of values of two columns once, with its count."""
        names = f"{_quote_name(column)}, {_quote_name(other_column)}"
        return self._iter_rows(f"SELECT {names}, count(*) FROM {_quote_name(table)} GROUP BY ALL")

    def answer_question(self, question: Question) -> tuple[int, str] | None:
        """Count what a question finds, and show one of it; None where its sums are too large."""
        query = f"SELECT count(*), any_value(example) FROM ({question.sql}) AS broken(example)"
        try:
            count, example = self._fetch_row(query)
        except duckdb.OutOfRangeException:
            return None
        return int(count), str(example)

    def _fetch_row(self, query: str) -> tuple[Any, ...]:
        return self._connection.execute(query).fetchall()[0]

    def _iter_rows(self, query: str) -> Iterator[Any]:
        result = self._connection.execute(query)
        while batch := result.fetchmany(_ROWS_PER_FETCH):
            yield from batch

    def _open_table(self, source: TableSource) -> dict[str, str]:
        try:
            files_sql = self._stage_files(source)
            described_columns = self._connection.execute(f"DESCRIBE SELECT * FROM {files_sql}").fetchall()
        except duckdb.Error as error:
            raise InvalidArgument(f"{source.files[0]} cannot be read: {str(error).splitlines()[0]}") from error
        column_types = {name: column_type for name, column_type, *_ in described_columns}
        selected_columns = [
            f"{_text_expression(_quote_name(name), column_type, source)} AS {_quote_name(name)}"
            for name, column_type in column_types.items()
        ]
        decimals = (name for name in source.decimal_columns if name in column_types)
        selected_columns += [f'TRY_CAST("{name}" AS {NUMBER_TYPE}) AS "{name}#"' for name in decimals]
        view_sql = f"SELECT {', '.join(selected_columns)} FROM {files_sql}"
        self._connection.execute(f"CREATE VIEW {_quote_name(source.name)} AS {view_sql}")
        return column_types

    def _stage_files(self, source: TableSource) -> str:
        """Return the SQL that reads a table's files; what is CSV is written as Parquet first."""
        path_list = ", ".join("'" + str(path).replace("'", "''") + "'" for path in source.files)
        if source.files[0].suffix == ".parquet":
            return f"read_parquet([{path_list}], hive_partitioning = false)"
        staged_path = self._staging / f"{source.name}.parquet"
        csv_sql = (
            f"read_csv([{path_list}], all_varchar = true, header = true, delim = ',', quote = '\"', escape = '\"', "
            "hive_partitioning = false, max_line_size = 2097152)"
        )
        self._connection.execute(
            f"COPY (SELECT * FROM {csv_sql}) TO '{staged_path}' (FORMAT parquet, ROW_GROUP_SIZE 50000)"
        )
        self._csv_sql[source.name] = f"read_parquet('{staged_path}')"
        return self._csv_sql[source.name]


@contextmanager
def open_tables(directory: Path, sources: Sequence[TableSource]) -> Iterator[FileTables]:
    """Open a directory's files as tables; raises ``InvalidArgument`` where they turn out to be damaged."""
    with tempfile.TemporaryDirectory() as staging, duckdb.connect() as connection:
        connection.execute(
            f"SET temp_directory = '{staging}'; SET memory_limit = '300MB'; SET threads = 1; SET preserve_insertion_order = false; SET TimeZone = 'UTC'"
        )
        tables = FileTables(connection, Path(staging), sources)
        try:
            yield tables
        except duckdb.Error as error:  # a damaged file is found when its rows are read
            raise InvalidArgument(f"{directory} cannot be read: {str(error).splitlines()[0]}") from error


def _quote_name(column: str) -> str:
    """Write anybody's column as a name in SQL."""
    return '"' + column.replace('"', '""') + '"'


def _text_expression(name: str, column_type: str, source: TableSource) -> str:
    if column_type.startswith("TIMESTAMP"):
        return f"strftime({name}::TIMESTAMP, '{TIME_FORMAT}')"
    if column_type != "VARCHAR":
        return f"{name}::VARCHAR"
    return build_unguard_sql(name) if source.is_guarded else name
