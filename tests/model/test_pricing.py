"""Unit prices times quantities give costs, residuals are small and exact, and costs are never adjusted."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billfold.model.money import ZERO, exact_product, exact_sum
from billfold.model.pricing import PRICE_QUANTUM, choose_price, find_residual, rounding_tolerance

COSTS = st.decimals(min_value=-(10**9), max_value=10**9, places=6)
QUANTITIES = st.decimals(min_value=0, max_value=10**6, places=3)


@given(QUANTITIES, st.decimals(min_value=0, max_value=10**6, places=9))
def test_a_published_rate_that_gives_the_cost_is_the_price(quantity: Decimal, rate: Decimal) -> None:
    chosen = choose_price(exact_product(rate, quantity), quantity, rate)
    assert exact_product(chosen.unit_price, chosen.quantity) == exact_product(rate, quantity)
    assert chosen.published_rate is None or not quantity


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


def test_a_rate_that_is_not_the_price_is_listed_beside_it() -> None:
    assert choose_price(Decimal(9), Decimal(3), Decimal(4)) == (Decimal(3), Decimal(3), Decimal(4))


def test_the_price_of_one_unit_has_all_the_digits_of_the_cost() -> None:
    cost = Decimal("-123456789012345678901234567890.12345")
    assert choose_price(cost, ZERO, None).unit_price == cost.copy_abs()


@pytest.mark.parametrize(("lines", "cents"), [(0, 100), (1, 100), (40_000, 100), (1_000_000, 500), (4_000_000, 1000)])
def test_the_tolerance_is_the_one_of_focus(lines: int, cents: int) -> None:
    assert rounding_tolerance(lines) == Decimal(cents) / 100


@given(st.lists(COSTS, max_size=20), COSTS)
def test_a_residual_closes_the_gap_exactly_or_is_none(lines: list[Decimal], stated: Decimal) -> None:
    summed = exact_sum(lines)
    missing = find_residual(stated, summed, len(lines))
    if missing is None:
        assert not lines or stated == summed or abs(stated - summed) > rounding_tolerance(len(lines))
    else:
        assert exact_sum([summed, missing]) == stated


@pytest.mark.parametrize(("missing", "booked"), [("1.00", True), ("-1.00", True), ("1.000001", False), ("0", False)])
def test_a_residual_is_taken_up_to_the_tolerance(missing: str, booked: bool) -> None:
    assert (find_residual(Decimal(10) + Decimal(missing), Decimal(10), 1) is not None) == booked


def test_what_an_invoice_without_lines_states_is_no_rounding() -> None:
    assert find_residual(Decimal("0.95"), ZERO, 0) is None
    assert find_residual(Decimal("0.95"), ZERO, 1) == Decimal("0.95")
    assert find_residual(None, ZERO, 1) is None
