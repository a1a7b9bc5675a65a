"""Request budgets: how long to wait before the next request, so that a vendor's rate limit is kept by all who share it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from threading import Lock
from typing import Protocol

MAX_WAIT_S = 300.0
"""Seconds; a vendor that asks for more is reported instead of obeyed, and a budget that is free later was kept by a wrong clock."""


class RateTable(Protocol):
    """Where the processes of a machine keep when each budget is free again."""

    def take_slot(self, budget: str, earliest: float, interval_s: float) -> float:
        """Return the first free time from the earliest on, and count it; the earliest itself where nothing can be shared."""
        ...


@dataclass
class RateLimiter:
    """A request budget: at most ``per_second`` in any second, so evenly spread; nothing is saved up.

    Threads may share it, and so do processes that have a ``table`` in common, where it is known as ``budget``.
    """

    per_second: float | None
    budget: str = ""
    table: RateTable | None = None
    _next_free: float = 0.0
    _lock: Lock = field(default_factory=Lock)

    def reserve_slot(self, now: float) -> float:
        """Return the seconds to wait before the next request, and count it."""
        if not self.per_second:
            return 0.0
        with self._lock:
            slot = keep_sane_time(self._next_free, now)
            if self.table:
                slot = self.table.take_slot(self.budget, slot, 1.0 / self.per_second)
            self._next_free = slot + 1.0 / self.per_second
        return slot - now


def keep_sane_time(next_free: float, earliest: float) -> float:
    """Return when a budget is free: at the earliest time where it says nothing, or what only a clock that was set back explains."""
    return next_free if earliest < next_free <= earliest + MAX_WAIT_S else earliest


def name_budget(provider_name: str, host: str, *secrets: str) -> str:
    """Name the budget of a credential at a host, so that the name tells neither."""
    return sha256("\x00".join((provider_name, host.lower(), *secrets)).encode()).hexdigest()


@cache
def find_limiter(budget: str, per_second: float) -> RateLimiter:
    """Return the one limiter that this process has for a budget."""
    return RateLimiter(per_second, budget)
