"""An estimate or a draft that is imported never takes the place of a newer one."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from billfold.collect.importing import ImportResult, import_files
from billfold.collect.workspace import Workspace
from billfold.ledger.catalog import list_bills
from billfold.ledger.query import LedgerFilter
from billfold.providers import provider
from billfold.providers.fastly.api import GetMonthToDateInvoice
from tests import stage
from tests.ledger.kit import collected, invoice, invoices

NAME = "fastly"


def import_body(books: Workspace, body: Any, directory: Path) -> ImportResult:
    """Import a saved month to date of Fastly."""
    path = directory / "saved.json"
    path.write_bytes(body if isinstance(body, bytes) else json.dumps(body).encode())
    return import_files(books, provider.find_provider(NAME), NAME, [path], "get_month_to_date_invoice", {})


def list_totals(books: Workspace) -> list[tuple[str, str | None]]:
    """Return the state and total of each bill that is believed."""
    with books.open_ledger() as ledger:
        return [(bill.state, bill.total) for bill in list_bills(ledger, LedgerFilter())]


def test_saved_month_to_date_leaves_the_collected_one(books: Workspace, tmp_path: Path) -> None:
    """A month to date that was saved before the last sync is told, and not booked; a rebuild says the same."""
    host = stage.twin(months=1)
    account = next(account for account in stage.stage(host, NAME).accounts if account.name == NAME)
    saved = stage.connection(host, account).send(GetMonthToDateInvoice()).body
    host.clock.advance(timedelta(days=5))
    stage.collected(host, books, NAME)
    live = list_totals(books)
    result = import_body(books, saved, tmp_path)
    assert list_totals(books) == live
    assert (len(result.bills), result.is_doubtful) == (0, True)
    assert "in a file that does not say when it was answered" in result.files[-1].message
    books.rebuild()
    assert list_totals(books) == live
    host.clock.advance(timedelta(days=1))
    stage.collected(host, books, NAME)
    assert list_totals(books) != live


@pytest.mark.parametrize(("first", "second", "booked"), [("7.00", "5.00", "7.00"), ("5.00", "7.00", "7.00")])
def test_of_two_files_the_larger_estimate_counts(
    first: str, second: str, booked: str, books: Workspace, tmp_path: Path
) -> None:
    """Of two saved months to date the one that comes to more is the newer one."""
    for amount in (first, second):
        body = {
            "customer_id": "c1",
            "billing_start_date": "2026-11-01T00:00:00Z",
            "billing_end_date": "2026-11-30T00:00:00Z",
            "monthly_transaction_amount": amount,
            "transaction_line_items": [{"description": "d", "amount": float(amount), "units": 1, "rate": 1}],
        }
        import_body(books, body, tmp_path)
    assert [total for _, total in list_totals(books)] == [booked]


@pytest.mark.parametrize(("status", "total"), [("DRAFT", "10"), ("FINALIZED", "5")])
def test_saved_draft_leaves_the_collected_one(status: str, total: str, books: Workspace, tmp_path: Path) -> None:
    """A saved draft does not replace a collected one; a saved final invoice does."""
    collected(books, invoices(invoice("i1", "10", ["10"], status='"DRAFT"')))
    path = tmp_path / "saved.json"
    path.write_bytes(invoices(invoice("i1", "5", ["5"], status=f'"{status}"')))
    import_files(books, provider.find_provider("cockroach"), "mine", [path], "list_invoices", {})
    assert [bill_total for _, bill_total in list_totals(books)] == [total]
