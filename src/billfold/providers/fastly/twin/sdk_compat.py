"""The story's entries in the words of billing v2, in the dialect that the SDK which asks can read.

No single body suits all SDKs: up to 5.6 they want text ids, no ``aria_invoice_id`` and nothing in ``regions``; from 5.7 on a
number for an id; only from 5.9 on may a line have null values. Whoever is not fastly-py hears the newest.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from billfold.model.money import ZERO, exact_sum
from billfold.model.period import Month, format_instant
from billfold.providers.fastly.records_v2 import (
    BillingBandwidth,
    BillingBandwidthTiers,
    BillingEstimateLinesLineItems,
    BillingEstimateResponse,
    BillingRegions,
    BillingResponse,
    BillingResponseLineItem,
    BillingStatus,
    BillingTotal,
    BillingTotalExtras,
)
from billfold.providers.fastly.twin import scenario
from billfold.providers.fastly.twin.catalog import METERED_PRODUCTS, PACKAGES
from billfold.providers.fastly.twin.records_v3 import COUNTS_PER_UNIT, format_last_day, sum_amounts
from billfold.providers.fastly.twin.scenario import ScenarioLine
from billfold.providers.twin_api import TwinAccount
from billfold.wire.codec import UNSET

PLAN_NO, PLAN_CODE, PLAN_NAME, TERMS = 10234, "cdn_metered", "Full-Site Delivery", "Net15"
NO_LINES = "v2-no-lines"
"""A kind of account whose v2 bills have no lines, as a real one did."""
REGION_KEYS = {
    "North America": "usa",
    "Europe": "europe",
    "Asia": "asia",
    "Australia": "anzac",
    "India": "asia_india",
    "South Korea": "asia_southkorea",
    "South America": "southamerica_std",
    "Africa": "africa_std",
}
SERVICE_NUMBERS = {
    name: number
    for number, name in enumerate(
        dict.fromkeys([*(product.name for product in METERED_PRODUCTS), *(product.name for product in PACKAGES)]), 1
    )
}


class FastlySdk(NamedTuple):
    """What an SDK can read: ids as text with no regions, and whether a line's fields may be null.

    ``sends_times`` tells that it writes v3's two dates with a time.
    """

    needs_text_ids: bool = False
    accepts_nulls: bool = True
    sends_times: bool = False


@lru_cache(maxsize=256)
def detect_sdk(user_agent: str) -> FastlySdk:
    """Find the dialect for a ``User-Agent``."""
    match = re.match(r"fastly-py/(\d+)\.(\d+)", user_agent)
    version = (int(match[1]), int(match[2])) if match else (99, 0)
    return FastlySdk(needs_text_ids=version < (5, 7), accepts_nulls=version >= (5, 9), sends_times=version < (5, 4))


@lru_cache(maxsize=1024)
def make_v2_invoice(
    account: TwinAccount, month: Month, until: datetime, status: str, sdk: FastlySdk
) -> BillingResponse:
    """Return a month's invoice; the running month has no id yet, and says MTD."""
    lines = scenario.make_lines(account, month, until)
    invoice_id = scenario.invoice_id_of(account, month)
    is_posted = status != "MTD"
    return BillingResponse(
        customer_id=scenario.customer_id_of(account),
        invoice_id=UNSET if not is_posted else invoice_id if sdk.needs_text_ids else int(invoice_id),
        start_time=format_instant(month.start),
        end_time=format_last_day(month),
        vendor_state="up",
        status=BillingStatus(status=status, sent_at=format_instant(month.end) if is_posted else None),
        total=_make_totals(account, lines),
        regions={} if sdk.needs_text_ids else _make_regions(lines),
        line_items=_make_line_items(lines, invoice_id, format_instant(until), sdk)
        if account.account_type != NO_LINES
        else [],
    )


def make_v2_estimate(account: TwinAccount, month: Month, until: datetime, sdk: FastlySdk) -> BillingEstimateResponse:
    """Return the month-to-date estimate."""
    lines = scenario.make_lines(account, month, until)
    return BillingEstimateResponse(
        customer_id=scenario.customer_id_of(account),
        invoice_id=scenario.estimate_id_of(account, month),
        start_time=format_instant(month.start),
        end_time=format_last_day(month),
        vendor_state="up",
        status=BillingStatus(status="MTD", sent_at=None),
        total=_make_totals(account, lines),
        regions={} if sdk.needs_text_ids else _make_regions(lines),
        line_items=[_make_estimate_line_item(line) for line in lines] if account.account_type != NO_LINES else [],
    )


def _make_totals(account: TwinAccount, lines: Sequence[ScenarioLine]) -> BillingTotal:
    traffic_lines = [line for line in lines if line.is_traffic]
    bandwidth_lines = [line for line in traffic_lines if line.usage == "Bandwidth"]
    request_lines = [line for line in traffic_lines if line.usage == "Requests"]
    shortfall, discount_amount = _sum_named_lines(lines, "Commit Shortfall"), -_sum_named_lines(lines, "Discount 5%")
    extras = _make_extras(
        [line for line in lines if not line.is_traffic and line.name not in {"Commit Shortfall", "Discount 5%"}]
    )
    incurred_cost = sum_amounts(traffic_lines)
    extras_cost = sum_amounts(lines) - incurred_cost - shortfall + discount_amount
    return BillingTotal(
        bandwidth=_sum_units(bandwidth_lines),
        bandwidth_cost=sum_amounts(bandwidth_lines),
        bandwidth_units="GB",
        cost=sum_amounts(lines),
        cost_before_discount=incurred_cost + extras_cost,
        discount=Decimal("0.05") if discount_amount else ZERO,  # GUESS: a rate of discount is a fraction
        discount_amount=discount_amount,
        extras=extras,
        extras_cost=extras_cost,
        incurred_cost=incurred_cost,
        overage=max(incurred_cost - scenario.compute_minimum(account), ZERO),
        plan_code=PLAN_CODE,
        plan_minimum=scenario.compute_minimum(account),
        plan_name=PLAN_NAME,
        requests=_sum_units(request_lines, COUNTS_PER_UNIT["Requests"]),
        requests_cost=sum_amounts(request_lines),
        terms=TERMS,
        commit_shortfall=shortfall,
        percentile=ZERO,
        percentile_cost=ZERO,
    )


