"""The time at a vendor when it answered: by its own clock, where that can be believed, else by ours."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

MAX_CLOCK_DIFFERENCE = timedelta(days=1)
"""How far a vendor's clock may be from ours: no zone is further, and one that is has no right time."""
TWIN_DATE_HEADER = "x-billfold-twin-date"
"""The header by which a twin says what its clock is at: where its user put it."""


def read_stated_time(headers: Mapping[str, str]) -> datetime | None:
    """Return the time that an answer states; None where it states none."""
    try:
        return parsedate_to_datetime(headers.get("date", "")).astimezone(UTC)
    except (ValueError, OverflowError):  # no date, or one outside the calendar
        return None


def choose_vendor_time(headers: Mapping[str, str], received_at: datetime) -> datetime:
    """Return the time at which an answer was given: as it states, unless that is more than a day from ours."""
    stated_time = read_stated_time(headers)
    if stated_time is None:
        return received_at
    is_played = headers.get(TWIN_DATE_HEADER) == headers.get("date")
    is_believed = is_played or abs(stated_time - received_at) <= MAX_CLOCK_DIFFERENCE
    return stated_time if is_believed else received_at
