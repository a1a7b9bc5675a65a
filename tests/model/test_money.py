"""Money is added and multiplied without losing a digit, written with all of them."""

from decimal import ROUND_HALF_EVEN, Decimal, Inexact, localcontext
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billfold.model.errors import LedgerError
from billfold.model.money import (
    EXACT_CONTEXT,
    ZERO,
    describe_arithmetic_error,
    exact_product,
    exact_sum,
    format_decimal,
    round_to_sum,
    spread_amount,
)

AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**24), max_value=10**24)


def digits(amount: Decimal) -> tuple[int, ...]:
    return amount.as_tuple().digits


@given(st.lists(AMOUNTS))
def test_a_sum_is_the_sum_of_the_fractions(amounts: list[Decimal]) -> None:
    assert Fraction(exact_sum(amounts)) == sum(map(Fraction, amounts), Fraction())


@given(st.lists(AMOUNTS, max_size=6), st.randoms())
def test_a_sum_does_not_depend_on_the_order(amounts: list[Decimal], chance: Random) -> None:
    shuffled = chance.sample(amounts, len(amounts))
    assert exact_sum(amounts) == exact_sum(shuffled)


@given(AMOUNTS, AMOUNTS)
def test_a_product_is_the_product_of_the_fractions(price: Decimal, quantity: Decimal) -> None:
    assert Fraction(exact_product(price, quantity)) == Fraction(price) * Fraction(quantity)


@given(AMOUNTS)
def test_an_amount_is_written_plainly_and_read_back_as_it_was(amount: Decimal) -> None:
    text = format_decimal(amount)
    assert "E" not in text.upper()
    assert Decimal(text) == amount
    assert Decimal(text).is_signed() == amount.is_signed()


def test_arithmetic_is_exact_whatever_the_callers_context_is() -> None:
    with localcontext() as context:
        context.prec = 3
        assert exact_sum([Decimal("12345.678"), Decimal("0.0001")]) == Decimal("12345.6781")
        assert exact_product(Decimal("1.2345"), Decimal("6.789")) == Decimal("8.3810205")
        assert format_decimal(Decimal("123456789.123")) == "123456789.123"


def test_a_sum_that_would_lose_a_digit_raises() -> None:
    with pytest.raises(Inexact):
        exact_sum([Decimal("1e500"), Decimal("1e-500")])


def test_nothing_adds_up_to_zero() -> None:
    assert exact_sum([]) == ZERO


def test_a_float_cannot_be_added_to_money() -> None:
    with pytest.raises(TypeError):
        exact_sum([Decimal(1), 0.1])  # type: ignore[list-item]
    with pytest.raises(TypeError):
        EXACT_CONTEXT.add(Decimal(1), 0.1)  # type: ignore[arg-type]


def test_an_error_of_ours_keeps_its_words_whatever_they_name() -> None:
    assert describe_arithmetic_error(LedgerError("line 2 has an amount that is no number: NaN")) == ""
    assert (
        describe_arithmetic_error(TypeError("Cannot hash a signaling NaN value"))
        == "an amount is no number, or out of all bounds"
    )
    assert describe_arithmetic_error(ArithmeticError("an amount is no number: NaN")) == "an amount is no number: NaN"


@given(
    st.decimals(min_value=-(10**9), max_value=10**9, places=6),
    st.lists(st.decimals(min_value=0, max_value=1000, places=3), min_size=1, max_size=20).filter(any),
)
def test_parts_by_weight_sum_to_the_amount(amount: Decimal, weights: list[Decimal]) -> None:
    parts = spread_amount(amount, weights)
    assert exact_sum(parts) == amount
    total = sum(map(Fraction, weights))
    assert all(
        abs(Fraction(part) - Fraction(amount) * Fraction(weight) / total) < Fraction(1, 10**6)
        for part, weight in zip(parts, weights, strict=True)
    )


@given(st.lists(st.decimals(min_value=-(10**6), max_value=10**6, places=6), max_size=30))
def test_rounded_amounts_sum_to_the_rounded_sum(amounts: list[Decimal]) -> None:
    rounded = round_to_sum(amounts, 2)
    assert exact_sum(rounded) == exact_sum(amounts).quantize(Decimal("0.01"), ROUND_HALF_EVEN)
    assert all(abs(new - old) < Decimal("0.01") for new, old in zip(rounded, amounts, strict=True))
