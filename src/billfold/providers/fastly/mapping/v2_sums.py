"""What the sums of a v2 bill come to by the vendor's own descriptions of them; what is only guessed is not held against it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from billfold.model.finding import Finding, make_finding
from billfold.model.finding_codes import FindingCode
from billfold.model.money import EXACT_CONTEXT, ZERO, exact_sum, format_decimal
from billfold.providers.fastly.mapping.lines import CENT, read_number
from billfold.providers.fastly.records_v2 import BillingTotal
from billfold.wire.codec import get_or


class SumCheck(NamedTuple):
    """A sum as it is stated, and what it comes to by its description; either may be unknown."""

    name: str
    stated_amount: Decimal | None
    formula: str
    computed_amount: Decimal | None


def find_contradictions(sums: BillingTotal, *, is_final: bool) -> Iterator[Finding]:
    """Say of each sum that is more than a cent off what it is, and what it comes to."""
    for name, stated_amount, formula, computed_amount in _list_sum_checks(sums, is_final=is_final):
        if (
            stated_amount is not None
            and computed_amount is not None
            and abs(EXACT_CONTEXT.subtract(stated_amount, computed_amount)) > CENT
        ):
            amounts = {"stated": format_decimal(stated_amount), "computed": format_decimal(computed_amount)}
            text = f"{name} is {amounts['stated']}, and {formula} is {amounts['computed']}"
            yield make_finding(FindingCode.SUM_MISMATCH, text, sum=name, **amounts)


def _list_sum_checks(sums: BillingTotal, *, is_final: bool) -> Iterator[SumCheck]:
    incurred_cost, extras_cost, plan_minimum = (
        read_number(sums.incurred_cost),
        read_number(sums.extras_cost),
        read_number(sums.plan_minimum),
    )
    percentile_billing = read_number(sums.percentile_cost) or read_number(sums.percentile)
    if not percentile_billing:  # percentile billing is real and described nowhere
        traffic_cost = _sum_if_complete(read_number(sums.bandwidth_cost), read_number(sums.requests_cost))
        yield SumCheck("incurred_cost", incurred_cost, "bandwidth_cost + requests_cost", traffic_cost)
    yield SumCheck("extras_cost", extras_cost, "the sum of the extras", _sum_extras(sums))
    cost_before_discount = _sum_if_complete(incurred_cost, extras_cost)
    yield SumCheck(
        "cost_before_discount",
        read_number(sums.cost_before_discount),
        "incurred_cost + extras_cost",
        cost_before_discount,
    )
    if incurred_cost is None or plan_minimum is None:
        return
    overage, stated_overage = EXACT_CONTEXT.subtract(incurred_cost, plan_minimum), read_number(sums.overage)
    # NOTE: below the minimum the overage may be 0 or negative: nobody says which.
    overage = overage if stated_overage is None or overage > 0 else min(stated_overage, ZERO)
    yield SumCheck("overage", stated_overage, "incurred_cost - plan_minimum", overage)
    # NOTE: the one documented shortfall is of a bill without extras and discount; what they change is not said.
    if is_final and not (percentile_billing or extras_cost or read_number(sums.discount_amount)):
        shortfall = max(EXACT_CONTEXT.subtract(plan_minimum, incurred_cost), ZERO)
        yield SumCheck(
            "commit_shortfall", read_number(sums.commit_shortfall), "plan_minimum - incurred_cost", shortfall
        )


def _sum_if_complete(*amounts: Decimal | None) -> Decimal | None:
    present_amounts = [amount for amount in amounts if amount is not None]
    return exact_sum(present_amounts) if len(present_amounts) == len(amounts) else None


def _sum_extras(sums: BillingTotal) -> Decimal | None:
    """Add up the extras; one that is 0 is left out by the vendor."""
    if not isinstance(sums.extras, list):
        return None
    return exact_sum(
        amount
        for extra in get_or(sums.extras, [])
        for value in (extra.recurring, extra.setup)
        if (amount := read_number(value))
    )
