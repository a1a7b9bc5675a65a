"""An estimate is carried on by the rule of each line: rentals to their cap, what is free first, price lists by their steps."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from billfold.ledger.accrual_basis import EstimateLine, PriceStep
from billfold.model.estimate_terms import EstimateTerms
from billfold.model.period import Month
from billfold.report.estimate_carrying import EstimateReach, carry_lines, find_reach, gather_steps

MONTH = Month(2026, 6)
DAY = timedelta(days=1)
HALF = EstimateReach(MONTH.period, MONTH.start + 15 * DAY)
TERMS = EstimateTerms(hour_cap=672, level_units=frozenset({"Users"}))


def make_line(cost: str, **fields: Any) -> EstimateLine:
    """Make a line of usage that lies in all of June."""
    values: dict[str, Any] = dict.fromkeys(EstimateLine._fields, "") | {
        "bill": 1,
        "category": "Usage",
        "service": "S",
        "has_resource": False,
        "price": None,
        "start": MONTH.start,
        "end": MONTH.end,
        "included": None,
        "quantity": None,
        "consumed": None,
        "cost": Decimal(cost),
        "position": 0,
        "charges": 1,
    }
    return EstimateLine(
        **values | {name: Decimal(v) if isinstance(v, str) and name in AMOUNTS else v for name, v in fields.items()}
    )


AMOUNTS = {"price", "included", "quantity", "consumed"}


def carry(*lines: EstimateLine, reach: EstimateReach = HALF, **steps: Any) -> Fraction:
    return sum(carry_lines(lines, reach, TERMS, "USD", steps.get("steps", {})).values(), Fraction(0))


def test_usage_goes_on_at_the_rate_of_the_days_before() -> None:
    assert carry(make_line("30", has_resource=True)) == 30
    assert carry(make_line("30", quantity="10", price="3")) == 30
    assert carry(make_line("0")) == 0


def test_what_is_no_usage_stays_as_it_is() -> None:
    assert carry(make_line("30", category="Purchase"), make_line("-5", category="Credit")) == 0
    assert carry(make_line("30"), reach=EstimateReach(MONTH.period, MONTH.end)) == 0


def test_a_level_stays_and_included_use_costs_nothing() -> None:
    price = {"price": "2"}
    assert carry(make_line("4", unit="Users", included="10", consumed="12", **price)) == 0
    assert carry(make_line("4", unit="Users")) == 0
    assert carry(make_line("0", unit="Minutes", included="100", consumed="40", **price)) == 0
    assert carry(make_line("0", unit="Minutes", included="100", consumed="60", **price)) == 40
    assert carry(make_line("40", unit="Minutes", included="100", consumed="120", **price)) == 240


@pytest.mark.parametrize(
    ("first_day", "last_day", "cost", "rest"),
    [
        (0, 15, "10.72", Decimal("9.28")),  # a cent short of the rate: rounded up to the cap of 20.00
        (14, 15, "0.72", Decimal("10.71")),
        (2, 3, "0.72", Decimal("0.72")),
    ],
)
def test_a_rental_runs_on_to_its_cap(first_day: int, last_day: int, cost: str, rest: Decimal) -> None:
    """One that ended before is as usage: as much again in the other half of the month."""
    times = {"start": MONTH.start + first_day * DAY, "end": MONTH.start + last_day * DAY}
    rental = make_line(cost, unit="Hours", has_resource=True, price="0.029761904761904760", **times)
    assert carry(rental) == Fraction(rest)


def test_earlier_invoices_give_the_next_steps_of_prices() -> None:
    steps = gather_steps(
        [
            PriceStep(1, "k", "", "GB", Decimal(3), Decimal(10), 0),
            PriceStep(1, "k", "", "GB", Decimal(2), Decimal(7), 1),
            PriceStep(2, "k", "", "GB", Decimal(3), Decimal(10), 0),
            PriceStep(2, "k", "", "GB", Decimal(2), Decimal(20), 1),
            PriceStep(2, "k", "", "GB", Decimal(1), Decimal(5), 2),
        ]
    )
    first = make_line("24", sku="k", unit="GB", quantity="8", price="3")
    assert carry(first) == 24
    assert carry(first, steps=steps) == 2 * 3 + 6 * 2
    both = (
        make_line("30", sku="k", unit="GB", quantity="10", price="3"),
        make_line("20", sku="k", unit="GB", quantity="10", price="2", position=1),
    )
    assert carry(*both) == 40
    assert carry(*both, steps=steps) == 10 * 2 + 10 * 1
    assert carry(first._replace(price=Decimal(4), cost=Decimal(32)), steps=steps) == 32


def test_an_estimate_reaches_its_lines_end_or_midnight() -> None:
    asked_at = MONTH.start + timedelta(days=9, hours=17)
    assert find_reach(MONTH.period, [make_line("1")], asked_at).days == 9
    line = make_line("1", end=MONTH.start + timedelta(days=9, hours=12))
    assert find_reach(MONTH.period, [line], asked_at) == EstimateReach(MONTH.period, line.end)
    assert find_reach(MONTH.period, [], MONTH.end + DAY).end == MONTH.end
    assert find_reach(MONTH.period, [], MONTH.start - DAY).end == MONTH.start
