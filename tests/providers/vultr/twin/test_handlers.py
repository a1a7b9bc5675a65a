"""What Vultr's twin accepts and refuses."""

from __future__ import annotations

import json

import pytest

from billfold.wire.message import Request
from tests import stage as stages
from tests.providers.kit import parse_exact
from tests.providers.vultr.kit import read_sample


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("per_page=0", 400),
        ("per_page=501", 400),
        ("per_page=500", 200),
        ("per_page=many", 400),
        ("cursor=!", 400),
        ("cursor=bmV4dF9fOTk5", 400),
        ("date_range=30", 200),
    ],
)
def test_parameters_are_accepted_or_refused(query: str, status: int) -> None:
    """Parameters are accepted or refused."""
    host = stages.twin()
    headers = {"authorization": "Bearer twin-vultr-key"}
    pair = tuple(query.split("="))
    response = host.answer_request(Request("GET", "/vultr/v2/billing/invoices", (pair,), headers))  # type: ignore[arg-type]
    assert response is not None
    assert response.status == status
    assert response.headers["content-type"] == "application/json"
    assert status == 200 or json.loads(response.body)["status"] == status
    assert b"$." not in response.body


def test_31st_request_of_second_is_refused() -> None:
    """The 31st request of a second is refused in the recorded words."""
    host = stages.twin(limits=True)
    request = Request("GET", "/vultr/v2/account", (), {"authorization": "Bearer twin-vultr-key"})
    answers = [host.answer_request(request) for _ in range(31)]
    assert [answer.status for answer in answers if answer] == [200] * 30 + [429]
    assert answers[30] is not None
    assert parse_exact(answers[30].body) == parse_exact(read_sample("error_429_rate_limit.json"))
    assert answers[30].body.startswith(b'{"status"')
    assert "retry-after" not in answers[30].headers
