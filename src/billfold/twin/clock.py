"""The twin's clock: starts where it is told, runs with real time, jumps when asked."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta

from billfold.model.errors import Misasked

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Clock:
    """A clock in UTC that can be set and advanced, and never goes back by itself."""

    def __init__(self, at: datetime) -> None:
        self._at, self._since = at.astimezone(UTC), time.monotonic()

    def now(self) -> datetime:
        """Return the twin's time."""
        return self._at + timedelta(seconds=time.monotonic() - self._since)

    def set(self, at: datetime) -> None:
        """Jump to a time."""
        self._at, self._since = at.astimezone(UTC), time.monotonic()

    def advance(self, by: timedelta) -> None:
        """Jump ahead."""
        self.set(self.now() + by)


def span(text: str) -> timedelta:
    """Read ``31d``, ``4h``, ``90s`` or ``1d12h``; raises ``Misasked``."""
    parts = re.findall(r"(\d+)([smhd])", text)
    if not parts or "".join(map("".join, parts)) != text:
        raise Misasked(f"{text!r} is not a span of time; write it as 31d, 4h, 90s or 1d12h")
    try:
        return timedelta(seconds=sum(int(number) * _UNITS[unit] for number, unit in parts))
    except OverflowError:
        raise Misasked(f"{text!r} is longer than time") from None
