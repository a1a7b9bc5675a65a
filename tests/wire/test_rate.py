"""Request budgets are kept by all who share them."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from billfold.providers.cockroach import PROVIDER
from billfold.wire.rate import RateLimiter, keep_sane_time, name_budget


def test_a_budget_keeps_the_pace_from_the_first_request_on() -> None:
    pace = RateLimiter(4.0)
    assert [pace.reserve_slot(100.0) for _ in range(4)] == [0.0, 0.25, 0.5, 0.75]
    assert [pace.reserve_slot(200.0) for _ in range(2)] == [0.0, 0.25]


def test_a_budget_waits_for_no_clock_that_was_set_back() -> None:
    pace = RateLimiter(4.0)
    assert [pace.reserve_slot(now) for now in (9_000.0, 5_000.0, 5_000.0)] == [0.0, 0.0, 0.25]


@given(st.integers(1, 50), st.lists(st.floats(0.0, 3.0), min_size=2, max_size=80))
def test_no_second_sees_more_than_the_budget(per_second: int, gaps: list[float]) -> None:
    pace, now, sent = RateLimiter(float(per_second)), 1000.0, []
    for gap in gaps:
        now += gap
        now += pace.reserve_slot(now)
        sent.append(now)
    for first in sent:
        assert sum(first <= instant < first + 1.0 - 1e-6 for instant in sent) <= per_second


def test_no_budget_is_no_wait() -> None:
    pace = RateLimiter(None)
    assert {pace.reserve_slot(0.0) for _ in range(100)} == {0.0}


def test_every_client_of_a_key_shares_its_budget() -> None:
    """Three clients of one key keep to its rate together; another key, or another host, has a budget of its own."""

    def limiter(key: str, host: str = "https://cockroachlabs.cloud") -> RateLimiter:
        return PROVIDER.make_context({"api_key": key}, host).rate_limiter

    delays = [limiter("shared by three").reserve_slot(1e9) for _ in range(3)]
    assert [round(delay, 6) for delay in delays] == [0.0, 0.1, 0.2]
    assert limiter("of somebody else").reserve_slot(1e9) == 0.0
    assert limiter("shared by three", "https://elsewhere.example").reserve_slot(1e9) == 0.0


def test_a_budgets_name_tells_neither_host_nor_key() -> None:
    name = name_budget("vultr", "api.example", "a key")
    assert re.fullmatch("[0-9a-f]{64}", name)
    assert name == name_budget("vultr", "API.example", "a key") != name_budget("vultr", "api.example", "another")


def test_a_time_out_of_reach_is_taken_for_a_wrong_clocks() -> None:
    odd_times = (float("nan"), float("inf"), -1.0, 1e300)
    assert [keep_sane_time(odd_time, 1000.0) for odd_time in odd_times] == [1000.0] * 4
    assert keep_sane_time(1000.5, 1000.0) == 1000.5
