"""The twin's clock: starts where it is told, runs with real time, jumps when asked."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta

from billfold.model.errors import InvalidArgument

_SECONDS_BY_UNIT = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Clock:
    """A clock in UTC that can be set and advanced, and never goes back by itself."""

    def __init__(self, start_time: datetime) -> None:
        self._start_time, self._monotonic_start = start_time.astimezone(UTC), time.monotonic()

    def now(self) -> datetime:
        """Return the twin's time."""
        return self._start_time + timedelta(seconds=time.monotonic() - self._monotonic_start)

    def set(self, new_time: datetime) -> None:
        """Jump to a time."""
        self._start_time, self._monotonic_start = new_time.astimezone(UTC), time.monotonic()

    def advance(self, delta: timedelta) -> None:
        """Jump ahead."""
        self.set(self.now() + delta)


def parse_duration(text: str) -> timedelta:
    """Read ``31d``, ``4h``, ``90s`` or ``1d12h``; raises ``InvalidArgument``."""
    parts = re.findall(r"(\d+)([smhd])", text)
    if not parts or "".join(map("".join, parts)) != text:
        raise InvalidArgument(f"{text!r} is not a span of time; write it as 31d, 4h, 90s or 1d12h")
    try:
        return timedelta(seconds=sum(int(number) * _SECONDS_BY_UNIT[unit] for number, unit in parts))
    except OverflowError:
        raise InvalidArgument(f"{text!r} is longer than time") from None