def _sum_units(lines: Sequence[ScenarioLine], counts_per_unit: int = 1) -> Decimal:
    """Add up units; those of so many counted things come out as a whole number."""
    units = exact_sum([line.units for line in lines])
    return units if counts_per_unit == 1 else scenario.round_amount(units * counts_per_unit, Decimal(1))


def _sum_named_lines(lines: Sequence[ScenarioLine], name: str) -> Decimal:
    return sum_amounts(line for line in lines if line.name == name)


def _make_extras(lines: Sequence[ScenarioLine]) -> list[BillingTotalExtras]:
    """Return what is beside traffic, by name."""
    # GUESS: usage that is not delivery, and tax, are extras.
    names = dict.fromkeys(line.name for line in lines)
    extras = []
    for name in names:
        named_lines = [line for line in lines if line.name == name]
        setup = sum_amounts(line for line in named_lines if line.description.endswith("(setup)"))
        recurring = sum_amounts(named_lines) - setup
        extras.append(BillingTotalExtras(name=name, recurring=recurring or UNSET, setup=setup or UNSET))
    return extras


def _make_regions(lines: Sequence[ScenarioLine]) -> dict[str, BillingRegions]:
    regions = {}
    for region_name, region_key in REGION_KEYS.items():
        region_lines = [line for line in lines if line.region == region_name and line.is_traffic]
        if region_lines:
            regions[region_key] = BillingRegions(
                cost=sum_amounts(region_lines),
                bandwidth=_make_bandwidth(region_lines, "Bandwidth", 1),
                requests=_make_bandwidth(region_lines, "Requests", 10_000),
            )
    return regions


def _make_bandwidth(lines: Sequence[ScenarioLine], usage: str, counts_per_unit: int) -> BillingBandwidth:
    usage_lines = [line for line in lines if line.usage == usage]
    tiers = [
        BillingBandwidthTiers(
            name=line.tier_name, units=line.units, price=line.rate, discounted_price=line.rate, total=line.amount
        )
        for line in usage_lines
    ]
    return BillingBandwidth(total=_sum_units(usage_lines, counts_per_unit), tiers=tiers)


def _make_line_items(
    lines: Sequence[ScenarioLine], invoice_id: str, timestamp: str, sdk: FastlySdk
) -> list[BillingResponseLineItem]:
    description_counts: Counter[str] = Counter()
    line_items = []
    for line_number, line in enumerate(lines, 1):
        description_counts[line.description] += 1
        key_text = f"{invoice_id}/{line.description}/{description_counts[line.description]}"
        line_id = hashlib.sha256(key_text.encode()).hexdigest()[:22]
        line_items.append(_make_line_item(line, line_number, line_id, invoice_id, timestamp, sdk))
    return line_items


def _make_line_item(
    line: ScenarioLine, line_number: int, line_id: str, invoice_id: str, timestamp: str, sdk: FastlySdk
) -> BillingResponseLineItem:
    is_usage = line.category == "Usage"
    service_number = Decimal(SERVICE_NUMBERS.get(line.name, 0))
    return BillingResponseLineItem(
        id=line_id,
        aria_invoice_id=UNSET if sdk.needs_text_ids else invoice_id,
        line_number=line_number,
        description=line.description,
        service_no=1000 + service_number,
        service_name=line.name,
        units=line.units,
        rate_per_unit=None if sdk.accepts_nulls and line.category == "Adjustment" else line.rate,
        amount=line.amount,
        rate_schedule_no=service_number if is_usage else None,
        rate_schedule_tier_no=Decimal(line.tier_number) if is_usage else None,
        usage_type_no=5000 + service_number if is_usage else None,
        usage_type_cd=line.name if is_usage else None,
        plan_no=Decimal(PLAN_NO),
        plan_name=line.product_line,
        client_service_id=_make_client_id(line.name),
        credit_coupon_code=line.coupon or None,
        created_at=timestamp,
        updated_at=timestamp,
        deleted_at=None,
    )


def _make_estimate_line_item(line: ScenarioLine) -> BillingEstimateLinesLineItems:
    return BillingEstimateLinesLineItems(
        plan_no=Decimal(PLAN_NO),
        description=line.description,
        units=line.units,
        per_unit_cost=line.rate,
        service_no=1000 + Decimal(SERVICE_NUMBERS.get(line.name, 0)),
        service_type=line.frequency,  # GUESS: the words of service_type
        amount=line.amount,
        client_service_id=_make_client_id(line.name),
        client_plan_id=PLAN_CODE,
    )


def _make_client_id(name: str) -> str:
    return re.sub(r"\W+", "_", name.lower()).strip("_")
