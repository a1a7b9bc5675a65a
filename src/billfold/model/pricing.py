"""Rules of FOCUS 1.4 that every provider's charges share: unit prices, and what rounding leaves between lines and a total."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal
from enum import StrEnum
from math import isqrt
from typing import NamedTuple

from billfold.model.finding import Finding, make_finding
from billfold.model.finding_codes import FindingCode
from billfold.model.focus import CostAndUsage
from billfold.model.money import EXACT_CONTEXT, exact_product, find_minor_digits, format_decimal

PRICE_QUANTUM = Decimal("1E-18")
MAX_STATED_DIGITS = 6
"""Decimals of an amount that count as stated: what stands behind them in JSON is the dust of a 64-bit float."""
_DIVISION_CONTEXT = Context(prec=60, rounding=ROUND_HALF_EVEN)


class PriceBasis(StrEnum):
    """Where the rate of a line comes from, and what stands between rate x quantity and the cost."""

    RATE = "rate"
    """The vendor states it; rate x quantity is the cost but for the vendor's rounding."""
    CAPPED = "capped"
    """The vendor states it, and stops charging at so many hours a month."""
    TIERED = "tiered"
    """The vendor states it for one step of a price list: other quantities have another rate."""
    DERIVED = "derived"
    """The vendor states none: cost / quantity."""


class Price(NamedTuple):
    """A unit price that, times the quantity, gives the cost; ``rate`` is the vendor's own, where it states one."""

    unit_price: Decimal
    quantity: Decimal
    rate: Decimal
    basis: PriceBasis


def choose_price(cost: Decimal, quantity: Decimal, published_rate: Decimal | None) -> Price:
    """Choose the unit price of a line: the published rate where it gives the cost exactly, else cost / quantity.

    A derived price has 18 decimals; a line without a quantity is priced as one unit. Costs are never adjusted.
    """
    unit_price, priced_quantity = _choose_unit_price(cost, quantity, published_rate)
    if published_rate is None:
        return Price(unit_price, priced_quantity, unit_price, PriceBasis.DERIVED)
    return Price(unit_price, priced_quantity, published_rate, PriceBasis.RATE)


def _choose_unit_price(cost: Decimal, quantity: Decimal, published_rate: Decimal | None) -> tuple[Decimal, Decimal]:
    if (
        published_rate is not None
        and published_rate >= 0
        and quantity
        and exact_product(published_rate, quantity) == cost
    ):
        return published_rate, quantity
    if not quantity or (cost < 0) != (quantity < 0):
        return cost.copy_abs(), Decimal(1) if cost >= 0 else Decimal(-1)
    return _DIVISION_CONTEXT.divide(cost, quantity).quantize(PRICE_QUANTUM, context=_DIVISION_CONTEXT), quantity


def rounding_tolerance(line_count: int, currency: str = "USD") -> Decimal:
    """Return the rounding variance that FOCUS 1.4 allows an invoice: max(100, sqrt(lines) / 2) of the currency's subunit."""
    subunits = max(Decimal(100), Decimal(isqrt(line_count)) / 2)
    return subunits.scaleb(-find_minor_digits(currency))


def find_rounding_bound(stated_total: Decimal, line_sum: Decimal, line_count: int, currency: str) -> Decimal:
    """Return how far lines can be from their total by rounding: half a unit of the last digit of each, and of the total.

    A sum has as many decimals as the longest of its amounts. FOCUS's tolerance is the most in any case.
    """
    line_unit, total_unit = (_find_last_unit(amount, currency) for amount in (line_sum, stated_total))
    return min((line_unit * line_count + total_unit) / 2, rounding_tolerance(line_count, currency))


def _find_last_unit(amount: Decimal, currency: str) -> Decimal:
    """Return the unit of an amount's last digit, from the currency's subunit to ``MAX_STATED_DIGITS``."""
    exponent = amount.as_tuple().exponent
    digits = -exponent if isinstance(exponent, int) else 0
    return Decimal(1).scaleb(-min(max(digits, find_minor_digits(currency)), MAX_STATED_DIGITS))


def find_residual(
    stated_total: Decimal | None,
    line_sum: Decimal,
    line_count: int,
    currency: str = "USD",
    *,
    is_moving: bool = False,
) -> Decimal | None:
    """Return what is missing between lines and the stated total if that can be rounding; None where it cannot, or is 0.

    Without a total nothing can be told, and without any lines nothing was rounded: they are what is missing. Lines and total
    that moved on between two answers (``is_moving``) may differ by FOCUS's tolerance.
    """
    if stated_total is None or not stated_total.is_finite() or not line_count:
        return None
    difference = EXACT_CONTEXT.subtract(stated_total, line_sum)
    if not difference:
        return None
    bound = (
        rounding_tolerance(line_count, currency)
        if is_moving
        else find_rounding_bound(stated_total, line_sum, line_count, currency)
    )
    return difference if abs(difference) <= bound else None


def set_costs(row: CostAndUsage, amount: Decimal) -> CostAndUsage:
    """Return a row all of whose four costs are this amount: nothing is discounted, and nothing paid before."""
    return row._replace(BilledCost=amount, EffectiveCost=amount, ListCost=amount, ContractedCost=amount)


def note_rounding(amount: Decimal, currency: str) -> Finding:
    """Say that a bill adds up by a charge for a ``find_residual`` only, and what that comes to."""
    text = f"adds up by a rounding charge of {format_decimal(amount)} {currency}"
    return make_finding(FindingCode.ROUNDED, text, amount=format_decimal(amount), currency=currency)
