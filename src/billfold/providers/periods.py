"""Billing periods as vendors mean them: whether a last day is in them, and which of them overlap."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from billfold.model.finding import Finding, make_finding
from billfold.model.finding_codes import FindingCode
from billfold.model.period import Month, Period, end_of_day

COMPARED_PERIODS = 12
"""Earlier periods that each one is held against."""


def close_period(first_day: datetime, last_day: datetime) -> Period:
    """Make a half-open period of a first day and a last one, which is in it unless the period is of whole months without it.

    From 1 to 31 October both are in it, from 21 October to 21 November the last one is not: else two periods in a row would
    share a day. A last day before the first gives a period that ends before it starts.
    """
    if first_day < last_day and _counts_whole_months(first_day, last_day):
        return Period(first_day, last_day)
    return Period(first_day, end_of_day(last_day.date()))


def _counts_whole_months(first_day: datetime, last_day: datetime) -> bool:
    return (first_day.day, first_day.time()) == (last_day.day, last_day.time()) and Month.of(first_day) != Month.of(
        last_day
    )


def round_up_end(end: datetime) -> datetime:
    """Return midnight in place of the day's last second: who writes it means the end of the day."""
    midnight = end_of_day(end.date())
    return midnight if midnight - end <= timedelta(seconds=1) else end


def check_overlaps(named_periods: Iterable[tuple[str, Period]]) -> Iterator[Finding]:
    """Yield a finding for each period that begins within another one and ends after it, with the names of both.

    Equal periods are legitimate, and so is one within another: months within a year.
    """
    names_by_period: dict[Period, str] = {}
    for name, period in named_periods:
        names_by_period.setdefault(period, name)
    periods = sorted(names_by_period)
    for index, period in enumerate(periods):
        for earlier in periods[max(index - COMPARED_PERIODS, 0) : index]:
            if earlier.start < period.start < earlier.end < period.end:
                text = f"begins on {period.start:%Y-%m-%d}, before the period of {names_by_period[earlier]} ends"
                yield make_finding(
                    FindingCode.PERIODS_OVERLAP, text, names_by_period[period], other=names_by_period[earlier]
                )
