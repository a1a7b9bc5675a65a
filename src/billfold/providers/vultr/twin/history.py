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
from billfold.providers.vultr.twin.inventory import trim_decimal

ONE_CENT = Decimal("0.01")


class BilledItem(NamedTuple):
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
def list_usage(account: TwinAccount, month: Month, usage_end: datetime, *, pending: bool) -> tuple[BilledItem, ...]:
    """Return what was used in a month up to a midnight."""
    rentals = (*inventory.lasting_rentals(account), *inventory.short_rentals(account, month))
    priced_rentals = [rental._replace(cents=inventory.find_price(account, rental, month)) for rental in rentals]
    lines = [
        item for rental in priced_rentals if (item := _make_rental_item(rental, month, usage_end, pending=pending))
    ]
    overage_gb = Decimal(inventory.overage_gigabytes(account, month, (usage_end - month.start) // timedelta(days=1)))
    if overage_gb:
        # GUESS: product and words, that it is one line an account, and that it is pending already
        lines.append(
            _make_item("Bandwidth", "Bandwidth overage", month.start, usage_end, overage_gb, ONE_CENT, unit="GB")
        )
    return tuple(lines)


def _make_rental_item(rental: inventory.Rental, month: Month, until: datetime, *, pending: bool) -> BilledItem | None:
    if not (span := rental.clip_to_month(month, until)):
        return None
    cap, hours = (
        inventory.GPU_HOUR_CAP if rental.product == "Cloud GPU" else inventory.MONTHLY_HOUR_CAP,
        inventory.count_hours(*span),
    )
    price = inventory.hourly_rate(rental.cents, cap, pending=pending)
    total = inventory.compute_cost(rental.cents, hours, cap)
    return BilledItem(rental.product, rental.description, *span, Decimal(hours), price, total)


def _make_item(
    product: str, description: str, start: datetime, end: datetime, units: Decimal, rate: Decimal, *, unit: str
) -> BilledItem:
    return BilledItem(
        product, description, start, end, units, rate, trim_decimal(exact_product(units, rate)), unit=unit
    )


@lru_cache(maxsize=128)
def list_billed_items(account: TwinAccount, month: Month) -> tuple[BilledItem, ...]:
    """Return the lines of a closed month's invoice: its usage, then discount, gift and tax."""
    usage_items = list_usage(account, month, month.end, pending=False)
    return (*usage_items, *_iter_extras(month, exact_sum(item.total for item in usage_items)))


def _iter_extras(month: Month, usage_cost: Decimal) -> Iterator[BilledItem]:
    # GUESS: that these come when the month is billed, and every word of them but the unit type "discount"
    discount = -trim_decimal((usage_cost / 10).quantize(ONE_CENT))
    yield _make_extra(month, "Discount", "Negotiated discount 10%", discount, "Adjustment")
    remaining_cost = EXACT_CONTEXT.add(usage_cost, discount)
    if month.number % 4 == 1:
        yield _make_extra(month, "Discount", "Promo credit (LAUNCH25)", Decimal(-25), "Credit")
        remaining_cost -= 25
    if month.number % 3 == 0:
        tax = trim_decimal((remaining_cost * 8 / 100).quantize(ONE_CENT, ROUND_HALF_UP))
        yield _make_extra(month, "Tax", "Sales Tax (8%)", tax, "Tax")


def _make_extra(month: Month, product: str, description: str, amount: Decimal, category: str) -> BilledItem:
    return BilledItem(product, description, month.start, month.end, Decimal(1), amount, amount, category, None)


def sum_items(items: Sequence[BilledItem]) -> Decimal:
    """Return what some lines come to, as the vendor writes it."""
    return trim_decimal(exact_sum(item.total for item in items))
