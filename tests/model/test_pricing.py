"""Unit prices times quantities give costs, residuals are small and exact, and costs are never adjusted."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billfold.model.money import ZERO, exact_product, exact_sum
from billfold.model.pricing import (
    PRICE_QUANTUM,
    PriceBasis,
    choose_price,
    find_residual,
    find_rounding_bound,
    rounding_tolerance,
)

COSTS = st.decimals(min_value=-(10**9), max_value=10**9, places=6)
QUANTITIES = st.decimals(min_value=0, max_value=10**6, places=3)


@given(QUANTITIES, st.decimals(min_value=0, max_value=10**6, places=9))
def test_a_published_rate_that_gives_the_cost_is_the_price(quantity: Decimal, rate: Decimal) -> None:
    chosen = choose_price(exact_product(rate, quantity), quantity, rate)
    assert exact_product(chosen.unit_price, chosen.quantity) == exact_product(rate, quantity)
    assert (chosen.rate, chosen.basis) == (rate, PriceBasis.RATE)


@given(COSTS, QUANTITIES, st.none() | COSTS)
def test_a_price_is_never_negative_and_gives_the_cost(
    cost: Decimal, quantity: Decimal, published: Decimal | None
) -> None:
    chosen = choose_price(cost, quantity, published)
    assert chosen.unit_price >= 0
    assert abs(exact_product(chosen.unit_price, chosen.quantity) - cost) <= abs(chosen.quantity) * PRICE_QUANTUM


@given(COSTS)
def test_a_line_without_a_quantity_is_one_unit(cost: Decimal) -> None:
    chosen = choose_price(cost, ZERO, None)
    assert exact_product(chosen.unit_price, chosen.quantity) == cost
    assert abs(chosen.quantity) == 1


def test_the_rate_of_the_vendor_stands_beside_the_price() -> None:
    assert choose_price(Decimal(9), Decimal(3), Decimal(4)) == (Decimal(3), Decimal(3), Decimal(4), PriceBasis.RATE)
    assert choose_price(Decimal(9), Decimal(3), None) == (Decimal(3), Decimal(3), Decimal(3), PriceBasis.DERIVED)


def test_the_price_of_one_unit_has_all_the_digits_of_the_cost() -> None:
    cost = Decimal("-123456789012345678901234567890.12345")
    assert choose_price(cost, ZERO, None).unit_price == cost.copy_abs()


@pytest.mark.parametrize(("lines", "cents"), [(0, 100), (1, 100), (40_000, 100), (1_000_000, 500), (4_000_000, 1000)])
def test_the_tolerance_is_the_one_of_focus(lines: int, cents: int) -> None:
    assert rounding_tolerance(lines) == Decimal(cents) / 100


@pytest.mark.parametrize(("currency", "tolerance"), [("USD", "1"), ("JPY", "100"), ("KWD", "0.1"), ("CREDITS", "1")])
def test_the_tolerance_is_counted_in_subunits(currency: str, tolerance: str) -> None:
    """A hundred of the currency's own subunit."""
    assert rounding_tolerance(1, currency) == Decimal(tolerance)


@given(st.lists(COSTS, max_size=20), COSTS)
def test_a_residual_closes_the_gap_exactly_or_is_none(lines: list[Decimal], stated: Decimal) -> None:
    summed = exact_sum(lines)
    missing = find_residual(stated, summed, len(lines))
    if missing is None:
        assert (
            not lines
            or stated == summed
            or abs(stated - summed) > find_rounding_bound(stated, summed, len(lines), "USD")
        )
    else:
        assert exact_sum([summed, missing]) == stated


@pytest.mark.parametrize(
    ("stated", "summed", "line_count", "currency", "is_booked"),
    [
        ("10.01", "10.00", 1, "USD", True),
        ("10.02", "10.00", 1, "USD", False),
        ("10.02", "10.00", 3, "USD", True),
        ("9.99", "10", 1, "USD", True),
        ("1.50", "0.60", 1, "USD", False),
        ("11.00", "10.00", 199, "USD", True),
        ("11.01", "10.00", 5000, "USD", False),
        ("10.00", "9.995123", 1, "USD", True),
        ("10.00", "9.994", 1, "USD", False),
        ("10.000000000000", "9.999999999990", 1, "USD", True),
        ("10.000001", "9.999998", 1, "USD", False),
        ("101", "100", 1, "JPY", True),
        ("101.00", "100.00", 1, "JPY", False),
    ],
)
def test_a_residual_is_what_lines_can_round(
    stated: str, summed: str, line_count: int, currency: str, *, is_booked: bool
) -> None:
    """Half a unit of the last digit of each line and of the total, and never more than FOCUS allows."""
    residual = find_residual(Decimal(stated), Decimal(summed), line_count, currency)
    assert (residual is not None) == is_booked


def test_a_total_that_moved_on_may_differ_by_the_tolerance() -> None:
    """Lines and total of two answers may differ by FOCUS's tolerance."""
    assert find_residual(Decimal("11.00"), Decimal("10.00"), 1, is_moving=True) == 1
    assert find_residual(Decimal("11.01"), Decimal("10.00"), 1, is_moving=True) is None


def test_what_an_invoice_without_lines_states_is_no_rounding() -> None:
    assert find_residual(Decimal("0.01"), ZERO, 0) is None
    assert find_residual(Decimal("0.01"), ZERO, 1) == Decimal("0.01")
    assert find_residual(None, ZERO, 1) is None
