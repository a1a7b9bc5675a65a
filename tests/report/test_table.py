"""Tables fit the terminal: texts shorten, columns drop out in their order, and no number is ever cut."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billfold.report.table import TableLayout, count_cells, format_drop_note, format_table

LONG_ID = "a410d7f2-97c1-4b3e-a7e5-ffd8a6035605"
FORM = TableLayout(
    ("provider", "account", "invoice_id", "period_start", "currency", "total", "due_on", "note"),
    numbers=("total",),
    droppable=("due_on", "provider", "period_start"),
)
ROW: dict[str, Any] = {
    "provider": "cockroach",
    "account": "cockroach-production-europe",
    "invoice_id": LONG_ID,
    "period_start": "2026-10-01",
    "currency": "CRDB_CLOUD_CREDITS",
    "total": "12,345,678.123456",
    "due_on": "2026-11-01",
    "note": "",
}


@pytest.mark.parametrize("width", [60, 80, 200])
def test_a_table_of_long_ids_fits(width: int) -> None:
    """At 60, 80 and 200 columns no line is longer, and the amount is whole."""
    lines, dropped = format_table([ROW, ROW | {"total": "1.00"}], FORM, width)
    assert max(map(count_cells, lines)) <= width
    assert "12,345,678.123456" in lines[1]
    assert (LONG_ID in lines[1]) is (width == 200)
    assert dropped == {60: ["provider", "period_start", "due_on"], 80: ["provider", "due_on"], 200: []}[width]


def test_columns_drop_in_the_stated_order() -> None:
    """The first of the droppable columns goes first, and only as many as must."""
    dropped = [format_table([ROW], FORM, width)[1] for width in range(200, 59, -1)]
    assert [names for number, names in enumerate(dropped) if names not in dropped[:number]] == [
        [],
        ["due_on"],
        ["provider", "due_on"],
        ["provider", "period_start", "due_on"],
    ]


def test_without_a_width_all_is_whole() -> None:
    """A file or a pipe gets every column and every letter."""
    lines, dropped = format_table([ROW], FORM)
    assert dropped == []
    assert all(str(value) in lines[1] for value in ROW.values())


def test_an_id_keeps_its_end_and_a_sentence_its_start() -> None:
    """Ids differ at both ends; a sentence is read from its start."""
    layout = TableLayout(("id", "text"))
    lines, _ = format_table([{"id": LONG_ID, "text": "Storage of many gigabytes in Frankfurt"}], layout, 42)
    identifier, text = lines[1].split("  ")
    assert identifier.startswith("a410d")
    assert identifier.endswith("35605")
    assert text.startswith("Storage of many")
    assert text.endswith("…")


def test_a_control_character_never_reaches_the_terminal() -> None:
    """A vendor's text cannot tell the terminal what to do, not even in a heading."""
    lines, _ = format_table([{"a\x1b": "\x1b[2Jx\ny"}], TableLayout(("a\x1b",)))
    assert lines == ["a?", "?[2Jx?y"]


def test_wide_characters_count_twice() -> None:
    """A Chinese sentence is cut so that it still fits."""
    lines, _ = format_table([{"text": "费用说明" * 10, "cost": Decimal("1.5")}], TableLayout(("text", "cost")), 30)
    assert max(map(count_cells, lines)) <= 30
    assert lines[1].endswith("1.5")


def test_the_note_names_what_was_left_out() -> None:
    """Who misses a column learns of --wide, in lines that fit too."""
    note = format_drop_note([f"2026-{month:02}" for month in range(1, 13)], 40)
    assert max(map(len, note.splitlines())) <= 40
    assert "2026-01" in note
    assert "--wide" in note


@given(
    st.lists(st.tuples(st.decimals(allow_nan=False, allow_infinity=False), st.text(), st.integers()), max_size=5),
    st.integers(1, 200),
)
def test_no_number_is_ever_cut(values: list[tuple[Decimal, str, int]], width: int) -> None:
    """Whatever the width: a number column that is shown shows all digits of every number."""
    layout = TableLayout(("cost", "text", "count"), droppable=("count",))
    rows = [dict(zip(layout.columns, value, strict=True)) for value in values]
    whole = [line.split()[0] for line in format_table(rows, layout)[0][1:]]
    lines, dropped = format_table(rows, layout, width)
    assert [line.split()[0] for line in lines[1:]] == whole
    if not dropped and values:
        assert [line.split()[-1] for line in lines[1:]] == [str(count) for _, _, count in values]
