"""Rules of FOCUS 1.4 that every provider's charges share: unit prices, and what rounding leaves between lines and a total."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal
from math import isqrt
from typing import NamedTuple

from billfold.model.finding import Finding, make_finding
from billfold.model.finding_codes import FindingCode
from billfold.model.focus import CostAndUsage
from billfold.model.money import EXACT_CONTEXT, exact_product, format_decimal

PRICE_QUANTUM = Decimal("1E-18")
_DIVISION_CONTEXT = Context(prec=60, rounding=ROUND_HALF_EVEN)


class Price(NamedTuple):
    """A unit price that, times the quantity, gives the cost; ``published_rate`` is the vendor's rate where that is another."""

    unit_price: Decimal
    quantity: Decimal
    published_rate: Decimal | None


def choose_price(cost: Decimal, quantity: Decimal, published_rate: Decimal | None) -> Price:
    """Choose the unit price of a line: the published rate where it gives the cost exactly, else cost / quantity.

    A derived price has 18 decimals; a line without a quantity is priced as one unit. Costs are never adjusted.
    """
    if (
        published_rate is not None
        and published_rate >= 0
        and quantity
        and exact_product(published_rate, quantity) == cost
    ):
        return Price(published_rate, quantity, None)
    if not quantity or (cost < 0) != (quantity < 0):
        return Price(cost.copy_abs(), Decimal(1) if cost >= 0 else Decimal(-1), published_rate)
    return Price(
        _DIVISION_CONTEXT.divide(cost, quantity).quantize(PRICE_QUANTUM, context=_DIVISION_CONTEXT),
        quantity,
        published_rate,
    )


def rounding_tolerance(line_count: int) -> Decimal:
    """Return the rounding variance that FOCUS 1.4 allows an invoice in cents: max(100, sqrt(lines) / 2) of 0.01."""
    return max(Decimal(1), Decimal(isqrt(line_count)) / 200)


def find_residual(stated_total: Decimal | None, line_sum: Decimal, line_count: int) -> Decimal | None:
    """Return what is missing between lines and the stated total if that can be rounding; None where it cannot, or is 0.

    Without a total nothing can be told, and without any lines nothing was rounded: they are what is missing.
    """
    if stated_total is None:
        return None
    difference = EXACT_CONTEXT.subtract(stated_total, line_sum)
    return difference if line_count and difference and abs(difference) <= rounding_tolerance(line_count) else None


def set_costs(row: CostAndUsage, amount: Decimal) -> CostAndUsage:
    """Return a row all of whose four costs are this amount: nothing is discounted, and nothing paid before."""
    return row._replace(BilledCost=amount, EffectiveCost=amount, ListCost=amount, ContractedCost=amount)


def note_rounding(amount: Decimal, currency: str) -> Finding:
    """Say that a bill adds up by a charge for a ``find_residual`` only, and what that comes to."""
    text = f"adds up by a rounding charge of {format_decimal(amount)} {currency}"
    return make_finding(FindingCode.ROUNDED, text, amount=format_decimal(amount), currency=currency)
