"""Carrying an estimate to the month's end: what the days that it does not reach add, by the lines that it has."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from billfold.ledger.accrual_basis import EstimateLine, PriceStep
from billfold.model.estimate_terms import EstimateTerms
from billfold.model.money import ZERO, find_minor_digits
from billfold.model.period import Period

StepKey = tuple[str, str, str]
"""What has a price list: its SKU, region and unit."""
Step = tuple[Fraction, Fraction]
"""A price, and how many units cost it."""
HOURS = "Hours"
_HOUR, _INSTANT = timedelta(hours=1), timedelta(microseconds=1)
_NOTHING = Fraction(0)


class EstimateReach(NamedTuple):
    """How far an estimate reaches in its period: ``end`` is the first instant that it does not hold."""

    period: Period
    end: datetime

    @property
    def days(self) -> int:
        """How many whole days it holds."""
        return (self.end - self.period.start) // timedelta(days=1)

    @property
    def growth(self) -> Fraction:
        """How many times as much the whole period is; the estimate must hold some of it."""
        whole, held = self.period.end - self.period.start, self.end - self.period.start
        return Fraction(whole // _INSTANT, held // _INSTANT)


def find_reach(period: Period, lines: Iterable[EstimateLine], asked_at: datetime) -> EstimateReach:
    """Say how far an estimate reaches: as far as its lines say, else to the last midnight before it was collected.

    Lines say it where they have times of their own, not just the period's.
    """
    own_ends = [line.end for line in lines if line.category == "Usage" and (line.start, line.end) != period]
    midnight = asked_at.replace(hour=0, minute=0, second=0, microsecond=0)
    end = max(own_ends) if own_ends else midnight
    return EstimateReach(period, max(min(end, period.end), period.start))


def carry_lines(
    lines: Sequence[EstimateLine],
    reach: EstimateReach,
    terms: EstimateTerms,
    currency: str,
    price_steps: Mapping[StepKey, Sequence[Step]],
) -> dict[str, Fraction]:
    """Return what the rest of a period adds to the usage of each service; ``price_steps`` are those of earlier invoices.

    What is bought by the month, credits and levels (users) stay as they are. The estimate must reach beyond its first instant.
    """
    added_by_service, steps = (
        defaultdict[str, Fraction](Fraction),
        defaultdict[tuple[str, ...], list[EstimateLine]](list),
    )
    cent = Fraction(1, 10 ** find_minor_digits(currency))
    for line in lines:
        if line.category != "Usage" or reach.end >= reach.period.end:
            continue
        if line.included is not None:
            added_by_service[line.service] += _carry_beyond_included(line, line.included, reach, terms)
        elif line.unit in terms.level_units:
            continue
        elif line.unit == HOURS and (line.start, line.end) != reach.period and line.end >= reach.end:
            added_by_service[line.service] += _carry_rental(line, reach, terms, cent)
        elif line.has_resource or line.price is None:
            added_by_service[line.service] += Fraction(line.cost) * (reach.growth - 1)
        else:
            steps[line.service, line.sku, line.region, line.unit].append(line)
    for (service, *key), step_lines in steps.items():
        known_steps = price_steps.get((key[0], key[1], key[2]), ())
        added_by_service[service] += _carry_steps(step_lines, reach, known_steps)
    return dict(added_by_service)


def _carry_beyond_included(
    line: EstimateLine, included: Decimal, reach: EstimateReach, terms: EstimateTerms
) -> Fraction:
    """Carry on what is used, and price what that is beyond what was bought beforehand or is free."""
    if line.unit in terms.level_units or not line.price:
        return _NOTHING
    consumed = Fraction(line.consumed or ZERO)
    over_now = max(consumed - Fraction(included), _NOTHING)
    over_then = max(consumed * reach.growth - Fraction(included), _NOTHING)
    return (over_then - over_now) * Fraction(line.price)


def _carry_rental(line: EstimateLine, reach: EstimateReach, terms: EstimateTerms, cent: Fraction) -> Fraction:
    """Let a rental that runs run on by the hour, up to the hours that a month costs at most."""
    charges, cap = line.charges, terms.find_hour_cap(line.service)
    hours_now, hours_then = (_count_hours(line.start, end) for end in (line.end, reach.period.end))
    if not hours_now:
        return _NOTHING
    if cap is not None:
        hours_now, hours_then = min(hours_now, cap), min(hours_then, cap)
    if line.price is None:
        return Fraction(line.cost) * (Fraction(hours_then, hours_now) - 1)
    cost_then = _round_up(Fraction(line.price) * hours_then, cent) * charges
    return max(cost_then - Fraction(line.cost), _NOTHING)


def _count_hours(start: datetime, end: datetime) -> int:
    """Return how many hours are begun between two times."""
    return -((start - end) // _HOUR)


def _round_up(amount: Fraction, quantum: Fraction) -> Fraction:
    """Return the next full quantum; what is beyond one by a rounded rate only is not beyond it."""
    return -(-round(amount / quantum, 6) // 1) * quantum


def _carry_steps(lines: Sequence[EstimateLine], reach: EstimateReach, known_steps: Sequence[Step]) -> Fraction:
    """Carry on what has a price list: by its steps, where earlier invoices show them, else at the last price that was reached."""
    ordered_lines = sorted(lines, key=lambda line: line.position)
    quantity = sum((Fraction(line.quantity or ZERO) for line in lines), _NOTHING)
    prices = [Fraction(line.price or ZERO) for line in ordered_lines]
    if prices == [price for price, _ in known_steps[: len(prices)]]:
        return price_quantity(quantity * reach.growth, known_steps) - price_quantity(quantity, known_steps)
    return quantity * (reach.growth - 1) * prices[-1]


def price_quantity(quantity: Fraction, steps: Sequence[Step]) -> Fraction:
    """Return what a quantity costs by steps, of which the last one has no end."""
    cost, remaining = _NOTHING, quantity
    for price, size in steps[:-1]:
        cost += price * min(remaining, size)
        remaining = max(remaining - size, _NOTHING)
    return cost + remaining * steps[-1][0]


def gather_steps(all_steps: Iterable[PriceStep]) -> dict[StepKey, list[Step]]:
    """Return the longest price list that bills show of each thing; of equally long ones the last."""
    steps_by_bill = defaultdict[tuple[int, StepKey], list[Step]](list)
    for step in all_steps:
        key = step.sku, step.region, step.unit
        steps_by_bill[step.bill, key].append((Fraction(step.price), Fraction(step.quantity)))
    longest = dict[StepKey, list[Step]]()
    for (_, key), steps in sorted(steps_by_bill.items()):
        if len(steps) >= len(longest.get(key, ())):
            longest[key] = steps
    return longest
