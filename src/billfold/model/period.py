"""Times and periods: aware UTC instants, half-open periods, calendar months."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from billfold.model.errors import InvalidArgument

_INSTANT_PATTERN = re.compile(
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
    def of(cls, instant_or_day: datetime | date) -> Month:
        """Return the month that an instant (in UTC) or a day lies in."""
        if isinstance(instant_or_day, datetime) and instant_or_day.tzinfo is not UTC:
            instant_or_day = instant_or_day.astimezone(UTC)
        return cls(instant_or_day.year, instant_or_day.month)

    @classmethod
    def parse(cls, text: str) -> Month:
        """Read ``2026-05``; raises ``ValueError`` for anything else."""
        match = re.fullmatch(r"(\d{4})-(\d{2})", text)
        if not match or not 1 <= int(match[2]) <= 12 or not 1 <= int(match[1]) < 9999:
            raise ValueError(f"{text!r} is not a month; write it as 2026-05")
        return cls(int(match[1]), int(match[2]))

    def add_months(self, months: int) -> Month:
        """Return the month that lies so many months later (earlier when negative)."""
        index = self.year * 12 + self.number - 1 + months
        return Month(index // 12, index % 12 + 1)

    def iter_until(self, last: Month) -> Iterator[Month]:
        """Yield the months from this one to the last, both included."""
        month = self
        while month <= last:
            yield month
            month = month.add_months(1)

    @property
    def start(self) -> datetime:
        """The month's first instant."""
        return datetime(self.year, self.number, 1, tzinfo=UTC)

    @property
    def end(self) -> datetime:
        """The next month's first instant."""
        return self.add_months(1).start

    @property
    def period(self) -> Period:
        """The month as a half-open period."""
        return Period(self.start, self.end)

    def __str__(self) -> str:
        return f"{self.year:04}-{self.number:02}"


FIRST_MONTH, LAST_MONTH = Month(1970, 1), Month(9000, 12)
"""Months before and after those that anybody asks for are still months."""


def parse_bill_month(text: str) -> Month:
    """Read the month of a bill that somebody asks for; raises ``ValueError`` for one that cannot be."""
    month = Month.parse(text)
    if not FIRST_MONTH <= month <= LAST_MONTH:
        raise ValueError(f"{month} is no month of a bill: they lie from {FIRST_MONTH} to {LAST_MONTH}")
    return month


def parse_instant(text: str) -> datetime:
    """Read an ISO 8601 time or day as an aware UTC time; one without a zone is taken as UTC.

    Raises ``ValueError`` for anything else. Digits beyond the microsecond are dropped.
    """
    match = _INSTANT_PATTERN.fullmatch(text.strip())
    if not match:
        raise ValueError(f"{text!r} is not a time; write it as 2026-05-01T00:00:00Z")
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    microsecond = int((fraction or "0").ljust(6, "0")[:6])
    local_time = datetime(
        int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), microsecond, tzinfo=UTC
    )
    if not zone or zone in "Zz":
        return local_time
    hours, minutes = int(zone[1:3]), int(zone[-2:])
    if hours > 23 or minutes > 59:
        raise ValueError(f"{text!r} is not a time: there is no such zone")
    try:
        return local_time - (-1 if zone[0] == "-" else 1) * timedelta(hours=hours, minutes=minutes)
    except OverflowError:
        raise ValueError(f"{text!r} is not a time: it lies outside the calendar") from None


def is_instant(text: str) -> bool:
    """Tell whether a text is a time that can be read."""
    try:
        parse_instant(text)
    except ValueError:
        return False
    return True


def format_instant(instant: datetime) -> str:
    """Write a time as ``2026-05-01T00:00:00Z``, with microseconds only where there are some."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def end_of_day(day: date) -> datetime:
    """Return the first instant after a day: the exclusive end of a period that includes it."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)


def to_instant(as_of: date) -> datetime:
    """Return the time that a program looks back to, of a day its end; raises ``InvalidArgument`` for a time without a zone."""
    if not isinstance(as_of, date):
        raise InvalidArgument(f"as_of is {as_of!r}; it must be a date, or a datetime with a zone")
    if not isinstance(as_of, datetime):
        if as_of == date.max:
            raise InvalidArgument(f"{as_of} is the calendar's last day: it has no end to look back to")
        return end_of_day(as_of)
    if as_of.tzinfo is None:
        raise InvalidArgument(f"as_of {as_of} has no zone; give it one, as in datetime(2026, 8, 1, tzinfo=UTC)")
    return as_of


def to_month(month: Month | date | str) -> Month:
    """Return the month that a program names: a month, a day in it, or a text as ``2026-05``; raises ``InvalidArgument``."""
    if isinstance(month, Month):
        return month
    if isinstance(month, datetime) and month.tzinfo is None:
        raise InvalidArgument(f"{month} has no zone; give it one, or give its date")
    try:
        return Month.of(month) if isinstance(month, date) else Month.parse(month)
    except (ValueError, TypeError) as error:
        raise InvalidArgument(str(error)) from error
