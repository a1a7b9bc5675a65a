"""How fast something is used up: by its last three whole months, and how long what is left lasts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from billfold.model.money import EXACT_CONTEXT, ZERO, exact_sum
from billfold.model.period import Month

RATE_MONTHS = 3
SECONDS_PER_DAY = 86_400
MAX_DAYS = 365 * 100
"""What lasts longer than this has no end that is worth a date."""


class RunRate(NamedTuple):
    """What was used in the last whole months, and how many days they have."""

    used: Decimal
    days: int
    months: int

    @property
    def monthly(self) -> Decimal | None:
        """How much is used in a month on average, to the hundredth; None where no month is known."""
        return _round_fraction(Fraction(self.used) / self.months) if self.months else None

    def find_end(self, left: Decimal, now: datetime) -> datetime | None:
        """Return when what is left is used up; None where nothing is used, or it lasts for ever."""
        if self.used <= 0 or left < 0:
            return now if left < 0 else None
        days = int(Fraction(left) * self.days / Fraction(self.used))
        return now + timedelta(days=days) if days <= MAX_DAYS else None

    def expect_use(self, start: datetime, end: datetime) -> Decimal:
        """Return what will be used from a time to another at this rate, to the hundredth."""
        if not self.days or end <= start:
            return ZERO
        seconds = (end - start) // timedelta(seconds=1)
        return _round_fraction(Fraction(self.used) * seconds / (self.days * SECONDS_PER_DAY))


def _round_fraction(number: Fraction) -> Decimal:
    """Round to the hundredth: what is expected is no more exact than that."""
    return EXACT_CONTEXT.scaleb(Decimal(round(number * 100)), -2)


def measure_rate(used_by_month: Sequence[tuple[Month, Decimal]]) -> RunRate:
    """Return the rate of the last months of those that are over, which come oldest first."""
    months = used_by_month[-RATE_MONTHS:]
    days = sum((month.end - month.start).days for month, _ in months)
    return RunRate(exact_sum(used for _, used in months), days, len(months))
