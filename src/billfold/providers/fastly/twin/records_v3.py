"""The story's entries in the words of billing v3: invoices, the month to date, usage by product and by service."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from random import Random

from billfold.model.money import exact_sum
from billfold.model.period import Month, stamp
from billfold.providers.fastly.records import (
    Invoice,
    Invoicelineitems,
    Mtdinvoice,
    Mtdlineitems,
    Serviceusagemetric,
    Usagemetric,
)
from billfold.providers.fastly.twin import scenario
from billfold.providers.fastly.twin.catalog import DELIVERY
from billfold.providers.fastly.twin.scenario import Entry
from billfold.providers.twin_api import Account
from billfold.wire.codec import DecimalText

DAY, WHOLE = timedelta(days=1), Decimal(1)
SERVICES = ("www", "api", "images", "video", "assets", "checkout", "search", "blog", "docs", "status", "auth", "feeds")
# GUESS: v3's units of requests are divided by 10,000 already.
RAW = {"Requests": 10_000, "Bandwidth": 1_000_000_000}
"""How many counted things make one billed unit of delivery: requests, and bytes to the GB."""
UNITS = {"Requests": "10k requests", "Bandwidth": "GB"}


def last_day(month: Month) -> str:
    """Write a month's last day, which is where the vendor ends a period."""
    return stamp(month.end - DAY)


@lru_cache(maxsize=1024)
def invoice(account: Account, month: Month) -> Invoice:
    """Return the invoice of a closed month."""
    entries = scenario.entries(account, month, month.end)
    number = scenario.invoice_id(account, month)
    return Invoice(
        customer_id=scenario.customer(account),
        invoice_id=number,
        invoice_posted_on=stamp(month.end),
        billing_start_date=stamp(month.start),
        billing_end_date=last_day(month),
        statement_number=f"ST-{int(number) % 10**7:07}",  # GUESS: what a statement's number looks like
        currency_code="USD",
        monthly_transaction_amount=total(entries),
        transaction_line_items=[_line(entry) for entry in entries],
    )


def month_to_date(account: Account, month: Month, until: datetime) -> Mtdinvoice:
    """Return the running month as it stands at a midnight."""
    entries = scenario.entries(account, month, until)
    return Mtdinvoice(
        customer_id=scenario.customer(account),
        invoice_id=scenario.estimate_id(account, month),
        billing_start_date=stamp(month.start),
        billing_end_date=last_day(month),
        monthly_transaction_amount=DecimalText(total(entries)),
        transaction_line_items=[_running(entry) for entry in entries],
    )


def total(entries: Iterable[Entry]) -> Decimal:
    """Add up the amounts."""
    return exact_sum([entry.amount for entry in entries])


def _running(entry: Entry) -> Mtdlineitems:
    return Mtdlineitems(
        description=entry.description,
        amount=entry.amount,
        rate=entry.rate,
        units=entry.units,
        product_name=entry.name,
        product_group=entry.group,
        product_line=entry.line,
        region=entry.region,
        usage_type=entry.usage,
    )


def _line(entry: Entry) -> Invoicelineitems:
    base = _running(entry)
    said = {name: getattr(base, name) for name in base.__struct_fields__}
    return Invoicelineitems(**said, credit_coupon_code=entry.coupon)


def product_id(entry: Entry) -> str:
    """Return the id that usage is asked by: one for all delivery, else one a product group."""
    return "cdn_usage" if entry.group == DELIVERY else entry.group.lower().replace(" ", "_").replace("-", "_")


@lru_cache(maxsize=256)
def usage(account: Account, month: Month, until: datetime) -> tuple[Usagemetric, ...]:
    """Return a month's usage by product and region as it stands at a midnight."""
    by_name: dict[str, list[Entry]] = {}
    for entry in scenario.entries(account, month, until):
        if entry.category == "Usage":
            by_name.setdefault(entry.name, []).append(entry)
    return tuple(_metric(entries, month, until) for entries in by_name.values())


def _metric(entries: list[Entry], month: Month, until: datetime) -> Usagemetric:
    first, quantity = entries[0], exact_sum([entry.units for entry in entries])
    delivered = first.group == DELIVERY
    return Usagemetric(
        month=str(month),
        usage_type=first.name,
        name=first.name,
        region=first.region,
        unit=UNITS[first.usage] if delivered else "unit",
        quantity=quantity,
        raw_quantity=scenario.rounded(quantity * RAW[first.usage], WHOLE) if delivered else quantity,
        product_id=product_id(first),
        last_updated_at=stamp(until),
    )


def by_service(account: Account, quantity: Decimal, about: str) -> tuple[Serviceusagemetric, ...]:
    """Share a quantity out over the customer's services; the last one takes what rounding leaves."""
    dice = account.dice("share", about)
    parts = list(_parts(quantity, dice, len(SERVICES)))
    return tuple(
        Serviceusagemetric(
            customer_id=scenario.customer(account),
            service_id=scenario.named(account, "service", name),
            service_name=name,
            usage_units=part,
        )
        for name, part in zip(SERVICES, parts, strict=True)
    )


def _parts(quantity: Decimal, dice: Random, many: int) -> Iterator[Decimal]:
    weights, left = [dice.randint(1, 100) for _ in range(many)], quantity
    for weight in weights[:-1]:
        part = scenario.rounded(quantity * weight / sum(weights), Decimal("0.0001"))
        left -= part
        yield part
    yield left
