"""The true lines of a month: what the fleet costs by a midnight, and what is added when the month is billed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import NamedTuple

from billfold.model.money import EXACT_CONTEXT, exact_product, exact_sum
from billfold.model.period import Month
from billfold.providers.twin_api import TwinAccount
from billfold.providers.vultr.twin import inventory
from billfold.providers.vultr.twin.inventory import trimmed

CENT = Decimal("0.01")


class Entry(NamedTuple):
    """A true line; ``category`` and ``unit`` are FOCUS's words."""

    product: str
    description: str
    start: datetime
    end: datetime
    units: Decimal
    rate: Decimal
    total: Decimal
    category: str = "Usage"
    unit: str | None = "Hours"


@lru_cache(maxsize=128)
def usage(account: TwinAccount, month: Month, until: datetime, *, pending: bool) -> tuple[Entry, ...]:
    """Return what was used in a month up to a midnight."""
    rentals = (*inventory.lasting(account), *inventory.passing(account, month))
    lines = [entry for rental in rentals if (entry := _rented(rental, month, until, pending=pending))]
    gigabytes = Decimal(inventory.overage(account, month, (until - month.start) // timedelta(days=1)))
    if gigabytes:
        # GUESS: product and words, that it is one line an account, and that it is pending already
        lines.append(_entry("Bandwidth", "Bandwidth overage", month.start, until, gigabytes, CENT, unit="GB"))
    return tuple(lines)


def _rented(rental: inventory.Rental, month: Month, until: datetime, *, pending: bool) -> Entry | None:
    if not (span := rental.within(month, until)):
        return None
    cap, hours = inventory.GPU_CAP if rental.product == "Cloud GPU" else inventory.CAP, inventory.hours(*span)
    price = inventory.rate(rental.cents, cap, pending=pending)
    total = inventory.cost(rental.cents, hours, cap)
    return Entry(rental.product, rental.description, *span, Decimal(hours), price, total)


def _entry(
    product: str, description: str, start: datetime, end: datetime, units: Decimal, rate: Decimal, *, unit: str
) -> Entry:
    return Entry(product, description, start, end, units, rate, trimmed(exact_product(units, rate)), unit=unit)


@lru_cache(maxsize=128)
def billed(account: TwinAccount, month: Month) -> tuple[Entry, ...]:
    """Return the lines of a closed month's invoice: its usage, then discount, gift and tax."""
    used = usage(account, month, month.end, pending=False)
    return (*used, *_extras(month, exact_sum(entry.total for entry in used)))


def _extras(month: Month, used: Decimal) -> Iterator[Entry]:
    # GUESS: that these come when the month is billed, and every word of them but the unit type "discount"
    less = -trimmed((used / 10).quantize(CENT))
    yield _extra(month, "Discount", "Negotiated discount 10%", less, "Adjustment")
    left = EXACT_CONTEXT.add(used, less)
    if month.number % 4 == 1:
        yield _extra(month, "Discount", "Promo credit (LAUNCH25)", Decimal(-25), "Credit")
        left -= 25
    if month.number % 3 == 0:
        tax = trimmed((left * 8 / 100).quantize(CENT, ROUND_HALF_UP))
        yield _extra(month, "Tax", "Sales Tax (8%)", tax, "Tax")


def _extra(month: Month, product: str, description: str, amount: Decimal, category: str) -> Entry:
    return Entry(product, description, month.start, month.end, Decimal(1), amount, amount, category, None)


def added(entries: Sequence[Entry]) -> Decimal:
    """Return what some lines come to, as the vendor writes it."""
    return trimmed(exact_sum(entry.total for entry in entries))
