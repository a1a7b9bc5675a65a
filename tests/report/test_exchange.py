"""Another currency stands beside, by stated rates only; every sum is exact until it is rounded once."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billfold.model.period import Month
from billfold.report.costs import CostRow
from billfold.report.exchange import ExchangeRate, convert_rows, find_rate, list_missing_rates, sum_converted

OCTOBER, NOVEMBER = Month(2026, 10), Month(2026, 11)


def rate(text: str, month: Month = OCTOBER, day: int | None = None, target: str = "EUR") -> ExchangeRate:
    return ExchangeRate("ECB", "USD", target, month, date(*month, day) if day else None, Decimal(text))


def cost(text: str, month: Month = OCTOBER, currency: str = "USD") -> CostRow:
    return CostRow(("v", "a"), month, "issued", currency, Decimal(text), 1)


def test_a_month_takes_its_own_rate_or_the_last_of_its_days() -> None:
    days = [rate("0.9", day=29), rate("0.8", day=30), rate("0.7", NOVEMBER, 1)]
    last_rate = find_rate(days, "USD", "EUR", OCTOBER)
    assert last_rate is not None
    assert (last_rate.rate, last_rate.dated) == (Decimal("0.8"), "2026-10-30")
    assert find_rate([*days, rate("0.6")], "USD", "EUR", OCTOBER) == rate("0.6")
    assert find_rate(days, "USD", "EUR", Month(2026, 12)) is None
    assert find_rate(days, "EUR", "USD", OCTOBER) is None


def test_a_missing_rate_is_named_and_leaves_no_total() -> None:
    sums = convert_rows([cost("1"), cost("2", NOVEMBER), cost("3", currency="EUR")], "EUR", [rate("0.5")])
    assert [converted.converted for converted in sums] == [Decimal("3.00"), Decimal("0.50"), None]
    assert sum_converted(sums, "EUR") is None
    assert list_missing_rates(sums, "EUR") == ["there is no rate from USD to EUR for 2026-11"]


amounts = st.integers(-(10**21), 10**21).map(lambda units: Decimal(units).scaleb(-12))
factors = st.integers(100, 10**9).map(lambda units: Decimal(units).scaleb(-6))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(amounts, min_size=1, max_size=6), factors, st.sampled_from(["EUR", "JPY", "KWD"]))
def test_each_sum_is_rounded_once(costs: list[Decimal], factor: Decimal, target: str) -> None:
    """A sum is within half of its currency's smallest unit of the exact product, computed with fractions."""
    digits = {"EUR": 2, "JPY": 0, "KWD": 3}[target]
    sums = convert_rows(map(cost, map(str, costs)), target, [rate(str(factor), target=target)])
    total = sum_converted(sums, target)
    exact = sum(map(Fraction, costs)) * Fraction(factor)
    assert total is not None
    assert -total.as_tuple().exponent == digits  # type: ignore[operator]
    assert abs(Fraction(total) - exact) * 10**digits <= Fraction(1, 2)
    assert sums[0].converted == total
