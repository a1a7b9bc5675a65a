"""The lines of a v2 bill: its own where there are any, else its price steps, else its sums; nothing is counted twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import combinations
from typing import Any, NamedTuple

from billfold.model.finding import Finding
from billfold.model.money import EXACT_CONTEXT, ZERO, exact_sum
from billfold.providers.fastly.mapping.bill_header import note_missing_amount
from billfold.providers.fastly.mapping.lines import ONE, Item, format_details, read_number, read_text
from billfold.providers.fastly.mapping.price_tiers import MEASURES, RegionsByKey, find_price_tier, get_price_tiers
from billfold.providers.fastly.mapping.services import (
    DELIVERY,
    REGIONS_BY_KEY,
    find_product_group,
    find_region,
    find_unit,
    find_v2_service,
    is_shortfall,
)
from billfold.providers.fastly.records_v2 import (
    BillingEstimateLinesLineItems,
    BillingEstimateResponse,
    BillingResponse,
    BillingResponseLineItem,
    BillingTotal,
)
from billfold.providers.mapping import is_in_bounds, make_slug
from billfold.wire.codec import Maybe, get_or

V2Bill = BillingResponse | BillingEstimateResponse


class BillContext(NamedTuple):
    """What a v2 bill says once for all its lines: native fields, price steps by region, the unit of its bandwidth."""

    shared_details: tuple[tuple[str, str], ...]
    regions: RegionsByKey
    bandwidth_unit: str


def build_bill_context(record: V2Bill, sums: BillingTotal) -> BillContext:
    """Gather what a v2 bill says once for all its lines."""
    shared_details = (
        ("Api", "v2"),
        ("PlanCode", read_text(sums.plan_code)),
    )
    return BillContext(shared_details, get_or(record.regions, {}), read_text(sums.bandwidth_units) or "GB")


def build_items(record: V2Bill, bill_context: BillContext, path: str, findings: list[Finding]) -> Iterator[Item]:
    """Yield what is billed: by lines, else by regions and extras, else by the sums."""
    line_items = list_line_items(record)
    for index, line_item in enumerate(line_items):
        if read_number(line_item.amount) is None:
            findings.append(note_missing_amount(index + 1))
        line_path = f"{path}.line_items[{index}]"
        yield (
            _build_invoice_item(line_item, bill_context, line_path)
            if isinstance(line_item, BillingResponseLineItem)
            else _build_estimate_item(line_item, bill_context, line_path)
        )
    if line_items or not isinstance(record.total, BillingTotal):
        return
    tier_items = list(_build_tier_items(bill_context, path))
    yield from tier_items or _build_traffic_items(record.total, bill_context, path)
    yield from _build_extras(record.total, bill_context, path)


def list_line_items(record: V2Bill) -> Sequence[BillingResponseLineItem | BillingEstimateLinesLineItems]:
    """Return the bill's own lines; none where it has no list of them."""
    return get_or(record.line_items, [])


def _build_item(
    bill_context: BillContext, product_name: str, usage_type: str, amount: Decimal, path: str, **overrides: Any
) -> Item:
    product_group, plan_name = (
        overrides.pop("group", None) or find_product_group(product_name),
        overrides.pop("plan", ""),
    )
    item_fields = {
        "service": find_v2_service(product_group, plan_name),
        "description": product_name,
        "region": find_region(product_name),
        "unit": find_unit(usage_type, product_group, bill_context.bandwidth_unit),
        "units": None,
        "rate": None,
        "coupon": "",
        "sku": make_slug("v2", product_name or "other"),
        "details": format_details(*bill_context.shared_details),
        **overrides,
    }
    return Item(product=product_name, usage=usage_type, amount=amount, path=path, **item_fields)


def _format_id(value: Maybe[Decimal]) -> str:
    """Write one of the biller's numbers as an id: 1001 and 1001.0 are the same."""
    id_number = read_number(value)
    if id_number is None or not is_in_bounds(id_number):
        return "" if id_number is None else str(id_number)
    return format(id_number.normalize(), "f")


def _build_invoice_item(line_item: BillingResponseLineItem, bill_context: BillContext, path: str) -> Item:
    """Make the item of an invoice's line; one that the biller deleted is on the bill all the same, and says so."""
    product_name, usage_type = (
        read_text(line_item.service_name) or read_text(line_item.plan_name),
        read_text(line_item.usage_type_cd),
    )
    sku, units = _format_id(line_item.service_no), read_number(line_item.units)
    tier_number = _format_id(line_item.rate_schedule_tier_no)
    rate, region = read_number(line_item.rate_per_unit), find_region(usage_type) or find_region(product_name)
    if price_tier := find_price_tier(bill_context.regions, region, usage_type, units, rate):
        rate = rate if rate is not None else read_number(price_tier.discounted_price)
    return _build_item(
        bill_context,
        product_name,
        usage_type,
        read_number(line_item.amount) or ZERO,
        path,
        plan=read_text(line_item.plan_name),
        description=read_text(line_item.description) or product_name,
        region=region,
        units=units,
        rate=rate,
        coupon=read_text(line_item.credit_coupon_code),
        details=format_details(
            *bill_context.shared_details,
            ("PlanNo", _format_id(line_item.plan_no)),
            ("PlanName", read_text(line_item.plan_name)),
            ("ClientServiceId", read_text(line_item.client_service_id)),
            ("AriaInvoiceId", str(get_or(line_item.aria_invoice_id, ""))),
            ("RateScheduleNo", _format_id(line_item.rate_schedule_no)),
            ("RateScheduleTierNo", tier_number),
            ("LineNumber", str(get_or(line_item.line_number, ""))),
            ("CreditCouponCode", read_text(line_item.credit_coupon_code)),
            ("DeletedAt", read_text(line_item.deleted_at)),
        ),
        native=read_text(line_item.id) or None,
        list_price=read_number(price_tier.price) if price_tier else None,
        **({"sku": sku} if sku else {}),
        tier=f"tier {tier_number}" if tier_number not in {"", "1"} else "",
    )


