"""How often somebody may ask: a bucket of tokens for each key, login or address, which fills again with time."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

MAX_BUCKETS = 10_000


class RateLimit(NamedTuple):
    """So many at once, and one more each so many seconds."""

    burst: int
    seconds_each: float


REQUESTS = RateLimit(400, 0.01)
"""What a key, a user or a session may ask."""
REFUSALS = RateLimit(60, 1)
"""Requests of an address without a good key; then nothing of it is looked at."""
VISITS = RateLimit(200, 0.1)
"""What an address may ask that anybody is answered: the login, the probes."""
NOTES_OF_LIMITS = RateLimit(1, 60)
"""How often the audit log has that somebody asks too often."""
LOGINS_OF_NAME_AND_ADDRESS, LOGINS_OF_ADDRESS, LOGINS_OF_NAME = RateLimit(5, 60), RateLimit(20, 15), RateLimit(100, 36)
"""Logins that are tried: guesses from one address, and from many."""


class TokenBuckets:
    """Buckets of one limit by name; the one that was not asked for longest is forgotten first."""

    def __init__(self, limit: RateLimit, read_clock: Callable[[], float] = time.monotonic) -> None:
        self._limit, self._read_clock, self._lock = limit, read_clock, threading.Lock()
        self._buckets = OrderedDict[str, tuple[float, float]]()

    def take_token(self, name: str) -> int:
        """Take a token; returns 0, or after how many seconds there is one."""
        with self._lock:
            tokens, now = self._fill(name)
            wait = 0 if tokens >= 1 else max(1, round((1 - tokens) * self._limit.seconds_each + 0.5))
            self._buckets[name] = (tokens - 1 if not wait else tokens, now)
            self._buckets.move_to_end(name)
            while len(self._buckets) > MAX_BUCKETS:
                self._buckets.popitem(last=False)
            return wait

    def measure_wait(self, name: str) -> int:
        """Return after how many seconds there is a token, and take none."""
        with self._lock:
            tokens, _ = self._fill(name)
            return 0 if tokens >= 1 else max(1, round((1 - tokens) * self._limit.seconds_each + 0.5))

    def _fill(self, name: str) -> tuple[float, float]:
        now = self._read_clock()
        tokens, earlier = self._buckets.get(name, (float(self._limit.burst), now))
        return min(self._limit.burst, tokens + (now - earlier) / self._limit.seconds_each), now
