"""Times and periods: aware UTC instants, half-open periods, calendar months."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

_INSTANT = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?(Z|z|[+-]\d{2}:?\d{2})?"
)


class Period(NamedTuple):
    """A half-open span of time: start is in it, end is not."""

    start: datetime
    end: datetime


class Month(NamedTuple):
    """A calendar month in UTC, written ``2026-05``."""

    year: int
    number: int

    @classmethod
    def of(cls, when: datetime | date) -> Month:
        """Return the month that an instant (in UTC) or a day lies in."""
        if isinstance(when, datetime):
            when = when.astimezone(UTC)
        return cls(when.year, when.month)

    @classmethod
    def parse(cls, text: str) -> Month:
        """Read ``2026-05``; raises ``ValueError`` for anything else."""
        found = re.fullmatch(r"(\d{4})-(\d{2})", text)
        if not found or not 1 <= int(found[2]) <= 12 or not 1 <= int(found[1]) < 9999:
            raise ValueError(f"{text!r} is not a month; write it as 2026-05")
        return cls(int(found[1]), int(found[2]))

    def plus(self, months: int) -> Month:
        """Return the month that lies so many months later (earlier when negative)."""
        index = self.year * 12 + self.number - 1 + months
        return Month(index // 12, index % 12 + 1)

    def until(self, last: Month) -> Iterator[Month]:
        """Yield the months from this one to the last, both included."""
        month = self
        while month <= last:
            yield month
            month = month.plus(1)

    @property
    def start(self) -> datetime:
        """The month's first instant."""
        return datetime(self.year, self.number, 1, tzinfo=UTC)

    @property
    def end(self) -> datetime:
        """The next month's first instant."""
        return self.plus(1).start

    @property
    def period(self) -> Period:
        """The month as a half-open period."""
        return Period(self.start, self.end)

    def __str__(self) -> str:
        return f"{self.year:04}-{self.number:02}"


def instant(text: str) -> datetime:
    """Read an ISO 8601 time or day as an aware UTC time; one without a zone is taken as UTC.

    Raises ``ValueError`` for anything else. Digits beyond the microsecond are dropped.
    """
    found = _INSTANT.fullmatch(text.strip())
    if not found:
        raise ValueError(f"{text!r} is not a time; write it as 2026-05-01T00:00:00Z")
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    micro = int((fraction or "0").ljust(6, "0")[:6])
    there = datetime(
        int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), micro, tzinfo=UTC
    )
    if not zone or zone in "Zz":
        return there
    hours, minutes = int(zone[1:3]), int(zone[-2:])
    if hours > 23 or minutes > 59:
        raise ValueError(f"{text!r} is not a time: there is no such zone")
    try:
        return there - (-1 if zone[0] == "-" else 1) * timedelta(hours=hours, minutes=minutes)
    except OverflowError:
        raise ValueError(f"{text!r} is not a time: it lies outside the calendar") from None


def stamp(when: datetime) -> str:
    """Write a time as ``2026-05-01T00:00:00Z``, with microseconds only where there are some."""
    return when.astimezone(UTC).isoformat().replace("+00:00", "Z")


def after_day(day: date) -> datetime:
    """Return the first instant after a day: the exclusive end of a period that includes it."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
