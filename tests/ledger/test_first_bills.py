"""An invoice was first there when a version of it was first counted, whatever it became later."""

from __future__ import annotations

from datetime import timedelta

from billfold.collect.workspace import Workspace
from billfold.ledger.catalog import list_parked_bills
from billfold.ledger.first_bills import FirstBill, list_first_bills
from billfold.ledger.query import LedgerFilter
from billfold.model.period import Month
from tests import stage


def read_first(workspace: Workspace, filters: LedgerFilter | None = None) -> dict[str, FirstBill]:
    """Return the first bills by their ids."""
    with workspace.open_ledger() as db:
        return {bill.invoice_id: bill for bill in list_first_bills(db, filters or LedgerFilter())}


def test_a_restated_invoice_keeps_its_first_version(books: Workspace) -> None:
    host = stage.twin(months=2)
    stage.collected(host, books, "cockroach")
    before = read_first(books)
    host.set_fault(stage.fault("cockroach", "restated-changed"))
    host.clock.advance(timedelta(days=1))
    stage.collected(host, books, "cockroach")
    assert read_first(books) == before
    assert {bill["invoice_id"]: bill["total"] for bill in stage.list_invoices(books)} != {
        name: bill.total for name, bill in before.items()
    }


def test_a_parked_invoice_is_first_there_when_it_is_counted(books: Workspace) -> None:
    """The run that brought what adds up is named, and not the one before it."""
    host = stage.twin(months=2)
    host.set_fault(stage.fault("cockroach", "dropped-line", times=10**6))
    stage.collected(host, books, "cockroach")
    with books.open_ledger() as db:
        parked_ids = {bill.invoice_id for bill in list_parked_bills(db, LedgerFilter()) if bill.state == "issued"}
    early = read_first(books)
    host.faults.clear()
    host.clock.advance(timedelta(days=3))
    stage.collected(host, books, "cockroach", recheck_months=24)
    late = read_first(books)
    assert parked_ids == late.keys() - early.keys() != set()
    assert {late[str(name)].asked_at.date() for name in parked_ids} == {host.clock.now().date()}


def test_only_what_is_wanted_is_listed(books: Workspace) -> None:
    stage.collected(stage.twin(months=2), books, "cockroach")
    october = Month(2026, 10)
    selected = read_first(books, LedgerFilter(first_month=october, last_month=october))
    assert {Month.of(bill.period_start) for bill in selected.values()} == {october}
    assert len(selected) < len(read_first(books))
