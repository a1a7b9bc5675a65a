"""Whether what an invoice's amount has beyond its lines is tax, which the vendor's API does not show: by evidence only.

Many amounts are some rate of some sum: a lost line would do. A rate is believed where another invoice of the customer has it
too, on another amount, or where it is a whole or half percent of all lines and the customer's other invoices have no other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import cached_property
from math import isqrt
from typing import NamedTuple

from billfold.model.bill import DerivedTax
from billfold.model.money import exact_product, exact_sum
from billfold.providers.genesys.mapping.lines import GenesysLine

ALL_LINES, PURCHASES, USAGE = "all lines", "purchases", "usage"
"""What a tax may be on."""
MIN_TAX_RATE, MAX_TAX_RATE = Decimal("0.01"), Decimal("0.30")
"""The rates between which tax is believed: 1 % to 30 % (no VAT is above 27 %)."""
TAX_RATE_STEPS = tuple(map(Decimal, ("0.00005", "0.0005", "0.0025", "0.005", "0.01")))
"""Rates are told in steps of 0.005 % (8.875 %); on small amounts, where such a rate would fit anything, in larger ones."""
ROUND_RATE_STEP = Decimal("0.005")
"""Rates that need no other invoice are whole and half percents."""
MIN_STEP_TO_SLACK = 10
"""How many times the slack of rounding a step must make, so that few amounts fit a rate by chance."""
HALF_A_CENT = Decimal("0.005")
_DIVISION_CONTEXT = Context(prec=60, rounding=ROUND_HALF_EVEN)


class TaxRate(NamedTuple):
    """A rate, and on which of an invoice's lines it is."""

    base: str
    rate: Decimal


class TaxableCost(NamedTuple):
    """What lines come to that may be taxed, and how far a tax on them may be from its rate.

    The roundings of the lines go either way; that of the tax itself comes on top.
    """

    amount: Decimal
    slack: Decimal

    @classmethod
    def of(cls, costs: Sequence[Decimal]) -> TaxableCost:
        """Add up the costs of lines."""
        return cls(exact_sum(costs), HALF_A_CENT * (isqrt(len(costs)) + 1))

    def explains(self, residual: Decimal, rate: Decimal) -> bool:
        """Tell whether an amount is the tax of a rate, to the cent."""
        return abs(residual - exact_product(rate, self.amount)) <= self.slack

    def find_rate(self, residual: Decimal) -> Decimal | None:
        """Return the rate that explains an amount, in the smallest steps that can be told apart; None where none does."""
        if not self.amount or (residual < 0) != (self.amount < 0):
            return None
        smallest_step = _DIVISION_CONTEXT.divide(MIN_STEP_TO_SLACK * self.slack, abs(self.amount))
        step = next((rate_step for rate_step in TAX_RATE_STEPS if rate_step >= smallest_step), TAX_RATE_STEPS[-1])
        step_count = _DIVISION_CONTEXT.divide(_DIVISION_CONTEXT.divide(residual, self.amount), step)
        rate = step_count.to_integral_value(ROUND_HALF_EVEN) * step
        return rate if MIN_TAX_RATE <= rate <= MAX_TAX_RATE and self.explains(residual, rate) else None


class TaxClaim(NamedTuple):
    """What an invoice's amount has beyond its lines, and the costs that it may be tax on, by what they are for."""

    invoice_id: str
    customer: str
    residual: Decimal
    costs: Mapping[str, TaxableCost]

    def list_rates(self) -> list[TaxRate]:
        """Return the rates that explain it, each by itself."""
        rates = ((base, cost.find_rate(self.residual)) for base, cost in self.costs.items())
        return [TaxRate(base, rate) for base, rate in rates if rate is not None]

    def fits(self, tax_rate: TaxRate) -> bool:
        """Tell whether a rate explains it."""
        cost = self.costs.get(tax_rate.base)
        return cost is not None and bool(cost.amount) and cost.explains(self.residual, tax_rate.rate)


def claim_tax(
    invoice_id: str, customer: str, residual: Decimal, lines: Sequence[GenesysLine], overage: Decimal | None
) -> TaxClaim | None:
    """Return what may be tax on lines that show none; None where it cannot be.

    ``overage`` is what the period's own detail says was used: lines that say less are not all there.
    """
    if not residual or any(line.ChargeCategory == "Tax" for line in lines):
        return None
    purchase_costs = [line.BilledCost for line in lines if line.ChargeCategory == "Purchase"]
    usage_costs = [line.BilledCost for line in lines if line.ChargeCategory == "Usage"]
    if usage_costs and overage is not None and exact_sum(usage_costs) < overage:
        return None
    costs = {ALL_LINES: [line.BilledCost for line in lines], PURCHASES: purchase_costs, USAGE: usage_costs}
    return TaxClaim(invoice_id, customer, residual, {base: TaxableCost.of(costs[base]) for base in costs})


class TaxEvidence:
    """What the other invoices of an account say of its taxes: those that are booked, and those that come with it.

    Neither is read before an invoice claims tax.
    """

    def __init__(
        self,
        list_booked: Callable[[], Iterable[DerivedTax]] = tuple,
        list_claims: Callable[[], Iterable[TaxClaim]] = tuple,
    ) -> None:
        self._list_booked, self._list_claims = list_booked, list_claims

    @cached_property
    def _booked_taxes(self) -> list[DerivedTax]:
        return list(self._list_booked())

    @cached_property
    def _amounts_by_rate(self) -> Mapping[str, Mapping[TaxRate, set[Decimal]]]:
        """What the invoices that come together have beyond their lines, by customer and by the rates that explain it."""
        amounts_by_rate = defaultdict[str, dict[TaxRate, set[Decimal]]](dict)
        for claim in self._list_claims():
            for rate in claim.list_rates():
                amounts_by_rate[claim.customer].setdefault(rate, set()).add(claim.residual)
        return amounts_by_rate

    def find_rate(self, claim: TaxClaim) -> TaxRate | None:
        """Return the rate at which a claim is tax; None where nothing speaks for one."""
        amounts_by_rate = {rate: set(amounts) for rate, amounts in self._amounts_by_rate[claim.customer].items()}
        booked_rates = set[TaxRate]()
        for tax in self._booked_taxes:
            if (tax.customer, tax.invoice_id != claim.invoice_id) == (claim.customer, True):
                booked_rates.add(TaxRate(tax.base, tax.rate))
                amounts_by_rate.setdefault(TaxRate(tax.base, tax.rate), set()).add(tax.amount)
        # the same amount twice is no evidence: a line may be lost twice
        recurring_rates = [rate for rate, amounts in amounts_by_rate.items() if amounts - {claim.residual}]
        if rate := next(filter(claim.fits, recurring_rates), None):
            return rate
        established_rates = booked_rates | {rate for rate, amounts in amounts_by_rate.items() if len(amounts) > 1}
        return next((rate for rate in claim.list_rates() if _is_plain(rate) and {rate} >= established_rates), None)


def _is_plain(tax_rate: TaxRate) -> bool:
    """Tell whether a rate is believed without another invoice."""
    return tax_rate.base == ALL_LINES and not tax_rate.rate % ROUND_RATE_STEP
