"""The twin's clock starts where it is told, jumps when asked, and never goes back by itself."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billfold.model.errors import InvalidArgument
from billfold.twin.clock import Clock, parse_duration
from tests import stage
from tests.stage import AT, Still

DAY = timedelta(days=1)


def test_the_clock_runs_from_where_it_is_told() -> None:
    clock = Clock(AT)
    first, second = clock.now(), clock.now()
    assert AT <= first <= second < AT + DAY


def test_the_clock_jumps_to_a_time_and_by_a_span() -> None:
    clock = Clock(AT)
    clock.set(AT + DAY * 10)
    assert AT + DAY * 10 <= clock.now() < AT + DAY * 11
    clock.advance(DAY * 31)
    assert AT + DAY * 41 <= clock.now() < AT + DAY * 42


def test_the_clock_may_be_set_back() -> None:
    clock = Clock(AT)
    clock.set(AT - DAY)
    assert clock.now() < AT


def test_the_clock_is_in_utc_whatever_it_is_told_in() -> None:
    clock = Still(datetime(2026, 11, 15, 5, tzinfo=timezone(timedelta(hours=5))))
    assert clock.now() == AT
    assert clock.now().tzinfo is UTC


@given(st.lists(st.tuples(st.integers(0, 10**5), st.sampled_from("smhd")), min_size=1, max_size=5))
def test_a_span_is_the_sum_of_its_parts(parts: list[tuple[int, str]]) -> None:
    seconds = {"s": 1, "m": 60, "h": 3600, "d": 86400}
    text = "".join(f"{number}{unit}" for number, unit in parts)
    assert parse_duration(text) == timedelta(seconds=sum(number * seconds[unit] for number, unit in parts))


@given(st.text(max_size=12))
def test_any_text_is_a_span_or_refused(text: str) -> None:
    if re.fullmatch(r"(\d{1,9}[smhd])+", text):
        return
    with pytest.raises((InvalidArgument, OverflowError)):
        parse_duration(text)


@pytest.mark.parametrize("text", ["", "31", "d", "-1d", "1.5d", "1 d", "1d ", "1w", "1d12", "xd", "1D"])
def test_what_is_no_span_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InvalidArgument, match="write it as 31d, 4h, 90s or 1d12h"):
        parse_duration(text)


def test_a_span_that_no_calendar_holds_is_refused() -> None:
    with pytest.raises(InvalidArgument):
        parse_duration("99999999999999d")


def test_a_frozen_clock_stands_still_until_told() -> None:
    """A frozen clock stands where it is, jumps when told, and runs again from there."""
    clock = Clock(AT)
    clock.freeze(True)
    assert clock.now() == clock.now()
    clock.set(AT + DAY)
    assert [clock.now(), clock.now()] == [AT + DAY] * 2
    clock.advance(DAY)
    assert clock.now() == AT + DAY * 2
    clock.freeze(False)
    assert AT + DAY * 2 <= clock.now() < AT + DAY * 3


def test_a_clock_that_is_restarted_runs_from_its_start() -> None:
    clock = Clock(AT)
    clock.set(AT + DAY * 9)
    clock.freeze(True)
    clock.restart()
    first, second = clock.now(), clock.now()
    assert AT <= first < second < AT + DAY


def test_nothing_takes_time_while_the_clock_stands_still() -> None:
    """An estimate that takes seconds to be made is there at once while the clock is frozen: a sync would wait for ever."""
    host = stage.twin(months=1)
    client = stage.client(host, stage.stage(host, "fastly").accounts[0], retries=0)
    host.clock.freeze(True)
    asked_at = host.clock.now()
    assert client.get_month_to_date_invoice().monthly_transaction_amount
    assert host.clock.now() == asked_at
