"""When an account is to be collected next, and why then: a pure function of what happened, the schedule and the time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import NamedTuple

from billfold.ledger.invoice_days import AwaitedInvoice
from billfold.settings.schedule import SyncSchedule, describe_span

FIRST_RETRY, MAX_RETRY = timedelta(minutes=5), timedelta(hours=6)
"""How long after the first failure in a row an account is asked again, and after many; each time it is twice as long."""
MISSED_TIME = timedelta(minutes=10)
"""How much later than planned a sync may begin that is not called missed."""
_ORIGIN = datetime(2000, 1, 1, tzinfo=UTC)


class SyncHistory(NamedTuple):
    """What is known of an account's collections: the last one, how many failed in a row, and what is awaited.

    ``ended_at`` is None where the last one still runs, or was interrupted. Before ``not_before`` the vendor's budget allows
    nothing.
    """

    provider: str
    account: str
    started_at: datetime | None = None
    ended_at: datetime | None = None
    is_running: bool = False
    failures: int = 0
    not_before: datetime | None = None
    awaited: tuple[AwaitedInvoice, ...] = ()


class PlannedSync(NamedTuple):
    """When an account is collected next (None: never by itself), and why then."""

    at: datetime | None
    why: str


def plan_next_sync(history: SyncHistory, schedule: SyncSchedule, now: datetime) -> PlannedSync:
    """Return when an account is to be collected next: never earlier than now, nor than the vendor's budget allows.

    However often it was missed, it is caught up once. A last sync that is yet to come, by a clock that was wrong, says nothing.
    """
    if not schedule.enabled:
        return PlannedSync(None, "switched off for this account")
    if history.started_at and history.started_at > now + MISSED_TIME:
        return PlannedSync(now, "the clock was wrong")
    at, why = _plan_after(history, schedule, now)
    if history.not_before and history.not_before > max(at, now):
        return PlannedSync(history.not_before, "when the vendor's budget allows it")
    return PlannedSync(max(at, now), why)


def _plan_after(history: SyncHistory, schedule: SyncSchedule, now: datetime) -> tuple[datetime, str]:
    """Return when the next sync should be, which may be past."""
    if history.started_at is None:
        return now, "never collected"
    if history.ended_at is None and not history.is_running and history.failures <= 1:
        return history.started_at, "was interrupted"
    if history.failures and not history.is_running:
        return _plan_retry(history, schedule)
    at, why = min(_list_slots(history, history.started_at, schedule))
    return at, why if at >= now - MISSED_TIME else f"missed on {at:%m-%d at %H:%M}"


def _plan_retry(history: SyncHistory, schedule: SyncSchedule) -> tuple[datetime, str]:
    """Return when it is tried again after failures: each time after twice as long, accounts not all at once."""
    longest = min(MAX_RETRY, schedule.every)
    distance = min(FIRST_RETRY * 2 ** min(history.failures - 1, 10), longest)
    distance = min(distance + compute_offset(history, distance / 4), longest)
    ended_at = history.ended_at or history.started_at
    assert ended_at is not None, "what failed has begun"
    return ended_at + distance, f"failed {'once' if history.failures == 1 else f'{history.failures} times'}"


def _list_slots(history: SyncHistory, started_at: datetime, schedule: SyncSchedule) -> Iterator[tuple[datetime, str]]:
    """Yield the next time of the usual rhythm, and those near what is awaited.

    At least half a span lies between two: what was caught up late is not followed by the next at once.
    """
    every, near = schedule.every, schedule.near_invoice
    yield find_slot(history, schedule, every, started_at + every / 2), f"every {describe_span(every)}"
    for awaited in history.awaited:
        slot = find_slot(history, schedule, near, max(started_at + near / 2, awaited.start))
        if slot < awaited.end:
            yield slot, f"{awaited.name}: every {describe_span(near)}"


def find_slot(history: SyncHistory, schedule: SyncSchedule, interval: timedelta, after: datetime) -> datetime:
    """Return the first time of an account's rhythm after a time: the schedule's time of day, and its own minutes later."""
    origin = _ORIGIN + schedule.at + compute_offset(history, min(schedule.spread, interval))
    return origin + ((after - origin) // interval + 1) * interval


def compute_offset(history: SyncHistory, spread: timedelta) -> timedelta:
    """Return how much later than others an account begins: whole minutes below a span, always the same for its name."""
    digest = blake2b(f"{history.provider}/{history.account}".encode(), digest_size=8).digest()
    return timedelta(minutes=int.from_bytes(digest) % max(spread // timedelta(minutes=1), 1))
