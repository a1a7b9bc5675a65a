"""What Genesys Cloud's twin answers: its parameters, its tokens and its rate limit."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from billfold.model.errors import BadRequest
from billfold.providers.genesys.api import GetBillingContractsInvoices
from billfold.providers.genesys.twin import customers
from billfold.providers.genesys.twin.handlers import TWIN
from billfold.twin.host import TwinHost
from billfold.wire.message import Request
from tests import stage as stages
from tests.providers.genesys.twin.kit import API_PATH, TwinClient, first_account


def test_answers_have_no_nulls(host: TwinHost) -> None:
    """Nothing in an answer is null."""
    client = TwinClient(host)
    for op in TWIN.example_operations(first_account(host), host.clock.now()):
        stages.connection(host, first_account(host)).send(op)
    answer, _ = client.get("/contracts")
    for path in ("/contracts", "/contracts/invoices"):
        answer, _ = client.get(path)
        assert b"null" not in answer.body


def test_accepts_documented_time_formats(host: TwinHost) -> None:
    """Times are accepted with Z or an offset, and with three to six digits of a second."""
    client = TwinClient(host)
    for start in ("2026-10-01T00:00:00Z", "2026-10-01T00:00:00.000Z", "2026-10-01T02:00:00.000000+02:00"):
        answer, body = client.get("/reports/billableusage", startDate=start, endDate="2026-11-01T00:00:00Z")
        assert answer.status == 200
        assert body["startDate"] == "2026-10-01T00:00:00Z"


def test_payment_status_ignores_case(host: TwinHost) -> None:
    """The payment status is accepted in any case."""
    client = TwinClient(host)
    mixed, capitalized, lower = (
        client.get("/contracts/invoices", paymentStatus=status)[1]["entities"]
        for status in ("UnPaid", "Unpaid", "unpaid")
    )
    assert mixed == capitalized == lower
    assert {invoice["paymentStatus"] for invoice in mixed} == {"Unpaid"}


def test_missing_and_wrong_token_differ(host: TwinHost) -> None:
    """A missing token and a wrong token get different errors."""
    basic, wrong = {"authorization": "Basic eDp4"}, {"authorization": "Bearer x"}
    for headers, code in (
        ({}, "authentication.required"),
        (basic, "authentication.required"),
        (wrong, "bad.credentials"),
    ):
        answer = host.answer_request(Request("GET", f"{API_PATH}/contracts", (), headers))
        assert answer
        assert (answer.status, json.loads(answer.body)["code"]) == (401, code)


def test_answers_carry_rate_limit() -> None:
    """Every answer carries the rate limit; a request too many gets the time to wait."""
    host = stages.twin(limits=True)
    client = TwinClient(host)
    for count in (1, 2):
        answer, _ = client.get("/contracts/nobody")
        assert answer.headers["inin-ratelimit-count"] == str(count)
        assert answer.headers["inin-ratelimit-allowed"] == "300"
        assert answer.headers["inin-ratelimit-reset"] == "60"
        assert "no-store" in answer.headers["cache-control"]
    host.clock.advance(timedelta(seconds=48))
    refusal = [client.get("/contracts/nobody")[0] for _ in range(299)][-1]
    assert (refusal.status, refusal.headers["retry-after"]) == (429, "12")
    assert (refusal.headers["inin-ratelimit-count"], refusal.headers["inin-ratelimit-reset"]) == ("301", "12")
    error = json.loads(refusal.body)
    assert (error["limit"]["value"], error["messageParams"]) == (300, {"retryAfter": "12"})
    assert error["message"].endswith("[12] seconds")
    host.clock.advance(timedelta(seconds=12))
    assert client.get("/contracts/nobody")[0].status == 404


def test_rate_limit_is_per_token() -> None:
    """The rate limit is counted for each token and stated in every refusal."""
    host = stages.twin(limits=True)
    client = TwinClient(host)
    assert [client.get("/contracts/nobody")[0].status for _ in range(301)][-1] == 429
    second_client, unprivileged_client = TwinClient(host), TwinClient(host, "twin-genesys-noright")
    assert second_client.get("/contracts/nobody")[0].status == 404
    bad_client = TwinClient(host)
    bad_client.headers |= {"authorization": "Bearer x"}
    for caller, query, status in (
        (unprivileged_client, {}, 403),
        (bad_client, {}, 401),
        (second_client, {"pageSize": "0"}, 400),
    ):
        answer, _ = caller.get("/contracts", **query)
        assert (answer.status, answer.headers["inin-ratelimit-allowed"]) == (status, "300")
        assert answer.headers["inin-ratelimit-count"] == ("2" if caller is second_client else "1")


def test_filters_match_client(host: TwinHost) -> None:
    """A filter is what the client sends."""
    client, account = stages.client(host, first_account(host)), first_account(host)
    first_contract = customers.make_contracts(account)[0]
    assert [contract.id for contract in client.get_billing_contracts(external_number=first_contract.number)] == [
        first_contract.id
    ]
    assert len(list(client.get_billing_contracts(status="Inactive"))) == 1
    pages = list(client.get_billing_contracts_invoices(page_size=10).pages())
    cursor = GetBillingContractsInvoices(page_size=10).next_operation(pages[0]).after  # type: ignore[union-attr]
    assert next(iter(client.get_billing_contracts_invoices(page_size=10, after=cursor).pages())) == pages[1]
    with pytest.raises(BadRequest, match="1 to 10"):
        list(client.get_billing_contracts(page_size=200))
