"""The rates of taxes that earlier invoices were booked with: evidence for one that comes alone."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from billfold.collect.workspace import Workspace
from billfold.ledger.catalog import list_parked_bills
from billfold.ledger.query import LedgerFilter
from billfold.providers.genesys.twin import scenario
from tests import stage

ONE_MONTH = timedelta(days=31)


def list_parked(books: Workspace) -> list[str | None]:
    """Return the invoices that are parked."""
    with books.open_ledger() as ledger:
        return [bill.invoice_id for bill in list_parked_bills(ledger, LedgerFilter())]


def test_invoice_that_comes_alone_is_taxed_as_before(books: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """8.875 % recurs in one collection, and from one to the next; a rebuild comes to the same."""
    monkeypatch.setattr(scenario, "TAX_RATE", Decimal("0.08875"))
    host = stage.twin(seed=8875, months=5)
    for _ in range(3):
        stage.collected(host, books, "genesys")
        assert list_parked(books) == []
        host.clock.advance(ONE_MONTH)
    live = stage.read_digest(books)
    books.rebuild()
    assert stage.read_digest(books) == live


def test_first_odd_rate_waits_for_the_next(books: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first invoice with an odd rate is parked until another has that rate; then both are trusted."""
    monkeypatch.setattr(scenario, "TAX_RATE", Decimal("0.08875"))
    host = stage.twin(seed=88750, months=2)
    stage.collected(host, books, "genesys")
    assert len(list_parked(books)) == 1
    host.clock.advance(2 * ONE_MONTH)
    stage.collected(host, books, "genesys")
    assert list_parked(books) == []
