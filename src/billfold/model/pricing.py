"""Rules of FOCUS 1.4 that every provider's charges share: unit prices, and what rounding leaves between lines and a total."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal
from math import isqrt
from typing import NamedTuple

from billfold.model.focus import CostAndUsage
from billfold.model.money import EXACT, times

ROUNDING = "Rounding: "
"""How the description of a charge begins that is made for a residual."""
PRICE_DIGITS = Decimal("1E-18")
_DIVIDE = Context(prec=60, rounding=ROUND_HALF_EVEN)


class Price(NamedTuple):
    """A unit price that, times the quantity, gives the cost; ``listed`` is the vendor's rate where that is another."""

    unit: Decimal
    quantity: Decimal
    listed: Decimal | None


def price(cost: Decimal, quantity: Decimal, published: Decimal | None) -> Price:
    """Choose the unit price of a line: the published rate where it gives the cost exactly, else cost / quantity.

    A derived price has 18 decimals; a line without a quantity is priced as one unit. Costs are never adjusted.
    """
    if published is not None and published >= 0 and quantity and times(published, quantity) == cost:
        return Price(published, quantity, None)
    if not quantity or (cost < 0) != (quantity < 0):
        return Price(cost.copy_abs(), Decimal(1) if cost >= 0 else Decimal(-1), published)
    return Price(_DIVIDE.divide(cost, quantity).quantize(PRICE_DIGITS, context=_DIVIDE), quantity, published)


def tolerance(lines: int) -> Decimal:
    """Return the rounding variance that FOCUS 1.4 allows an invoice in cents: max(100, sqrt(lines) / 2) of 0.01."""
    return max(Decimal(1), Decimal(isqrt(lines)) / 200)


def residual(stated: Decimal, summed: Decimal, lines: int) -> Decimal | None:
    """Return what is missing between lines and the stated total if that can be rounding; None where it cannot, or is 0.

    Without any lines nothing was rounded: they are what is missing.
    """
    missing = EXACT.subtract(stated, summed)
    return missing if lines and missing and abs(missing) <= tolerance(lines) else None


def adjustment(common: CostAndUsage, amount: Decimal, why: str) -> CostAndUsage:
    """Make the one flagged row that carries what is missing between lines and a total."""
    return common._replace(
        BilledCost=amount,
        EffectiveCost=amount,
        ListCost=amount,
        ContractedCost=amount,
        ChargeCategory="Adjustment",
        ChargeFrequency="One-Time",
        ChargeDescription=why,
        x_Synthetic=True,
    )


def rounding(common: CostAndUsage, amount: Decimal, why: str) -> CostAndUsage:
    """Make the one flagged row that carries a ``residual``; ``why`` says which total it fits to which lines."""
    return adjustment(common, amount, f"{ROUNDING}{why}")
