"""What the sums of a v2 bill come to by the vendor's own descriptions of them; what is only guessed is not held against it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from billfold.model.money import EXACT, ZERO, exact_sum, plain
from billfold.providers.fastly.mapping.lines import CENT, number
from billfold.providers.fastly.records import BillingTotal
from billfold.wire.codec import given


class Claim(NamedTuple):
    """A sum as it is stated, and what it comes to by its description; either may be unknown."""

    name: str
    stated: Decimal | None
    terms: str
    reckoned: Decimal | None


def contradictions(sums: BillingTotal, *, final: bool) -> Iterator[str]:
    """Say of each sum that is more than a cent off what it is, and what it comes to."""
    for name, stated, terms, reckoned in _claims(sums, final=final):
        if stated is not None and reckoned is not None and abs(EXACT.subtract(stated, reckoned)) > CENT:
            yield f"{name} is {plain(stated)}, and {terms} is {plain(reckoned)}"


def _claims(sums: BillingTotal, *, final: bool) -> Iterator[Claim]:
    incurred, extras, minimum = number(sums.incurred_cost), number(sums.extras_cost), number(sums.plan_minimum)
    unsaid = number(sums.percentile_cost) or number(sums.percentile)
    if not unsaid:  # percentile billing is real and described nowhere
        traffic = _added(number(sums.bandwidth_cost), number(sums.requests_cost))
        yield Claim("incurred_cost", incurred, "bandwidth_cost + requests_cost", traffic)
    yield Claim("extras_cost", extras, "the sum of the extras", _extras(sums))
    before = _added(incurred, extras)
    yield Claim("cost_before_discount", number(sums.cost_before_discount), "incurred_cost + extras_cost", before)
    if incurred is None or minimum is None:
        return
    over, stated = EXACT.subtract(incurred, minimum), number(sums.overage)
    # NOTE: below the minimum the overage may be 0 or negative: nobody says which.
    over = over if stated is None or over > 0 else min(stated, ZERO)
    yield Claim("overage", stated, "incurred_cost - plan_minimum", over)
    # NOTE: the one documented shortfall is of a bill without extras and discount; what they change is not said.
    if final and not (unsaid or extras or number(sums.discount_amount)):
        short = max(EXACT.subtract(minimum, incurred), ZERO)
        yield Claim("commit_shortfall", number(sums.commit_shortfall), "plan_minimum - incurred_cost", short)


def _added(*amounts: Decimal | None) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    return exact_sum(known) if len(known) == len(amounts) else None


def _extras(sums: BillingTotal) -> Decimal | None:
    """Add up the extras; one that is 0 is left out by the vendor."""
    if not isinstance(sums.extras, list):
        return None
    return exact_sum(
        amount for one in given(sums.extras, []) for v in (one.recurring, one.setup) if (amount := number(v))
    )
