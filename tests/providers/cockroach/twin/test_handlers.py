"""What CockroachDB Cloud's twin answers, accepts and refuses."""

from __future__ import annotations

import pytest

from billfold.twin.host import TwinHost
from tests.providers.cockroach.twin.kit import INVOICES, parse_body, send_request
from tests.twin.kit import alone


def test_excess_request_waits_a_second() -> None:
    """A request too many is told to come back after a second."""
    limited = alone(limits=True)
    answers = [send_request(limited) for _ in range(11)]
    assert [answer.status for answer in answers] == [200] * 10 + [429]
    assert answers[-1].headers["retry-after"] == "1"
    assert parse_body(answers[-1], 429) == {"code": 8, "message": "rate limit exceeded", "details": []}


@pytest.mark.parametrize("name", ["start_time", "end_time"])
@pytest.mark.parametrize(
    "text", ["2026-03-01", "2026-03-01T00:00:00", "1772323200", "soon", "", "2026-13-01T00:00:00Z"]
)
def test_bad_time_is_bad_request(host: TwinHost, name: str, text: str) -> None:
    """A time without a zone or of another form is a bad request in the vendor's words."""
    message = f'invalid argument: invalid {name} "{text}"'
    assert parse_body(send_request(host, **{name: text}), 400) == {"code": 3, "message": message, "details": []}


def test_bad_status_is_bad_request(host: TwinHost) -> None:
    """A status that does not exist is a bad request in the vendor's words."""
    assert parse_body(send_request(host, status="HAHA"), 400)["message"] == 'invalid argument: invalid status "HAHA"'
    assert parse_body(send_request(host, version="1999-01-01"), 400)["message"] == "invalid Cc-Version"


@pytest.mark.parametrize("zone", ["Z", "+00:00", ".5-00:30"])
def test_times_of_any_zone_bound_list(host: TwinHost, zone: str) -> None:
    """Times of any zone bound the list."""
    times = {"start_time": f"2026-02-28T23:00:00{zone}", "end_time": f"2026-06-01T00:00:00{zone}"}
    starts = [invoice["period_start"][:7] for invoice in parse_body(send_request(host, **times))["invoices"]]
    assert starts == ["2026-03", "2026-04", "2026-05"]


def test_missing_right_is_not_named(host: TwinHost) -> None:
    """A missing right is not named, and the organization is under another right."""
    unprivileged_key = "twin-cockroach-noright"
    for path in (INVOICES, f"{INVOICES}/x"):
        assert parse_body(send_request(host, path, unprivileged_key), 403) == {
            "code": 7,
            "message": "permission denied",
            "details": [],
        }
    assert parse_body(send_request(host, "/api/v1/organization", unprivileged_key)) == parse_body(
        send_request(host, "/api/v1/organization")
    )


def test_credits_are_paid_by_finalized_invoices(host: TwinHost) -> None:
    """Credits are paid when an invoice is finalized, not by a draft."""
    *_, latest, draft = parse_body(send_request(host, key="twin-cockroach-credits"))["invoices"]
    assert (latest["status"], draft["status"]) == ("FINALIZED", "DRAFT")
    assert draft["balances"] == latest["balances"]
    assert latest["balances"][0]["amount"] > 0
    assert draft["totals"][0]["amount"] > 0
