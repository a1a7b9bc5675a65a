"""The story's entries in the words of billing v3: invoices, the month to date, usage by product and by service."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from random import Random

from billfold.model.money import exact_sum
from billfold.model.period import Month, format_instant
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
from billfold.providers.fastly.twin.scenario import ScenarioLine
from billfold.providers.twin_api import TwinAccount
from billfold.wire.codec import DecimalText

DAY, WHOLE_QUANTUM = timedelta(days=1), Decimal(1)
SERVICE_NAMES = (
    "www",
    "api",
    "images",
    "video",
    "assets",
    "checkout",
    "search",
    "blog",
    "docs",
    "status",
    "auth",
    "feeds",
)
# GUESS: v3's units of requests are divided by 10,000 already.
COUNTS_PER_UNIT = {"Requests": 10_000, "Bandwidth": 1_000_000_000}
"""How many counted things make one billed unit of delivery: requests, and bytes to the GB."""
UNIT_NAMES = {"Requests": "10k requests", "Bandwidth": "GB"}


def format_last_day(month: Month) -> str:
    """Write a month's last day, which is where the vendor ends a period."""
    return format_instant(month.end - DAY)


@lru_cache(maxsize=1024)
def make_invoice(account: TwinAccount, month: Month) -> Invoice:
    """Return the invoice of a closed month."""
    lines = scenario.make_lines(account, month, month.end)
    invoice_id = scenario.invoice_id_of(account, month)
    return Invoice(
        customer_id=scenario.customer_id_of(account),
        invoice_id=invoice_id,
        invoice_posted_on=format_instant(month.end),
        billing_start_date=format_instant(month.start),
        billing_end_date=format_last_day(month),
        statement_number=f"ST-{int(invoice_id) % 10**7:07}",  # GUESS: what a statement's number looks like
        currency_code=scenario.currency_of(account),
        monthly_transaction_amount=sum_amounts(lines),
        transaction_line_items=[_make_invoice_line(line) for line in lines],
    )


def make_month_to_date(account: TwinAccount, month: Month, until: datetime) -> Mtdinvoice:
    """Return the running month as it stands at a midnight."""
    lines = scenario.make_lines(account, month, until)
    return Mtdinvoice(
        customer_id=scenario.customer_id_of(account),
        invoice_id=scenario.estimate_id_of(account, month),
        billing_start_date=format_instant(month.start),
        billing_end_date=format_last_day(month),
        monthly_transaction_amount=DecimalText(sum_amounts(lines)),
        transaction_line_items=[_make_mtd_line(line) for line in lines],
    )


def sum_amounts(lines: Iterable[ScenarioLine]) -> Decimal:
    """Add up the amounts."""
    return exact_sum([line.amount for line in lines])


def _make_mtd_line(line: ScenarioLine) -> Mtdlineitems:
    return Mtdlineitems(
        description=line.description,
        amount=line.amount,
        rate=line.rate,
        units=line.units,
        product_name=line.name,
        product_group=line.product_group,
        product_line=line.product_line,
        region=line.region,
        usage_type=line.usage,
    )


def _make_invoice_line(line: ScenarioLine) -> Invoicelineitems:
    mtd_line = _make_mtd_line(line)
    fields = {name: getattr(mtd_line, name) for name in mtd_line.__struct_fields__}
    return Invoicelineitems(**fields, credit_coupon_code=line.coupon)


def product_id_of(line: ScenarioLine) -> str:
    """Return the id that usage is asked by: one for all delivery, else one a product group."""
    return (
        "cdn_usage"
        if line.product_group == DELIVERY
        else line.product_group.lower().replace(" ", "_").replace("-", "_")
    )


@lru_cache(maxsize=256)
def list_usage(account: TwinAccount, month: Month, until: datetime) -> tuple[Usagemetric, ...]:
    """Return a month's usage by product and region as it stands at a midnight."""
    lines_by_name: dict[str, list[ScenarioLine]] = {}
    for line in scenario.make_lines(account, month, until):
        if line.category == "Usage":
            lines_by_name.setdefault(line.name, []).append(line)
    return tuple(_make_metric(lines, month, until) for lines in lines_by_name.values())


def _make_metric(lines: list[ScenarioLine], month: Month, until: datetime) -> Usagemetric:
    first_line, quantity = lines[0], exact_sum([line.units for line in lines])
    is_delivery = first_line.product_group == DELIVERY
    return Usagemetric(
        month=str(month),
        usage_type=first_line.name,
        name=first_line.name,
        region=first_line.region,
        unit=UNIT_NAMES[first_line.usage] if is_delivery else "unit",
        quantity=quantity,
        raw_quantity=scenario.round_amount(quantity * COUNTS_PER_UNIT[first_line.usage], WHOLE_QUANTUM)
        if is_delivery
        else quantity,
        product_id=product_id_of(first_line),
        last_updated_at=format_instant(until),
    )


def split_by_service(account: TwinAccount, quantity: Decimal, share_key: str) -> tuple[Serviceusagemetric, ...]:
    """Share a quantity out over the customer's services; the last one takes what rounding leaves."""
    rng = account.random_for("share", share_key)
    shares = list(_split_quantity(quantity, rng, len(SERVICE_NAMES)))
    return tuple(
        Serviceusagemetric(
            customer_id=scenario.customer_id_of(account),
            service_id=scenario.make_id(account, "service", service_name),
            service_name=service_name,
            usage_units=share,
        )
        for service_name, share in zip(SERVICE_NAMES, shares, strict=True)
    )


def _split_quantity(quantity: Decimal, rng: Random, count: int) -> Iterator[Decimal]:
    weights, remainder = [rng.randint(1, 100) for _ in range(count)], quantity
    for weight in weights[:-1]:
        share = scenario.round_amount(quantity * weight / sum(weights), Decimal("0.0001"))
        remainder -= share
        yield share
    yield remainder
