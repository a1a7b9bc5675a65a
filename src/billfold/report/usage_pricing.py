"""Pricing what an account used, as its vendor measured it, by its last invoices: what there is where no estimate is.

Only what closed months prove is priced: that invoices bill the measured quantity, in units that differ by a power of ten at most.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from billfold.ledger.accrual_basis import PriceStep
from billfold.ledger.usage_basis import BilledUsage, RegionUsage
from billfold.model.period import Month
from billfold.report.estimate_carrying import EstimateReach, Step, gather_steps, price_quantity

MAX_SCALE_ERROR = Fraction(1, 1000)
"""How far, as a share, a measured quantity may be from the invoiced one: vendors round both."""
MAX_SCALE_DIGITS = 12
Place = tuple[str, str]
"""What is measured by itself: the last part of a SKU's id, and a region."""


class UsedQuantity(NamedTuple):
    """How much was used of something so far, in the units that invoices price, and its price list."""

    service: str
    quantity: Fraction
    steps: Sequence[Step]


class OpenUsage(NamedTuple):
    """What was used of a running month so far, of all services whose usage can be priced; ``priced_by`` has the prices."""

    reach: EstimateReach
    services: Collection[str]
    used: Sequence[UsedQuantity]
    priced_by: Month

    def price_so_far(self) -> dict[str, Fraction]:
        """Return what is used so far costs, by service."""
        return self._price(lambda quantity: quantity)

    def price_rest(self) -> dict[str, Fraction]:
        """Return what the rest of the month adds at the rate of the days before, by service."""
        so_far = self.price_so_far()
        whole = self._price(lambda quantity: quantity * self.reach.growth)
        return {service: amount - so_far[service] for service, amount in whole.items()}

    def _price(self, carry: Callable[[Fraction], Fraction]) -> dict[str, Fraction]:
        amounts = dict.fromkeys(sorted(self.services), Fraction(0))
        for item in self.used:
            amounts[item.service] += price_quantity(carry(item.quantity), item.steps)
        return amounts


class _BilledItem(NamedTuple):
    """What invoices bill of one place: the steps of the last one that has it, and how much each month's had."""

    service: str
    steps: Sequence[Step]
    quantities: Mapping[Month, Fraction]


def price_usage(
    month: Month, measured: Iterable[RegionUsage], billed: Sequence[BilledUsage], months_by_bill: Mapping[int, Month]
) -> OpenUsage | None:
    """Return the usage of a month that can be priced by the invoices of the months before; None where there is none.

    ``measured`` is of one account, of this month and of earlier ones; ``billed`` of its invoices, in the order of time.
    """
    measured_by_month = defaultdict[Month, list[RegionUsage]](list)
    for row in measured:
        measured_by_month[Month.of(row.start)].append(row)
    running_rows = measured_by_month.pop(month, [])
    proofs = {
        closed: {(row.sku, row.region): Fraction(row.quantity) for row in rows}
        for closed, rows in measured_by_month.items()
        if closed < month and max(row.end for row in rows) >= closed.end
    }
    items = _gather_items(billed, months_by_bill)
    scales = {place: _prove_scale(item, place, proofs) for place, item in items.items() if item}
    services = _list_priced_services(billed, items, scales, proofs.keys() & set(months_by_bill.values()))
    if not running_rows or not services:
        return None
    used = list[UsedQuantity]()
    for row in running_rows:
        item, scale = items.get((row.sku, row.region)), scales.get((row.sku, row.region))
        if item and scale and item.service in services:
            used.append(UsedQuantity(item.service, Fraction(row.quantity) * scale, item.steps))
    reach = EstimateReach(month.period, min(max(row.end for row in running_rows), month.end))
    return OpenUsage(reach, services, used, max(months_by_bill.values()))


def _gather_items(
    billed: Sequence[BilledUsage], months_by_bill: Mapping[int, Month]
) -> dict[Place, _BilledItem | None]:
    """Return what is billed of each place; None where that has several SKUs or units, or no price."""
    rows_by_place = defaultdict[Place, list[BilledUsage]](list)
    for row in sorted(billed, key=lambda row: (months_by_bill[row.bill], row.bill, row.position)):
        rows_by_place[row.sku, row.region].append(row)
    return {place: _build_item(rows, months_by_bill) for place, rows in rows_by_place.items()}


def _build_item(rows: Sequence[BilledUsage], months_by_bill: Mapping[int, Month]) -> _BilledItem | None:
    if len({(row.service, row.sku_id, row.unit) for row in rows}) > 1:
        return None
    steps, quantities = list[PriceStep](), defaultdict[Month, Fraction](Fraction)
    for row in rows:
        if row.price is None or row.quantity is None:
            return None
        quantities[months_by_bill[row.bill]] += Fraction(row.quantity)
        steps.append(PriceStep(row.bill, row.sku_id, row.region, row.unit, row.price, row.quantity, row.position))
    last_steps = [(Fraction(step.price), Fraction(step.quantity)) for step in steps if step.bill == steps[-1].bill]
    (longest_steps,) = gather_steps(steps).values()
    prices = [price for price, _ in last_steps]
    is_same_list = prices == [price for price, _ in longest_steps[: len(prices)]]
    return _BilledItem(rows[-1].service, longest_steps if is_same_list else last_steps, quantities)


def _prove_scale(item: _BilledItem, place: Place, proofs: Mapping[Month, Mapping[Place, Fraction]]) -> Fraction | None:
    """Return how many invoiced units a measured one is, if all closed months with both give the same power of ten."""
    pairs = {
        (item.quantities[month], measured.get(place, Fraction(0)))
        for month, measured in proofs.items()
        if month in item.quantities
    }
    scales = {_find_power_of_ten(*pair) for pair in pairs if any(pair)}
    return scales.pop() if len(scales) == 1 else None


def _find_power_of_ten(invoiced: Fraction, measured: Fraction) -> Fraction | None:
    if invoiced <= 0 or measured <= 0:
        return None
    ratio = invoiced / measured
    digits = len(str(ratio.numerator)) - len(str(ratio.denominator))
    powers = (Fraction(10) ** power for power in range(digits - 1, digits + 2) if abs(power) <= MAX_SCALE_DIGITS)
    return next((power for power in powers if abs(ratio / power - 1) <= MAX_SCALE_ERROR), None)


def _list_priced_services(
    billed: Iterable[BilledUsage],
    items: Mapping[Place, _BilledItem | None],
    scales: Mapping[Place, Fraction | None],
    proof_months: Collection[Month],
) -> frozenset[str]:
    """Return the services of which all that the invoices of the proving months bill is proven to be measured."""
    services, unproven = set[str](), set[str]()
    for row in billed:
        item = items[row.sku, row.region]
        if item is None:
            unproven.add(row.service)
        elif proof_months & item.quantities.keys():
            (services if scales.get((row.sku, row.region)) else unproven).add(row.service)
    return frozenset(services - unproven)
