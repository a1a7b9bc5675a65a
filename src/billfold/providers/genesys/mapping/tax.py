"""Whether what an invoice's amount has beyond its lines can be tax, which the vendor's API does not show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal
from math import isqrt

from billfold.model.money import exact_sum
from billfold.providers.genesys.mapping.lines import GenesysLine

MIN_TAX_RATE, MAX_TAX_RATE = Decimal("0.01"), Decimal("0.30")
"""The rates between which tax is believed: 1 % to 30 % (no VAT is above 27 %)."""
TAX_RATE_STEPS = tuple(map(Decimal, ("0.00005", "0.0005", "0.0025", "0.005", "0.01")))
"""Rates are told in steps of 0.005 % (8.875 %); on small amounts, where such a rate would fit anything, in larger ones."""
MIN_STEP_TO_SLACK = 10
"""How many times the slack of rounding a step must make, so that few amounts fit a rate by chance."""
HALF_A_CENT = Decimal("0.005")
_DIVISION_CONTEXT = Context(prec=60, rounding=ROUND_HALF_EVEN)


def is_tax(residual: Decimal, lines: Sequence[GenesysLine], overage: Decimal | None) -> bool:
    """Tell whether an amount is tax on lines that show none: one rate on all of them, or on what is bought, or used.

    ``overage`` is what the period's own detail says was used: lines that say less are not all there. What no rate explains
    is not believed to be tax, so that the invoice is parked.
    """
    if not residual or any(line.ChargeCategory == "Tax" for line in lines):
        return False
    purchase_costs = [line.BilledCost for line in lines if line.ChargeCategory == "Purchase"]
    usage_costs = [line.BilledCost for line in lines if line.ChargeCategory == "Usage"]
    if usage_costs and overage is not None and exact_sum(usage_costs) < overage:
        return False
    return any(
        _has_tax_rate(residual, costs) for costs in ([line.BilledCost for line in lines], purchase_costs, usage_costs)
    )


def _has_tax_rate(residual: Decimal, costs: Iterable[Decimal]) -> bool:
    taxed_costs = list(costs)
    base = exact_sum(taxed_costs)
    if not base or (residual < 0) != (base < 0):
        return False
    slack = HALF_A_CENT * (isqrt(len(taxed_costs)) + 1)
    step = next(
        (rate_step for rate_step in TAX_RATE_STEPS if abs(base) * rate_step >= MIN_STEP_TO_SLACK * slack),
        TAX_RATE_STEPS[-1],
    )
    tax_rate = (
        _DIVISION_CONTEXT.divide(_DIVISION_CONTEXT.divide(residual, base), step).to_integral_value(ROUND_HALF_EVEN)
        * step
    )
    return MIN_TAX_RATE <= tax_rate <= MAX_TAX_RATE and abs(residual - tax_rate * base) <= slack
