"""Whether what an invoice's amount has beyond its lines can be tax, which the vendor's API does not show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal
from math import isqrt

from billfold.model.money import exact_sum
from billfold.providers.genesys.mapping.lines import Line

LEAST, MOST = Decimal("0.01"), Decimal("0.30")
"""The rates between which tax is believed: 1 % to 30 % (no VAT is above 27 %)."""
STEPS = tuple(map(Decimal, ("0.00005", "0.0005", "0.0025", "0.005", "0.01")))
"""Rates are told in steps of 0.005 % (8.875 %); on small amounts, where such a rate would fit anything, in larger ones."""
TELLING = 10
"""How many times the slack of rounding a step must make, so that few amounts fit a rate by chance."""
HALF_A_CENT = Decimal("0.005")
_DIVIDE = Context(prec=60, rounding=ROUND_HALF_EVEN)


def is_tax(missing: Decimal, lines: Sequence[Line], overage: Decimal | None) -> bool:
    """Tell whether an amount is tax on lines that show none: one rate on all of them, or on what is bought, or used.

    ``overage`` is what the period's own detail says was used: lines that say less are not all there. What no rate explains
    is not believed to be tax, so that the invoice is parked.
    """
    if not missing or any(line.ChargeCategory == "Tax" for line in lines):
        return False
    bought = [line.BilledCost for line in lines if line.ChargeCategory == "Purchase"]
    used = [line.BilledCost for line in lines if line.ChargeCategory == "Usage"]
    if used and overage is not None and exact_sum(used) < overage:
        return False
    return any(_has_rate(missing, costs) for costs in ([line.BilledCost for line in lines], bought, used))


def _has_rate(missing: Decimal, costs: Iterable[Decimal]) -> bool:
    taxed = list(costs)
    base = exact_sum(taxed)
    if not base or (missing < 0) != (base < 0):
        return False
    slack = HALF_A_CENT * (isqrt(len(taxed)) + 1)
    step = next((one for one in STEPS if abs(base) * one >= TELLING * slack), STEPS[-1])
    told = _DIVIDE.divide(_DIVIDE.divide(missing, base), step).to_integral_value(ROUND_HALF_EVEN) * step
    return LEAST <= told <= MOST and abs(missing - told * base) <= slack
