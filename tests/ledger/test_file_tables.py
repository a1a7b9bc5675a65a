"""Tables of anybody's files: texts and exact numbers of CSV and Parquet, and what cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from billfold.ledger.file_questions import Groups
from billfold.ledger.file_tables import FileTables, TableSource, open_tables
from billfold.model.errors import InvalidArgument

ROWS = 'id,"odd ""name""",cost\na,x,0.1\na,,0.2\nb,y,\n'


def test_a_table_answers_in_texts_and_counts(tmp_path: Path) -> None:
    """A CSV is a table of texts, empty cells are null, and a decimal column has its number beside it."""
    (tmp_path / "t.csv").write_text(ROWS)
    with open_tables(tmp_path, [TableSource("t", [tmp_path / "t.csv"], ["cost", "missing"])]) as tables:
        assert set(tables.column_types["t"]) == {"id", 'odd "name"', "cost"}
        assert tables.count_rows("t") == 3
        assert tables.count_matching("t", ["cost IS NULL", '"cost#" < 0.15', "false"]) == [1, 1, 0]
        assert tables.count_matching("t", []) == []
        assert tables.find_value("t", 'odd "name"', "id = 'b'") == "y"
        assert tables.find_row("t", ["id", "cost"], "id = 'b' OR \"cost#\" > 5") == "b"
        assert sorted(tables.count_values("t", "id", is_grouped=True)) == [("a", 2), ("b", 1)]
        assert list(tables.count_values("t", 'odd "name"', is_grouped=False)) == [("x", 1), ("y", 1)]
        assert set(tables.count_pairs("t", "id", 'odd "name"')) == {("a", "x", 1), ("a", None, 1), ("b", "y", 1)}
        assert tables.answer_question(Groups("t", ("id",), having="count(*) > 1", shown=("id",))) == (1, "a")


def test_a_sum_that_is_too_large_is_not_counted(tmp_path: Path) -> None:
    """Where amounts are too large to be added, a question over them has no answer, and the next one has."""
    (tmp_path / "t.csv").write_text(f"cost\n{'9' * 20}\n{'9' * 20}\n")
    with open_tables(tmp_path, [TableSource("t", [tmp_path / "t.csv"], ["cost"])]) as tables:
        assert (
            tables.answer_question(Groups("t", ("cost",), having='sum("cost#" * "cost#") > 1', shown=("cost",))) is None
        )
        assert tables.answer_question(Groups("t", ("cost",), having="true", shown=("cost",))) == (1, "9" * 20)


def read_anything(tables: FileTables) -> None:
    tables.count_matching("t", ["id = 'a'"])


@pytest.mark.parametrize("content", [b"PAR1", b"", b"PAR1" + b"x" * 100 + b"PAR1"])
def test_a_damaged_file_is_an_invalid_argument(content: bytes, tmp_path: Path) -> None:
    """A file that is damaged is named, whether that shows when it is opened or when it is read."""
    (tmp_path / "t.parquet").write_bytes(content)
    source = TableSource("t", [tmp_path / "t.parquet"], [])
    with pytest.raises(InvalidArgument, match="cannot be read"), open_tables(tmp_path, [source]) as tables:
        read_anything(tables)
