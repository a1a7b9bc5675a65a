"""Each route of the control says what it should, changes what it should, and refuses nonsense with a sentence."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billfold.model.errors import InvalidArgument
from billfold.model.focus import CostAndUsage
from billfold.model.period import parse_instant
from billfold.providers import provider
from billfold.twin.clock import Clock
from billfold.twin.host import TwinHost
from billfold.twin.serve import make_handler, write_config
from billfold.twin.world import World
from billfold.wire.message import Request, Response
from tests.stage import AT
from tests.twin.kit import alone

ROOT = "http://127.0.0.1:8400"
LIST = "/cockroach/api/v1/invoices"
AskTwin = Callable[..., Any]


@pytest.fixture
def host() -> TwinHost:
    return alone()


@pytest.fixture
def ask(host: TwinHost) -> AskTwin:
    answer = make_handler(host)

    def send(method: str, path: str, body: object = None, *, status: int = 200, **query: str) -> Any:
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        response = answer(Request(method, path, tuple(query.items()), {}, content), ROOT)
        assert response.status == status, response.body
        return json.loads(response.body) if response.media_type == "application/json" else response.body

    return send


def bill_of(host: TwinHost, key: str = "twin-cockroach-key") -> Response:
    answer = make_handler(host)(Request("GET", LIST, (), {"authorization": f"Bearer {key}"}), ROOT)
    assert answer.headers["x-billfold-twin"] == "cockroach"
    return answer


def test_accounts_tell_all_that_a_client_needs(ask: AskTwin) -> None:
    accounts = ask("GET", "/_twin/accounts")
    for account in accounts:
        assert {"name", "provider", "base_url", "credentials", "first_month", "last_closed_month"} <= set(account)
        assert account["base_url"].startswith(f"{ROOT}/")
        assert account["last_closed_month"] == "2026-10"
    first = next(account for account in accounts if account["provider"] == "cockroach")
    assert first["base_url"] == f"{ROOT}/cockroach"
    assert first["credentials"] == {"api_key": "twin-cockroach-key"}
    assert len({account["name"] for account in accounts}) == len(accounts)


def test_the_fixed_keys_open_what_they_should(host: TwinHost) -> None:
    keys = ("twin-cockroach-key", "twin-cockroach-noright", "wrong", "")
    assert [bill_of(host, key).status for key in keys] == [200, 403, 401, 401]


def test_truth_is_one_entry_for_each_invoice_and_currency(ask: AskTwin) -> None:
    truth = ask("GET", "/_twin/truth")
    assert truth["as_of"] == "2026-11-15T00:00:00Z"
    names = ["provider", "account", "invoice_id", "state", "period_start", "period_end", "currency", "total", "lines"]
    assert all(list(bill) == names for bill in truth["invoices"])
    assert {bill["state"] for bill in truth["invoices"]} <= {"estimate", "draft", "issued"}
    assert all(isinstance(bill["total"], str) for bill in truth["invoices"] if bill["provider"] == "cockroach")
    keys = [(bill["account"], bill["invoice_id"], bill["currency"], bill["period_start"]) for bill in truth["invoices"]]
    assert len(set(keys)) == len(keys)


def test_the_true_charges_add_up_to_the_totals(ask: AskTwin) -> None:
    """The true charges are rows of FOCUS and add up to the totals."""
    truth = ask("GET", "/_twin/truth")
    rows = [json.loads(line) for line in ask("GET", "/_twin/truth", charges="1").splitlines()]
    own_rows = [row for row in rows if row["x_AccountName"] == "cockroach"]
    assert all(set(row) <= set(CostAndUsage._fields) for row in rows)
    assert sum(row["x_AccountName"].startswith("cockroach") for row in rows) == truth["charges"]["cockroach"]
    for bill in truth["invoices"]:
        if bill["account"] == "cockroach":
            costs = [Decimal(row["BilledCost"]) for row in own_rows if row["InvoiceId"] == bill["invoice_id"]]
            assert sum(costs) == Decimal(bill["total"])


def test_truth_is_a_function_of_seed_and_time_alone(ask: AskTwin) -> None:
    before = ask("GET", "/_twin/truth")
    ask("POST", "/_twin/clock", {"advance": "40d"})
    assert ask("GET", "/_twin/truth") != before
    ask("POST", "/_twin/clock", {"set": "2026-11-15T00:00:00Z"})
    assert ask("GET", "/_twin/truth") == before


def test_the_clock_is_told_set_and_advanced(ask: AskTwin) -> None:
    assert ask("GET", "/_twin/clock") == {"now": "2026-11-15T00:00:00Z"}
    assert ask("POST", "/_twin/clock", {"set": "2026-12-01"}) == {"now": "2026-12-01T00:00:00Z"}
    assert ask("POST", "/_twin/clock", {"advance": "31d"}) == {"now": "2027-01-01T00:00:00Z"}
    assert ask("POST", "/_twin/clock", {"advance": "1h30m"}) == {"now": "2027-01-01T01:30:00Z"}
    assert ask("GET", "/_twin/clock") == {"now": "2027-01-01T01:30:00Z"}


@pytest.mark.parametrize(
    "instant",
    [
        {"sett": "2026-12-01"},
        {"set": "2026-12-01", "advance": "abc"},
        {"set": "2025-10-31"},
        {"set": "1969-12-31"},
        {"set": "0001-01-01"},
        {"set": "2045-11-02"},
        {"set": "2100-01-01"},
        {"set": "9999-12-31T23:59:59Z"},
        {"set": "2045-10-31", "advance": "2d"},
        {"advance": "7000d"},
        {"advance": "soon"},
        {"advance": 5},
        {"advance": None},
        {"set": "x"},
        {"set": None},
        {"set": {}},
        {"freeze": "yes"},
        {"freeze": True, "set": "x"},
        [],
        5,
        "x",
    ],
)
def test_a_clock_that_is_told_nonsense_stays_and_says_so(instant: object, ask: AskTwin) -> None:
    assert "date value" not in ask("POST", "/_twin/clock", instant, status=400)["error"]
    assert ask("GET", "/_twin/clock") == {"now": "2026-11-15T00:00:00Z"}


@pytest.mark.parametrize("at", ["2025-11-01", "2045-11-01"])
def test_everything_can_be_asked_at_both_ends_of_the_story(at: str, ask: AskTwin, host: TwinHost) -> None:
    ask("POST", "/_twin/clock", {"set": at})
    assert ask("GET", "/_twin/truth")["invoices"]
    assert bill_of(host).status == 200


def test_who_asks_for_the_time_does_not_move_it(ask: AskTwin) -> None:
    assert ask("GET", "/_twin/clock", {"set": "2026-12-01"}) == {"now": "2026-11-15T00:00:00Z"}


@pytest.mark.parametrize("no", ["0", "no", "false"])
def test_the_charges_of_the_truth_can_be_declined(no: str, ask: AskTwin) -> None:
    assert ask("GET", "/_twin/truth", charges=no) == ask("GET", "/_twin/truth")


@pytest.mark.parametrize("at", ["1999-12-31", "0001-01-01", "2101-01-01", "9999-12-31"])
def test_a_world_of_another_age_is_refused(at: str) -> None:
    with pytest.raises(InvalidArgument, match="from the year 2000 to 2100"):
        World(seed=1, start_time=parse_instant(at))


@pytest.mark.parametrize("at", ["2000-01-01", "2100-12-31T23:59:59Z"])
def test_a_world_of_the_first_or_the_last_age_can_be_played(at: str) -> None:
    world = World(seed=1, start_time=parse_instant(at), months=2)
    assert {account.provider for account, _ in world.iter_bills(parse_instant(at))} == set(provider.provider_names())


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"not JSON",
        b"\xff",
        b'{"advance":"99999999999999d"}',
        b'{"set":"0001-01-01T00:00:00+23:59"}',
        b'{"advance":"9999999d"}',
    ],
)
def test_a_body_that_cannot_be_read_is_refused_with_a_sentence(body: bytes, ask: AskTwin) -> None:
    assert ask("POST", "/_twin/clock", body, status=400)["error"]


@pytest.mark.parametrize("control", ["clock", "faults"])
@pytest.mark.parametrize("body", [b"zzz", b"[]", b"{"])
def test_a_request_that_is_no_json_object_is_blamed(control: str, body: bytes, ask: AskTwin) -> None:
    """A request that is no JSON object is told that it is the request."""
    error = ask("POST", f"/_twin/{control}", body, status=400)["error"]
    assert error.startswith("the request is no JSON object; send one, as ")


def test_faults_are_listed_set_told_and_cleared(ask: AskTwin, host: TwinHost) -> None:
    named = ask("GET", "/_twin/faults")
    assert {
        "unauthorized",
        "forbidden",
        "not-found",
        "rate-limited",
        "server-html",
        "accepted-202",
        "in-progress",
    } <= set(named["faults"])
    assert {"cut-body", "looping-cursor"} <= set(named["faults"])
    assert named["set"] == []
    fault = {"provider": "cockroach", "fault": "server-html", "operation": "list_invoices", "at": 2, "times": 2}
    assert ask("POST", "/_twin/faults", fault)["set"] == [{**fault, "seen": 0}]
    assert [bill_of(host).status for _ in range(4)] == [200, 503, 503, 200]
    assert ask("GET", "/_twin/faults")["set"][0]["seen"] == 4
    assert ask("DELETE", "/_twin/faults")["set"] == []


def test_at_and_times_are_one_where_they_are_not_said(ask: AskTwin, host: TwinHost) -> None:
    ask("POST", "/_twin/faults", {"provider": "cockroach", "fault": "not-found"})
    assert [bill_of(host).status for _ in range(2)] == [404, 200]


ODD: tuple[object, ...] = ({}, [], [[]], True, 1.5, "", "x")


@pytest.mark.parametrize(
    "fault",
    [
        *({}, [], {"provider": "cockroach", "fault": "nothing"}, {"fault": "forbidden"}, None),
        *({"provider": odd, "fault": "forbidden"} for odd in ODD),
        *({"provider": "cockroach", "fault": odd} for odd in ODD),
        *({"provider": "cockroach", "fault": "forbidden", "operation": odd} for odd in ODD),
        *({"provider": "cockroach", "fault": "forbidden", "at": odd} for odd in ODD),
    ],
)
def test_an_unknown_fault_is_refused_with_the_known(fault: object, ask: AskTwin) -> None:
    """A fault that is not one is refused with those there are."""
    assert ask("POST", "/_twin/faults", fault, status=400)["error"]
    assert ask("GET", "/_twin/faults")["set"] == []


def test_requests_tell_what_was_asked_and_no_key(ask: AskTwin, host: TwinHost) -> None:
    bill_of(host)
    bill_of(host, "wrong")
    make_handler(host)(Request("GET", "/cockroach/nowhere", (("a", "b"),), {}), ROOT)
    requests = ask("GET", "/_twin/requests")
    summaries = [
        (request["provider"], request["operation"], request["path"], request["query"], request["status"])
        for request in requests
    ]
    assert summaries == [
        ("cockroach", "list_invoices", "/api/v1/invoices", {}, 200),
        ("cockroach", "list_invoices", "/api/v1/invoices", {}, 401),
        ("cockroach", None, "/nowhere", {"a": "b"}, 401),
    ]
    assert {request["at"] for request in requests} == {"2026-11-15T00:00:00Z"}
    assert "twin-cockroach-key" not in json.dumps(requests)


def test_the_control_is_not_among_the_requests(ask: AskTwin) -> None:
    ask("GET", "/_twin/truth")
    assert ask("GET", "/_twin/requests") == []


def test_a_reset_forgets_faults_and_requests_but_not_the_time(ask: AskTwin, host: TwinHost) -> None:
    ask("POST", "/_twin/clock", {"advance": "1d"})
    ask("POST", "/_twin/faults", {"provider": "cockroach", "fault": "forbidden", "times": 100})
    bill_of(host)
    assert ask("POST", "/_twin/reset") == {"now": "2026-11-16T00:00:00Z"}
    assert ask("GET", "/_twin/requests") == []
    assert ask("GET", "/_twin/faults")["set"] == []
    assert bill_of(host).status == 200


def test_a_reset_brings_the_clock_back_if_told(ask: AskTwin) -> None:
    ask("POST", "/_twin/clock", {"advance": "31d", "freeze": True})
    assert ask("POST", "/_twin/reset", {"clock": True}) == {"now": "2026-11-15T00:00:00Z"}
    nonsense: object
    for nonsense in ({"clock": 1}, {"clok": True}, []):
        assert ask("POST", "/_twin/reset", nonsense, status=400)["error"]


def test_a_clock_is_set_and_frozen_at_once(host: TwinHost) -> None:
    """A running clock that is set and frozen stands at exactly that time."""
    host.clock = Clock(AT)
    body = b'{"set": "2026-12-01", "freeze": true}'
    answers = [make_handler(host)(Request(method, "/_twin/clock", (), {}, body), ROOT) for method in ("POST", "GET")]
    assert [answer.body for answer in answers] == [b'{"now":"2026-12-01T00:00:00Z"}'] * 2


def test_a_reset_forgets_the_rate_limits_count() -> None:
    """A reset forgets what was counted against the rate limit."""
    host = alone(limits=True)
    statuses = [bill_of(host).status for _ in range(12)]
    assert (statuses[:10], statuses[-1]) == ([200] * 10, 429)
    host.reset()
    assert bill_of(host).status == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/_twin"),
        ("GET", "/_twin/"),
        ("GET", "/_twin/nothing"),
        ("GET", "/_twin/reset"),
        ("POST", "/_twin/truth"),
        ("POST", "/_twin/accounts"),
        ("DELETE", "/_twin/clock"),
        ("PUT", "/_twin/faults"),
        ("GET", "/_twin/truth/more"),
    ],
)
def test_a_control_that_is_not_there_names_those_that_are(method: str, path: str, ask: AskTwin) -> None:
    assert "accounts, truth, clock, events, faults, requests, reset" in ask(method, path, status=404)["error"]


@pytest.mark.parametrize("path", ["/", "", "/nothing", "/cockroachx", "/_twinx", "/COCKROACH", "//cockroach"])
def test_a_path_that_nobody_serves_names_what_is_served(path: str, ask: AskTwin) -> None:
    assert "/cockroach" in ask("GET", path, status=404)["error"]


@given(path=st.text(max_size=20), method=st.sampled_from(["GET", "POST", "DELETE", "HEAD"]))
@settings(max_examples=60, deadline=None)
def test_any_path_below_a_vendor_is_answered_in_its_words(path: str, method: str) -> None:
    for headers in ({}, {"authorization": "Bearer twin-cockroach-key"}):
        answer = make_handler(HOST)(Request(method, f"/cockroach/{path}", (), headers), ROOT)
        assert answer.status in {200, 400, 401, 404}


HOST = alone()


@pytest.mark.parametrize("scenario", ["vultr:lines-30", "fastly:parent-pay", "cockroach:credits", "genesys:ordinary"])
def test_an_account_can_be_of_a_kind_that_its_vendor_plays(scenario: str) -> None:
    stages = World(seed=1, start_time=AT, scenario=scenario).vendors
    assert scenario in {f"{account.name}:{account.account_type}" for stage in stages for account in stage.accounts}


@pytest.mark.parametrize("scenario", ["vultr:xyz", "vultr:lines-", "vultr:", "vultr:lines-N", "genesys:credits"])
def test_a_kind_that_nobody_plays_is_refused(scenario: str) -> None:
    """A kind that nobody plays is refused with those there are."""
    with pytest.raises(InvalidArgument, match="it can be ordinary"):
        World(seed=1, start_time=AT, scenario=scenario)


def test_a_written_config_refers_to_private_files(tmp_path: Any, host: TwinHost) -> None:
    """A written config refers to files that only the owner may read."""
    import tomllib

    write_config(tmp_path / "billfold.toml", host.world.iter_addresses(ROOT))
    accounts = tomllib.loads((tmp_path / "billfold.toml").read_text())["accounts"]
    assert "twin-cockroach-key" not in (tmp_path / "billfold.toml").read_text()
    own = next(account for account in accounts if account["name"] == "cockroach")
    assert (own["provider"], own["base_url"], own["rate"]) == ("cockroach", f"{ROOT}/cockroach", "off")
    key_file = tmp_path / "billfold.credentials" / "cockroach.api_key"
    assert own["api_key"] == f"file:{key_file}"
    assert key_file.read_text() == "twin-cockroach-key"
    assert {path.stat().st_mode & 0o777 for path in key_file.parent.iterdir()} == {0o600}
    assert key_file.parent.stat().st_mode & 0o777 == 0o700
