"""The first screen's sentence: what is missing before the last month can be closed, and what is wrong with earlier ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from billfold.collect.workspace import Workspace
from tests.ledger.kit import collected, invoice, invoices
from tests.serve.reader import Reader, open_reader

HOME = "/?to=2026-08"
"""The vendor is late since: what is asked about are the months before."""
JULY = {"period_start": '"2026-07-01T00:00:00Z"', "period_end": '"2026-08-01T00:00:00Z"'}


@pytest.fixture
def reader(books: Workspace, tmp_path: Path) -> Iterator[Reader]:
    """Return a browser of a ledger whose August is parked until an answer a day later puts it right."""
    collected(books, invoices(invoice("i1", **JULY), invoice("i2", total="9")))
    with open_reader(tmp_path) as opened:
        yield opened


def test_what_keeps_the_last_month_open_is_named(reader: Reader) -> None:
    text = reader.get(HOME).text
    assert "2026-08 cannot be closed yet:" in text
    assert "1 of 1 account" in text
    assert "s-parked" in text
    assert "Of earlier months" not in text
    assert "not counted" in reader.get("/months/2026-08").text
    assert "Parked, not counted:" in reader.get("/invoice?provider=cockroach&account=mine&id=i2").text


def test_a_month_that_was_put_right_is_complete(reader: Reader, books: Workspace) -> None:
    """The next request sees it, and what was known before stays to be seen."""
    assert "cannot be closed" in reader.get(HOME).text
    collected(books, invoices(invoice("i1", **JULY), invoice("i2", total="9", lines=["9"])), days=1)
    text = reader.get(HOME).text
    assert "2026-08 is complete:" in text
    versions = reader.get("/invoice?provider=cockroach&account=mine&id=i2").text
    assert versions.count("parked: ") == 1
    then = reader.get(f"{HOME}&as_of=2026-11-15T00:00:00Z").text
    assert "cannot be closed" in then or "Nothing is collected yet" in then


def test_an_earlier_month_that_is_wrong_is_named(books: Workspace, tmp_path: Path) -> None:
    collected(books, invoices(invoice("i1", total="9", **JULY), invoice("i2")))
    with open_reader(tmp_path) as opened:
        text = opened.get(HOME).text
    assert "2026-08 is complete:" in text
    assert "<li>2026-07 cockroach" in text
    assert '"complete"' not in opened.get("/api/v1/completeness?to=2026-07").text


def test_an_empty_ledger_says_what_to_do(books: Workspace, tmp_path: Path) -> None:
    assert books.archive.read_last_seq() == 0
    with open_reader(tmp_path) as opened:
        assert "Nothing is collected yet" in opened.get("/").text
        for url in ("/invoices", "/changes", "/payables", "/commitments", "/findings", "/accounts", "/months/2026-05"):
            assert opened.get(url).status == 200
