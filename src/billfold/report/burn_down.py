"""How a commitment runs down: what was left of it month by month, and what will be, with the interval of the forecast.

What is expected is a forecast and no money. Its interval adds those of the single months as if all of them missed on the same side:
it is rather too wide than too narrow.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import islice
from typing import NamedTuple

from billfold.model.commitment import CommitmentKind
from billfold.model.money import EXACT_CONTEXT, ZERO, exact_sum, round_fraction
from billfold.model.period import Month
from billfold.report.commitment_uses import CommitmentUse, format_day
from billfold.report.forecast import ForecastRow

SECOND = timedelta(seconds=1)
MAX_MONTHS = 120
"""What lasts longer than ten years has no end that is worth a date."""
SHOWN_MONTHS = 24
"""How many months are looked ahead at most, month by month."""
RUNNING_KINDS = frozenset([CommitmentKind.PREPAID_CREDITS, CommitmentKind.MINIMUM_SPEND])
"""What is used up over its whole time; anything else begins anew each month."""


class BurnPoint(NamedTuple):
    """What is left of a commitment at the end of a month, or now; of expected months ``low`` and ``high`` hold 90 % (None: unknown)."""

    month: str
    committed: Decimal
    used: Decimal | None
    left: Decimal
    low: Decimal | None = None
    high: Decimal | None = None
    is_expected: bool = False


class BurnDown(NamedTuple):
    """A commitment as it is now, its months, and the days on which nothing is left by the forecast: "" where none is known.

    It is used up on ``used_up_on``, and with 90 % not before ``earliest_on`` and not after ``latest_on``.
    """

    use: CommitmentUse
    points: Sequence[BurnPoint]
    used_up_on: str = ""
    earliest_on: str = ""
    latest_on: str = ""


class _MonthUse(NamedTuple):
    """What is expected to be used from a time to another."""

    start: datetime
    end: datetime
    amount: Decimal


def burn_down(uses: Sequence[CommitmentUse], forecasts: Iterable[ForecastRow], now: datetime) -> BurnDown:
    """Follow one commitment: its months, the oldest first, and what the forecasts of its account in its currency expect from now on.

    Without a forecast the rate of its last three months goes on, and there is no interval.
    """
    use = uses[-1]
    points = [BurnPoint(row.month, row.committed, row.used, row.left) for row in uses if row.left is not None]
    if use.kind not in RUNNING_KINDS or use.left is None or not use.left:
        return BurnDown(use, points)
    rows = sorted(
        (row for row in forecasts if (row.provider, row.account, row.currency) == (*use[:2], use.unit)),
        key=lambda row: row.month,
    )
    ahead = [row for row in rows if row.month.end > now]
    middle = _expect_months([(row.month, row.so_far, row.forecast) for row in ahead], use, now)
    expected, used_up_on = _run_down(use.left, middle)
    if not ahead or any(row.low is None or row.high is None for row in ahead):
        return BurnDown(use, [*points, *_list_expected(use, expected)], used_up_on)
    lows = _expect_months([(row.month, row.so_far, row.low or ZERO) for row in ahead], use, now)
    highs = _expect_months([(row.month, row.so_far, row.high or ZERO) for row in ahead], use, now)
    most, latest_on = _run_down(use.left, lows)
    least, earliest_on = _run_down(use.left, highs)
    return BurnDown(use, [*points, *_list_expected(use, expected, least, most)], used_up_on, earliest_on, latest_on)


def _expect_months(
    months: Sequence[tuple[Month, Decimal, Decimal]], use: CommitmentUse, now: datetime
) -> Iterator[_MonthUse]:
    """Yield what each month from now on uses: by its forecast, and after the last one as that; else at the rate."""
    for month, so_far, amount in months:
        start = max(month.start, now)
        yield _MonthUse(start, month.end, max(EXACT_CONTEXT.subtract(amount, so_far), ZERO))
    amount = months[-1][2] if months else use.rate or ZERO
    month = months[-1][0].add_months(1) if months else Month.of(now)
    while amount > 0 and not (use.ends_on and str(month) > use.ends_on[:7]):
        start = max(month.start, now)
        share = Fraction((month.end - start) // SECOND, (month.end - month.start) // SECOND)
        yield _MonthUse(start, month.end, round_fraction(Fraction(amount) * share, 2))
        month = month.add_months(1)


def _run_down(left: Decimal, months: Iterator[_MonthUse]) -> tuple[list[tuple[str, Decimal]], str]:
    """Return what is left at each month's end, and the day on which nothing is; "" where it lasts."""
    rest, points = left, list[tuple[str, Decimal]]()
    for use in islice(months, MAX_MONTHS):
        label = str(Month.of(use.start))
        if use.amount >= rest:
            seconds = int(Fraction(rest) / Fraction(use.amount) * ((use.end - use.start) // SECOND))
            return [*points, (label, ZERO)], format_day(use.start + seconds * SECOND)
        rest = exact_sum((rest, -use.amount))
        points.append((label, rest))
    return points, ""


def _list_expected(
    use: CommitmentUse,
    expected: Sequence[tuple[str, Decimal]],
    least: Sequence[tuple[str, Decimal]] = (),
    most: Sequence[tuple[str, Decimal]] = (),
) -> Iterator[BurnPoint]:
    """Yield the expected months; one end of the interval stays at nothing once it is there."""
    lows, highs = dict(least), dict(most)
    for month, left in _stretch(expected, most)[:SHOWN_MONTHS]:
        low, high = (lows.get(month, ZERO), highs.get(month, ZERO)) if least else (None, None)
        yield BurnPoint(month, use.committed, None, left, low, high, is_expected=True)


def _stretch(expected: Sequence[tuple[str, Decimal]], most: Sequence[tuple[str, Decimal]]) -> list[tuple[str, Decimal]]:
    """Return the expected months, gone on with nothing for as long as anything can be left."""
    return [*expected, *((month, ZERO) for month, _ in most[len(expected) :])]
