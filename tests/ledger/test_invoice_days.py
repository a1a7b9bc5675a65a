"""What is awaited of an account: the invoice after its last, around its usual day, then its document."""

from __future__ import annotations

from datetime import timedelta

from billfold.ledger.invoice_days import AwaitedInvoice, find_awaited_invoices
from billfold.model.period import Month, parse_instant
from tests.ledger.test_expectation import FIRST, list_months, make_bill

KEY = "acme", "me"
SEPTEMBER = Month(2026, 9)


def test_the_next_invoice_is_awaited_on_its_usual_days() -> None:
    """Invoices that came on the second to fourth day are awaited from the second on, for two days more than the latest took."""
    bills = [
        bill._replace(issued_on=bill.period_end + timedelta(days=number % 3 + 1, hours=9))
        for number, bill in enumerate(list_months(4))
    ]
    (awaited,) = find_awaited_invoices(bills)[KEY]
    start, end = parse_instant("2026-10-02T00:00:00Z"), parse_instant("2026-10-06T09:00:00Z")
    assert awaited == AwaitedInvoice(SEPTEMBER, start, end)
    assert awaited.name == "invoice of 2026-09 due"


def test_what_has_no_usual_day_is_awaited_for_a_week() -> None:
    bills = [
        bill._replace(issued_on=bill.period_end + timedelta(days=7 * number))
        for number, bill in enumerate(list_months(4))
    ]
    (awaited,) = find_awaited_invoices(bills)[KEY]
    assert awaited.end - awaited.start == timedelta(days=7)
    undated = [bill._replace(issued_on=None) for bill in list_months(4)]
    (awaited,) = find_awaited_invoices(undated)[KEY]
    assert (awaited.start, awaited.end) == (SEPTEMBER.end, SEPTEMBER.end + timedelta(days=4))


def test_nothing_is_awaited_without_a_rhythm() -> None:
    assert find_awaited_invoices(list_months(1)) == {}
    assert find_awaited_invoices([make_bill(FIRST), make_bill(FIRST.add_months(3))]) == {}
    assert find_awaited_invoices(list_months(3, state="draft")) == {}


def test_a_document_is_awaited_where_earlier_ones_came() -> None:
    bills = list_months(4)
    earlier, last = {bill[1:4] for bill in bills[:-1]}, bills[-1]
    documents = [row for row in find_awaited_invoices(bills, earlier)[KEY] if row.is_document]
    assert [(row.month, row.start) for row in documents] == [(last.month, last.issued_on)]
    for documented in (set(), {bill[1:4] for bill in bills}):
        assert not any(row.is_document for row in find_awaited_invoices(bills, documented)[KEY])
