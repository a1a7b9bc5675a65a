"""Exact amounts: decimals that are added, multiplied and written without losing a digit, or not at all."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Context, Decimal, DivisionByZero, Inexact, InvalidOperation, Overflow, localcontext

EXACT = Context(prec=400, rounding=ROUND_HALF_EVEN, traps=[Inexact, InvalidOperation, DivisionByZero, Overflow])
"""Arithmetic that raises ``decimal.Inexact`` rather than lose a digit."""

ZERO = Decimal(0)


def exact_sum(amounts: Iterable[Decimal]) -> Decimal:
    """Add amounts without losing a digit; zero for none."""
    with localcontext(EXACT):
        return sum(amounts, ZERO)


def times(price: Decimal, quantity: Decimal) -> Decimal:
    """Multiply without losing a digit."""
    return EXACT.multiply(price, quantity)


def plain(amount: Decimal) -> str:
    """Write an amount with all its digits and no exponent: the form of every output."""
    return format(amount, "f")


def shown(amount: Decimal | str | None) -> str:
    """Write an amount for people: all its digits, cents at least; "" for none."""
    if amount is None:
        return ""
    whole, _, part = least(Decimal(amount)).partition(".")
    return f"{whole}.{part:0<2}"


def least(amount: Decimal) -> str:
    """Write an amount without an exponent and without zeros that say nothing: for people."""
    return format(amount.normalize(EXACT), "f") if amount else "0"
