"""What Fastly's twin answers by billing v2."""

from __future__ import annotations

import pytest

from billfold.model.period import Month
from billfold.providers.fastly.api import GetInvoiceByInvoiceId
from billfold.providers.fastly.api_v2 import GetInvoice, GetInvoiceById
from billfold.providers.fastly.twin.handlers import TWIN
from billfold.providers.twin_api import AccessDenied
from billfold.wire import codec
from tests.providers.fastly.twin.kit import ACCOUNT, CUSTOMER_ID, answer_request, send_request
from tests.providers.kit import NOW


def test_v2_and_v3_share_invoice_ids() -> None:
    """The same invoice has the same id in v2 and v3."""
    for bill in list(TWIN.true_bills(ACCOUNT, NOW))[:-1]:
        month = Month.of(bill.period.start)
        assert answer_request(GetInvoice(year=month.year, month=month.number)).invoice_id == int(bill.invoice_id or "")
        assert answer_request(GetInvoiceByInvoiceId(invoice_id=bill.invoice_id or "")).invoice_id == bill.invoice_id
        v2_request = GetInvoiceById(customer_id=CUSTOMER_ID, invoice_id=bill.invoice_id or "")
        assert answer_request(v2_request) == answer_request(GetInvoice(year=month.year, month=month.number))


def test_months_are_answered_to_current() -> None:
    """Months are answered from the first to the running month, padded or not."""
    assert answer_request(GetInvoice(year="2026", month="7")) == answer_request(GetInvoice(year="2026", month="07"))
    running = answer_request(GetInvoice(year=2026, month=11))
    assert (running.status.status, running.invoice_id) == ("MTD", codec.UNSET)
    for year, month in ((2025, 10), (2026, 12), (1999, 1)):
        with pytest.raises(AccessDenied, match="not-found"):
            answer_request(GetInvoice(year=year, month=month))
    for bad_month in (("2026", "13"), ("26", "05"), ("2026", "x")):
        with pytest.raises(AccessDenied, match="bad-request"):
            answer_request(GetInvoice(year=bad_month[0], month=bad_month[1]))


def test_the_go_client_reads_a_month_of_billing_v1() -> None:
    """v1 says of a month what v2 does, its ids and its minimum as text, and without lines."""
    first, second = (
        codec.parse_json(send_request(path).body)
        for path in ("/billing/year/2026/month/09", "/billing/v2/year/2026/month/09")
    )
    assert first["total"]["cost"] == second["total"]["cost"]
    assert (first["invoice_id"], first["total"]["plan_minimum"]) == (
        str(second["invoice_id"]),
        str(second["total"]["plan_minimum"]),
    )
    assert set(first) == {"invoice_id", "start_time", "end_time", "status", "total"}
    assert send_request("/billing/year/2026/month/09", token="wrong").status == 401
    assert send_request("/billing/year/1999/month/09").status == 404
