"""A text in CSV is no formula, and comes back; its SQL says what its Python says."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from billfold.model.csv_text import build_guard_sql, build_unguard_sql, guard_formula
from billfold.model.plain_text import escape_commands

SIGNS = st.sampled_from("'=+-@\t\n\r \u00a0\uff1d0123.\x1b\x9b\u202e\u2028")
TEXTS = st.text(st.one_of(SIGNS, st.characters(exclude_categories=["Cs"], exclude_characters="\0")))


@pytest.mark.parametrize(
    "text", ["=1", "+1", "@x", "-x", "--1", "\t=1", " =1", "'=1", "\n=1", "\uff1d1", "\u00a0@x", "-1,0"]
)
def test_what_a_spreadsheet_would_run_is_guarded(text: str) -> None:
    assert guard_formula(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "-1", "-12.50", "0", "a=1", "'a", " a", "e-mail", "\ra", "1-2"])
def test_a_number_and_a_plain_text_are_left_alone(text: str) -> None:
    assert guard_formula(text) == text


@given(st.lists(TEXTS, min_size=1, max_size=30))
def test_sql_guards_as_python_does_and_reads_it_back(texts: list[str]) -> None:
    """The guard of exports is the guard of listings, and what is read back is the text but for its controls."""
    connection = duckdb.connect()
    query = (
        f"SELECT {build_guard_sql('t')}, {build_unguard_sql('g')} FROM (SELECT t, {build_guard_sql('t')} AS g FROM x)"
    )
    connection.execute("CREATE TABLE x AS SELECT unnest(?::VARCHAR[]) AS t", [texts])
    cells = [escape_commands(guard_formula(text)) for text in texts]
    assert connection.execute(query).fetchall() == list(zip(cells, map(escape_commands, texts), strict=True))
