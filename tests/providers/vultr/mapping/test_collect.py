"""What a collection requests of Vultr, and in which order."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from billfold.model.errors import IncompleteList
from billfold.model.period import Month
from billfold.providers.provider import Fetch, SyncState
from billfold.providers.vultr import PROVIDER
from billfold.providers.vultr.api import GetInvoiceItems, ListInvoices
from billfold.providers.vultr.mapping import text_fields
from billfold.providers.vultr.records import BillingHistory, Invoice, Meta
from billfold.wire import codec
from billfold.wire.operation import Operation
from tests.providers.kit import NOW
from tests.providers.vultr.kit import make_page


def run_plan(sync_state: SyncState, *answers: Any) -> list[Operation[Any]]:
    """Run the plan against exactly these answers and return its requests."""
    plan, result, requests = PROVIDER.plan_requests(sync_state), None, []
    for reply in answers:
        fetch = plan.send(result)
        requests.append(fetch.op)
        result = codec.decode_record(codec.encode_json(reply), fetch.op.reply) if reply is not None else None
        result = fetch.op.extract_result(result) if result is not None else None
    with pytest.raises(StopIteration):
        plan.send(result)
    return requests


def test_booked_and_old_invoices_are_skipped() -> None:
    """Invoices that are booked or old are not read again."""
    rows: list[dict[str, Any]] = [
        {"id": number, "date": f"2026-{month:02}-01T00:30:05+00:00", "amount": 1, "balance": 5}
        for number, month in ((4, 11), (3, 10), (2, 9), (1, 3))
    ]
    fingerprint = text_fields.make_fingerprint(Invoice(id=3, date=rows[1]["date"], amount=Decimal(1)))
    sync_state = SyncState(NOW, Month(2026, 8), {"3": fingerprint, "2": "another"})
    lists: Any = ({"account": {}}, {"pending_charges": []}, None, make_page(key="billing_history"))
    requests = run_plan(sync_state, *lists, make_page(*rows, key="billing_invoices"), make_page(), make_page())
    assert [op.invoice_id for op in requests if isinstance(op, GetInvoiceItems)] == ["4", "2"]
    assert {op.per_page for op in requests if hasattr(op, "per_page")} == {500}


def send_circular_pages(key: str, *replies: object) -> Fetch:
    """Run the plan to a list, answer it with a page that leads back to itself, and return what is asked next."""
    plan = PROVIDER.plan_requests(SyncState(NOW, Month(2026, 8)))
    for reply in (None, object(), object(), object(), *replies):
        fetch = plan.send(reply)
    circular_page = {key: [{"id": 1}], "meta": {"links": {"next": "bmV4dF9fMQ==", "prev": ""}}}
    reply = codec.decode_record(codec.encode_json(circular_page), fetch.op.reply)
    plan.send(reply)
    return plan.send(reply)


def test_circular_list_ends_collection() -> None:
    """A list of invoices that leads in a circle ends the collection."""
    with pytest.raises(IncompleteList):
        send_circular_pages("billing_invoices", BillingHistory(billing_history=[], meta=Meta(total=0)))


def test_a_circular_history_costs_no_invoice() -> None:
    """A history that leads in a circle is left there, and the invoices are asked for."""
    assert isinstance(send_circular_pages("billing_history").op, ListInvoices)
