"""When an account is collected next: laws that hold for any history, schedule and time, and the reasons that are stated."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from billfold.ledger.invoice_days import AwaitedInvoice
from billfold.model.period import Month
from billfold.settings.schedule import SyncSchedule
from billfold.tasks.sync_plan import MAX_RETRY, MISSED_TIME, PlannedSync, SyncHistory, plan_next_sync

START = datetime(2026, 11, 1, 5, 0, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
SCHEDULE = SyncSchedule(spread=timedelta())
MINUTES = st.integers(0, 60 * 24 * 40).map(lambda count: START + count * MINUTE)
SCHEDULES = st.builds(
    SyncSchedule,
    enabled=st.just(True),
    every=st.sampled_from([HOUR / 4, HOUR, 6 * HOUR, 5 * HOUR, 24 * HOUR, 168 * HOUR]),
    near_invoice=st.sampled_from([HOUR / 4, HOUR]),
    spread=st.sampled_from([0 * HOUR, HOUR, 24 * HOUR]),
    at=st.integers(0, 1439).map(lambda count: count * MINUTE),
)
AWAITED = st.builds(
    lambda start, hours: AwaitedInvoice(Month(2026, 10), start, start + hours * HOUR), MINUTES, st.integers(0, 170)
)
HISTORIES = st.builds(
    SyncHistory,
    st.just("vultr"),
    st.text("abc", min_size=1, max_size=3),
    started_at=st.none() | MINUTES,
    ended_at=st.none() | MINUTES,
    is_running=st.booleans(),
    failures=st.integers(0, 40),
    not_before=st.none() | MINUTES,
    awaited=st.lists(AWAITED, max_size=2).map(tuple),
)


def plan(history: SyncHistory, now: datetime, schedule: SyncSchedule = SCHEDULE) -> datetime:
    """Return when it is collected next, which must be some time."""
    at = plan_next_sync(history, schedule, now).at
    assert at is not None
    return at


@given(HISTORIES, SCHEDULES, MINUTES)
@settings(max_examples=200, deadline=None)
def test_never_before_now_nor_the_budget_allows(history: SyncHistory, schedule: SyncSchedule, now: datetime) -> None:
    """A plan is no earlier than now and than the vendor's budget; nor is it later than a span and a half after all that."""
    at = plan(history, now, schedule)
    is_clock_right = history.started_at is None or history.started_at <= now + MISSED_TIME
    earliest = max(now, history.not_before or now) if is_clock_right else now
    assert at >= earliest
    last = max(earliest, history.started_at or now, history.ended_at or now)
    assert at <= last + max(schedule.every * 3 / 2, MAX_RETRY)


@given(HISTORIES, SCHEDULES, MINUTES, st.integers(0, 1000))
@settings(max_examples=200, deadline=None)
def test_time_that_passes_moves_no_plan(
    history: SyncHistory, schedule: SyncSchedule, now: datetime, minutes: int
) -> None:
    """Who looks again before the planned time reads the same time, and after it: now."""
    at, later = plan(history, now, schedule), now + minutes * MINUTE
    if history.started_at is not None and history.started_at <= now:
        assert plan(history, later, schedule) == max(at, later)


@given(SCHEDULES, st.integers(1, 60 * 24 * 30))
@settings(max_examples=200, deadline=None)
def test_what_was_missed_is_caught_up_once(schedule: SyncSchedule, minutes: int) -> None:
    """However long nothing ran, it runs now, and the next time is at least half a span later."""
    history = SyncHistory("vultr", "main", START, START)
    now = plan(history, START, schedule) + minutes * MINUTE
    assert plan(history, now, schedule) == now
    after = history._replace(started_at=now, ended_at=now)
    assert schedule.every / 2 <= plan(after, now, schedule) - now <= schedule.every * 3 / 2


def test_many_accounts_spread_over_the_hour() -> None:
    """500 accounts begin at minutes of their own, the same ones every time, and never more than a few at once."""
    histories = [SyncHistory("fastly", f"customer-{number}", START, START) for number in range(500)]
    schedule = SyncSchedule()
    times = [plan(history, START, schedule) for history in histories]
    assert times == [plan(history, START, schedule) for history in histories]
    assert all(START + 6 * HOUR <= time < START + 7 * HOUR for time in times)
    assert len(Counter(times)) > 55
    assert max(Counter(times).values()) < 25


def test_the_rhythm_keeps_its_time_of_day() -> None:
    history, times = SyncHistory("vultr", "main", START, START), list[datetime]()
    for _ in range(4):
        at = plan(history, history.started_at or START)
        times.append(at)
        history = history._replace(started_at=at + 40 * MINUTE, ended_at=at + 50 * MINUTE)
    assert [f"{time:%H:%M}" for time in times] == ["11:00", "17:00", "23:00", "05:00"]


def test_failures_are_tried_again_ever_later() -> None:
    """The distance doubles from five minutes on, and ends at six hours; a success ends it."""
    history = SyncHistory("vultr", "main", START, START, failures=1)
    schedule = SyncSchedule(every=24 * HOUR)
    distances = [plan(history._replace(failures=count), START, schedule) - START for count in range(1, 12)]
    assert distances == sorted(distances)
    assert 5 * MINUTE <= distances[0] < 7 * MINUTE
    assert 10 * MINUTE <= distances[1] < 13 * MINUTE
    assert distances[-1] == MAX_RETRY
    assert plan(history._replace(failures=0), START, schedule) - START > 12 * HOUR


def test_an_invoice_that_is_due_is_asked_for_often() -> None:
    """From the day on which it usually comes it is asked for every hour, and not before, and not for ever."""
    awaited = AwaitedInvoice(Month(2026, 10), START + 24 * HOUR, START + 48 * HOUR)
    history, times = SyncHistory("vultr", "main", START, START, awaited=(awaited,)), list[datetime]()
    while not times or times[-1] < awaited.end:
        at = plan(history, history.started_at or START)
        times.append(at)
        history = history._replace(started_at=at, ended_at=at + MINUTE)
    assert Counter(time.date().day for time in times) == {1: 3, 2: 19, 3: 6}
    assert (
        plan_next_sync(SyncHistory("vultr", "main", START, START, awaited=(awaited,)), SCHEDULE, START).why
        == "every 6 h"
    )


def test_why_then_is_stated() -> None:
    base = SyncHistory("vultr", "main", START, START)
    awaited = AwaitedInvoice(Month(2026, 10), START, START + 24 * HOUR, is_document=True)
    plans = [
        (base._replace(started_at=None), "never collected"),
        (base, "every 6 h"),
        (base._replace(awaited=(awaited,)), "document of 2026-10 due: every 1 h"),
        (base._replace(failures=2), "failed 2 times"),
        (base._replace(ended_at=None), "was interrupted"),
        (base._replace(ended_at=None, is_running=True), "every 6 h"),
        (base._replace(not_before=START + 30 * HOUR), "when the vendor's budget allows it"),
        (base._replace(started_at=START + 9000 * HOUR, not_before=START + 9001 * HOUR), "the clock was wrong"),
        (base._replace(started_at=START - 30 * HOUR), "missed on 10-31 at 05:00"),
    ]
    now = START + HOUR / 4
    assert [plan_next_sync(history, SCHEDULE, now).why for history, _ in plans] == [why for _, why in plans]
    switched_off = SCHEDULE._replace(enabled=False)
    assert plan_next_sync(base, switched_off, now) == PlannedSync(None, "switched off for this account")