def _build_estimate_item(line_item: BillingEstimateLinesLineItems, bill_context: BillContext, path: str) -> Item:
    description, sku = read_text(line_item.description), _format_id(line_item.service_no)
    # GUESS: service_type says Usage-Based, Recurring or One-Time; what is measured ends in Bandwidth or Requests.
    service_type = read_text(line_item.service_type).lower()
    is_usage = "usage" in service_type or description.lower().endswith(("bandwidth", "requests"))
    product_name = description.partition(" (")[0]
    return _build_item(
        bill_context,
        product_name,
        product_name if is_usage else "",
        read_number(line_item.amount) or ZERO,
        path,
        description=description,
        units=read_number(line_item.units),
        rate=read_number(line_item.per_unit_cost),
        once="one-time" in service_type,
        details=format_details(
            *bill_context.shared_details,
            ("PlanNo", _format_id(line_item.plan_no)),
            ("ClientPlanId", read_text(line_item.client_plan_id)),
            ("ClientServiceId", read_text(line_item.client_service_id)),
            ("ServiceType", read_text(line_item.service_type)),
        ),
        **({"sku": sku} if sku else {}),
    )


def _build_tier_items(bill_context: BillContext, path: str) -> Iterator[Item]:
    for region_key, region in bill_context.regions.items():
        for measure, measure_name in MEASURES.items():
            for index, tier in enumerate(get_price_tiers(region, measure)):
                discounted_price = read_number(tier.discounted_price)
                product_name = f"{REGIONS_BY_KEY.get(region_key, region_key)} {measure_name}"
                tier_name = read_text(tier.name)
                yield _build_item(
                    bill_context,
                    product_name,
                    product_name,
                    read_number(tier.total) or ZERO,
                    f"{path}.regions.{region_key}.{measure}.tiers[{index}]",
                    group=DELIVERY,
                    description=f"{product_name} ({tier_name})" if tier_name else product_name,
                    region=REGIONS_BY_KEY.get(region_key, region_key),
                    units=read_number(tier.units),
                    rate=discounted_price if discounted_price is not None else read_number(tier.price),
                    list_price=read_number(tier.price),
                )


def _build_traffic_items(sums: BillingTotal, bill_context: BillContext, path: str) -> Iterator[Item]:
    measures = (
        ("Bandwidth", "bandwidth_cost", sums.bandwidth),
        ("Percentile Bandwidth", "percentile_cost", sums.percentile),
        ("Requests", "requests_cost", sums.requests),
    )
    for measure_name, field, quantity in measures:
        if amount := read_number(getattr(sums, field)):
            # NOTE: requests are counted one by one in the total, and priced by 10,000.
            unit = "Requests" if measure_name == "Requests" else bill_context.bandwidth_unit
            yield _build_item(
                bill_context,
                measure_name,
                measure_name,
                amount,
                f"{path}.total.{field}",
                units=read_number(quantity),
                unit=unit,
            )


def _build_extras(sums: BillingTotal, bill_context: BillContext, path: str) -> Iterator[Item]:
    for index, extra in enumerate(get_or(sums.extras, [])):
        name = read_text(extra.name)
        for field in ("recurring", "setup"):
            if amount := read_number(getattr(extra, field)):
                price_path = f"{path}.total.extras[{index}].{field}"
                yield _build_item(
                    bill_context, name, "", amount, price_path, description=f"{name} ({field})", units=ONE, rate=amount
                )


def choose_extra_lines(
    sums: BillingTotal, bill_context: BillContext, items: list[Item], cost: Decimal | None, path: str
) -> list[Item]:
    """Return the shortfall and the discount that only ``total`` states, as far as they bring the lines to the total."""
    if cost is None:
        return []
    candidates = []
    shortfall, discount = read_number(sums.commit_shortfall), read_number(sums.discount_amount)
    if shortfall and not any(is_shortfall(item.description, item.product) for item in items):
        amount_path = f"{path}.total.commit_shortfall"
        shortfall_item = _build_item(
            bill_context,
            DELIVERY,
            "",
            shortfall,
            amount_path,
            description="Commit Shortfall",
            units=ONE,
            rate=shortfall,
        )
        candidates.append(shortfall_item._replace(sku="v2/commit-shortfall", synthetic=True))
    if discount:
        amount_path = f"{path}.total.discount_amount"
        candidates.append(
            _build_item(bill_context, DELIVERY, "", -discount, amount_path, description="Discount", synthetic=True)
        )
    residual = EXACT_CONTEXT.subtract(cost, exact_sum(item.amount for item in items))
    choices = [list(choice) for count in range(len(candidates) + 1) for choice in combinations(candidates, count)]
    return min(
        choices, key=lambda choice: abs(EXACT_CONTEXT.subtract(residual, exact_sum(item.amount for item in choice)))
    )
