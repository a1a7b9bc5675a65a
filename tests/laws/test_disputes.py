"""Trusted stays counted: an answer that does not add up changes no amount, and every command says that it came."""

from __future__ import annotations

from pathlib import Path

import pytest

from billfold.collect.workspace import Workspace
from billfold.ledger import query
from tests import stage
from tests.cli.terminal import Terminal

LISTINGS = [
    "report",
    "report --format csv",
    "invoices --format json",
    "charges --format csv",
    "reconcile",
    "export focus out",
    "sql SELECT(1)",
]


def read_amounts(books: Workspace) -> list[tuple[object, ...]]:
    with books.open_ledger() as ledger:
        return [tuple(row) for row in query.sum_charges(ledger, query.LedgerFilter())]


@pytest.mark.parametrize("name", ["cockroach", "fastly"])
def test_a_wrong_answer_changes_no_amount(name: str, tmp_path: Path) -> None:
    """Whatever total a vendor states later, what was trusted stays counted, and every command ends with 1."""
    host, books = stage.twin(months=2), Workspace(tmp_path / "ledger")
    stage.collected(host, books, name)
    before, digest = read_amounts(books), stage.read_digest(books)
    host.set_fault(stage.fault(name, "total-off-by-a-lot", times=99))
    stage.collected(host, books, name, recheck_months=12)
    assert read_amounts(books) == before
    disputed_digest = stage.read_digest(books)
    assert disputed_digest != digest
    books.rebuild()
    assert stage.read_digest(books) == disputed_digest
    terminal = Terminal(tmp_path)
    for listing in LISTINGS:
        result = terminal.run("--ledger", "ledger", *listing.split())
        assert result.code == 1, (listing, result)
        assert "disputed" in result.all, listing
    host.clear_faults()
    stage.collected(host, books, name, recheck_months=12)
    assert (read_amounts(books), stage.read_digest(books)) == (before, digest)
    books.close()
