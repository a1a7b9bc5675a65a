"""The twin's clock: starts where it is told, runs with real time, jumps when asked."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta

from billfold.model.errors import InvalidArgument

_SECONDS_BY_UNIT = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Clock:
    """A clock in UTC that can be set, advanced and frozen, and never goes back by itself."""

    def __init__(self, start_time: datetime) -> None:
        self._first_time, self._is_frozen = start_time.astimezone(UTC), False
        self._start_time, self._monotonic_start = self._first_time, time.monotonic()

    def now(self) -> datetime:
        """Return the twin's time."""
        elapsed_s = 0 if self._is_frozen else time.monotonic() - self._monotonic_start
        return self._start_time + timedelta(seconds=elapsed_s)

    @property
    def is_frozen(self) -> bool:
        """Whether it stands still."""
        return self._is_frozen

    def set(self, new_time: datetime) -> None:
        """Jump to a time."""
        self._start_time, self._monotonic_start = new_time.astimezone(UTC), time.monotonic()

    def advance(self, delta: timedelta) -> None:
        """Jump ahead."""
        self.set(self.now() + delta)

    def freeze(self, is_frozen: bool) -> None:
        """Stand still at this time until told to run again, or to set or to advance; those jump, and stand still there."""
        self.set(self.now())
        self._is_frozen = is_frozen

    def restart(self) -> None:
        """Jump back to the time at which this clock was started, and run."""
        self._is_frozen = False
        self.set(self._first_time)


def parse_duration(text: str) -> timedelta:
    """Read ``31d``, ``4h``, ``90s`` or ``1d12h``; raises ``InvalidArgument``."""
    parts = re.findall(r"(\d+)([smhd])", text)
    if not parts or "".join(map("".join, parts)) != text:
        raise InvalidArgument(f"{text!r} is not a span of time; write it as 31d, 4h, 90s or 1d12h")
    try:
        return timedelta(seconds=sum(int(number) * _SECONDS_BY_UNIT[unit] for number, unit in parts))
    except OverflowError:
        raise InvalidArgument(f"{text!r} is longer than time") from None
