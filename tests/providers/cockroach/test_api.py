"""CockroachDB Cloud's operations and errors."""

from __future__ import annotations

from typing import Any

import pytest

from billfold.model.errors import Forbidden, InvalidResponse, RateLimited
from billfold.providers.cockroach.api import GetInvoice, ListInvoices, read_error
from billfold.wire import codec
from billfold.wire.message import Response
from billfold.wire.operation import read_response
from tests.wire.kit import Talk, forever, line, ok, talk


@pytest.mark.parametrize("body", [{}, {"invoices": []}, {"invoices": [], "pagination": None}, {"invoices": [{}]}])
def test_answer_without_invoice_is_invalid(body: Any) -> None:
    """An answer without an invoice is not read as an empty invoice."""
    response = Response(200, {"content-type": "application/json"}, codec.encode_json(body))
    with pytest.raises(InvalidResponse, match="the answer has none of invoice_id, totals, invoice_items"):
        read_response(GetInvoice(invoice_id="i-1"), response)


def provoke_refusal(message: str, **headers: str) -> tuple[type[Exception], int]:
    """Return the error that a lasting 403 with this message becomes, and the number of requests."""
    context, conversation = line(retries=2), Talk()
    context.read_error = read_error
    answer = ok({"code": 8, "message": message, "details": []}, 403, **headers)
    with pytest.raises((Forbidden, RateLimited)) as caught:
        talk(ListInvoices(), forever(answer), context, conversation)
    return type(caught.value), len(conversation.requests)


def test_403_with_wait_is_rate_limit() -> None:
    """A 403 with 'rate limit exceeded' and a time to wait is not a missing right."""
    assert provoke_refusal("Rate limit exceeded", retry_after="1") == (RateLimited, 3)
    assert provoke_refusal("rate limit exceeded") == (Forbidden, 1)
    assert provoke_refusal("permission denied", retry_after="1") == (Forbidden, 1)
