"""SQL is asked as a text, from a file or stdin; tables and columns say what they mean; the cookbook works."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest

from billfold.ledger.column_meanings import TABLE_MEANINGS
from tests.cli.terminal import Terminal, clear

PAGE = Path(__file__).parent.parent.parent / "docs" / "how-to" / "sql.md"
COOKBOOK = re.findall(r"\*\*\d+\. (.*?)\*\*\n\n```sql\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
SHORT_QUERY = "SELECT provider, sum(cost) AS cost FROM costs WHERE state = 'issued' GROUP BY ALL"


def test_there_are_ten_recipes() -> None:
    assert len(COOKBOOK) == 10


@pytest.mark.parametrize("query", [query for _, query in COOKBOOK], ids=[title for title, _ in COOKBOOK])
def test_each_recipe_of_the_cookbook_has_an_answer(synced: Terminal, query: str) -> None:
    rows = synced.rows("--ledger", "ledger", "sql", query)
    assert rows or "min(month) AS since" in query


def test_costs_are_what_the_report_says(synced: Terminal) -> None:
    """Short names, and the sums of another command that does not use them."""
    rows = synced.rows("--ledger", "ledger", "sql", COOKBOOK[0][1])
    report = synced.rows("--ledger", "ledger", "report", "--by", "vendor", "--state", "issued")
    sums = {(row["month"], row["provider"], row["currency"]): Decimal(row["cost"]) for row in report}
    assert {(row["month"], row["provider"], row["currency"]): Decimal(row["cost"]) for row in rows} == sums


def test_a_query_is_read_from_a_file(synced: Terminal) -> None:
    (synced.home / "query.sql").write_text(SHORT_QUERY)
    rows = synced.rows("--ledger", "ledger", "sql", "@query.sql")
    assert rows == synced.rows("--ledger", "ledger", "sql", SHORT_QUERY)
    clear(synced.run("--ledger", "ledger", "sql", "@none.sql"), 2, "cannot be read")


def test_tables_and_columns_say_what_they_mean(synced: Terminal) -> None:
    for query in (r"\d", "SHOW TABLES;"):
        assert [row["name"] for row in synced.rows("--ledger", "ledger", "sql", query)] == list(TABLE_MEANINGS)
    for table in TABLE_MEANINGS:
        rows = synced.rows("--ledger", "ledger", "sql", rf"\d {table.lower()}")
        assert all(row["type"] and row["meaning"] for row in rows)
    clear(synced.run("--ledger", "ledger", "sql", r"\d picked"), 2, "there is no table 'picked'")
