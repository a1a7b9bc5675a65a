"""CockroachDB Cloud, played: what its twin says in the vendor's words, and what the client makes of a refusal."""

from __future__ import annotations

import json
from typing import Any

import pytest

from billfold.model.errors import Forbidden, RateLimited
from billfold.providers.cockroach.api import ListInvoices, problem
from billfold.twin.host import Host
from billfold.wire.message import Request, Response
from tests.twin.kit import alone
from tests.wire.kit import Talk, forever, line, ok, talk

KEY = "twin-cockroach-key"
INVOICES = "/api/v1/invoices"


@pytest.fixture(scope="module")
def host() -> Host:
    return alone()


def asked(host: Host, path: str = INVOICES, key: str = KEY, version: str = "2024-09-16", **query: str) -> Response:
    """Ask the twin as any program would."""
    headers = {"authorization": f"Bearer {key}", "cc-version": version}
    answer = host.answer(Request("GET", f"/cockroach{path}", tuple(query.items()), headers))
    assert answer is not None
    return answer


def said(response: Response, status: int = 200) -> Any:
    assert response.status == status, response.body
    return json.loads(response.body)


def test_one_request_too_many_is_told_to_come_back_after_a_second() -> None:
    limited = alone(limits=True)
    answers = [asked(limited) for _ in range(11)]
    assert [one.status for one in answers] == [200] * 10 + [429]
    assert answers[-1].headers["retry-after"] == "1"
    assert said(answers[-1], 429) == {"code": 8, "message": "rate limit exceeded", "details": []}


def refused(words: str, **headers: str) -> tuple[type[Exception], int]:
    """Return what a lasting 403 with these words comes to, and how often it was asked."""
    wires, heard = line(retries=2), Talk()
    wires.problem = problem
    answer = ok({"code": 8, "message": words, "details": []}, 403, **headers)
    with pytest.raises((Forbidden, RateLimited)) as caught:
        talk(ListInvoices(), forever(answer), wires, heard)
    return type(caught.value), len(heard.requests)


def test_a_403_that_says_rate_limit_exceeded_and_when_to_come_back_is_no_missing_right() -> None:
    assert refused("Rate limit exceeded", retry_after="1") == (RateLimited, 3)
    assert refused("rate limit exceeded") == (Forbidden, 1)
    assert refused("permission denied", retry_after="1") == (Forbidden, 1)
