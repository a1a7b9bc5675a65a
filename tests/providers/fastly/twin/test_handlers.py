"""What Fastly's twin accepts and refuses."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest

from billfold.model.bill import State
from billfold.providers.fastly.api import GetCurrentUser, GetMonthToDateInvoice, read_error
from billfold.providers.fastly.api_v2 import GetInvoiceMtd
from billfold.providers.fastly.twin import scenario
from billfold.providers.fastly.twin.handlers import TWIN
from billfold.providers.twin_api import TwinMemory
from billfold.wire.message import Request
from tests import stage as stages
from tests.providers.fastly.twin.kit import CUSTOMER_ID, PARENT_PAY, answer_request, send_request
from tests.providers.kit import NOW


def test_estimate_id_has_letters_and_digits() -> None:
    """An estimate has an id of letters and digits."""
    for op in (GetMonthToDateInvoice(), GetInvoiceMtd(customer_id=CUSTOMER_ID)):
        memory = TwinMemory()
        answer_request(op, memory=memory)
        number = answer_request(op, NOW + timedelta(seconds=5), memory=memory).invoice_id
        assert number.isalnum()
        assert not number.isdecimal()


def test_parent_paid_account_has_no_estimate() -> None:
    """An account whose parent pays has no estimate."""
    token = PARENT_PAY.credentials["token"]
    response = send_request("/billing/v3/invoices/month-to-date", token)
    assert response.status == 422
    assert set(json.loads(response.body)) == {"type", "title", "code", "status"}
    assert (
        send_request(f"/billing/v2/account_customers/{scenario.customer_id_of(PARENT_PAY)}/mtd_invoice", token).status
        == 422
    )
    assert all(bill.state is State.ISSUED for bill in TWIN.true_bills(PARENT_PAY, NOW))
    assert len(list(TWIN.true_bills(PARENT_PAY, NOW))) == 12


@pytest.mark.parametrize(("agent", "status"), [("fastly-py/5.1.0", 200), ("fastly-py/5.4.0", 400), ("curl", 400)])
def test_only_old_sdks_may_send_times(agent: str, status: int) -> None:
    """Only the SDKs that write a date with a time may do so."""
    query = (("billing_start_date", "2026-05-01T00:00:00+00:00"), ("billing_end_date", "2026-05-31T23:59:59Z"))
    headers = {"fastly-key": "twin-fastly-token", "user-agent": agent}
    response = stages.twin().answer_request(Request("GET", "/fastly/billing/v3/invoices", query, headers))
    assert response is not None
    assert response.status == status
    assert status != 200 or len(json.loads(response.body)["data"]) == 1


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("/billing/v3/invoices", {"limit": "200"}, 200),
        ("/billing/v3/invoices", {"limit": "201"}, 400),
        ("/billing/v3/invoices", {"limit": "0"}, 400),
        ("/billing/v3/invoices", {"limit": "many"}, 400),
        ("/billing/v3/invoices", {"cursor": "nowhere"}, 400),
        ("/billing/v3/invoices", {"billing_start_date": "2026-13-01"}, 400),
        ("/billing/v3/invoices/1", {}, 404),
        ("/billing/v3/usage-metrics", {}, 400),
        ("/billing/v3/usage-metrics", {"start_month": "2026-08", "end_month": "2026-10"}, 200),
        ("/billing/v3/usage-metrics", {"start_month": "2026-07", "end_month": "2026-10"}, 400),
        ("/billing/v3/usage-metrics", {"start_month": "2026-10", "end_month": "2026-08"}, 400),
        ("/billing/v3/usage-metrics", {"start_month": "0000-01", "end_month": "0000-02"}, 400),
        ("/billing/v3/service-usage-metrics", {"limit": "10000"}, 200),
        ("/billing/v3/service-usage-metrics", {"limit": "10001"}, 400),
        ("/billing/v3/service-usage-metrics", {"product_id": "cdn_usage"}, 400),
        ("/billing/v2/account_customers/nobody/invoices/1", {}, 404),
        ("/billing/v2/account_customers/nobody/mtd_invoice", {}, 404),
        ("/billing/v1/invoices", {}, 404),
    ],
)
def test_parameters_are_accepted_or_refused(path: str, query: dict[str, str], status: int) -> None:
    """Parameters are accepted, or refused in the vendor's envelopes."""
    response = send_request(path, **query)
    assert response.status == status
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "no-store"
    assert re.fullmatch(r"S\d+\.\d+,VS\d+,VE\d+", response.headers["x-timer"])
    assert status == 200 or read_error(response).request_id == response.headers["fastly-trace-id"]
    if status != 200:
        error = json.loads(response.body)
        assert error.get("msg") or error.get("title")
        assert b"$." not in response.body


def test_unknown_and_unprivileged_tokens_differ() -> None:
    """An unknown token and a token without the right are refused differently."""
    for token in ("", "nobody", "twin-fastly-noright"):
        response = send_request("/billing/v3/invoices", token)
        is_valid = token == "twin-fastly-noright"
        assert response.status == (403 if is_valid else 401)
        assert response.headers["content-type"] == ("application/json" if is_valid else "text/plain")
        assert set(json.loads(response.body)) == {"msg"}
    assert send_request("/tokens/self", "twin-fastly-noright").status == 200
    assert json.loads(send_request("/current_user", "twin-fastly-noright").body)["role"] == "user"
    assert answer_request(GetCurrentUser()).role == "billing"
