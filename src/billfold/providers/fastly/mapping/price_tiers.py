"""The price steps in the regions of a v2 bill: which one a line was priced by, and what it costs before a discount."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

from billfold.providers.fastly.mapping.lines import Item, read_number
from billfold.providers.fastly.mapping.services import REGIONS_BY_KEY, find_product_group, is_delivery
from billfold.providers.fastly.records_v2 import BillingBandwidthTiers, BillingRegions
from billfold.wire.codec import Record, get_or

MEASURES = {"percentile": "Percentile Bandwidth", "bandwidth": "Bandwidth", "requests": "Requests"}
"""The kinds of traffic in a region; a line of bandwidth billed at its percentile has both words."""
_TIER_PATTERN = re.compile(r"\(((?:first|next|over|above|up to|tier)\b[^()]*|recurring|setup)\)", re.IGNORECASE)
"""What a description says of the step of a price list, or of which of a product's two fees a line is."""
RegionsByKey = Mapping[str, BillingRegions]


def name_tiers(items: Sequence[Item]) -> list[Item]:
    """Return a bill's items with their steps: by number or words where the vendor says them, else by their order.

    The first step has no name where the vendor gives none: in most months it is the only one.
    """
    rates_by_product: dict[tuple[str, str | None, str], list[Decimal | None]] = {}
    return [item._replace(tier=_find_tier(item, rates_by_product)) for item in items]


def _find_tier(item: Item, rates_by_product: dict[tuple[str, str | None, str], list[Decimal | None]]) -> str:
    if match := _TIER_PATTERN.search(item.description):
        return match[1]
    rates = rates_by_product.setdefault((item.sku, item.region, item.usage), [])
    if item.usage and item.rate not in rates:
        rates.append(item.rate)  # GUESS: steps that have no name are listed in the order of the price list
    place = rates.index(item.rate) + 1 if item.usage else 1
    return item.tier or (f"tier {place}" if place > 1 else "")


def get_price_tiers(region: BillingRegions, measure: str) -> list[BillingBandwidthTiers]:
    """Return the price steps of one kind of traffic in a region."""
    traffic = getattr(region, measure)
    return get_or(traffic.tiers, []) if isinstance(traffic, Record) else []  # type: ignore[attr-defined]


def find_price_tier(
    regions: RegionsByKey, region: str | None, usage_type: str, units: Decimal | None, rate: Decimal | None
) -> BillingBandwidthTiers | None:
    """Find the step of a line: in its region, of its kind, with its quantity; its rate decides only between several."""
    measure = next((measure for measure in MEASURES if measure in usage_type.lower()), None)
    if measure is None or region is None or units is None or not is_delivery(find_product_group(usage_type)):
        return None
    region_records = [region_record for key, region_record in regions.items() if REGIONS_BY_KEY.get(key) == region]
    tiers = [
        tier
        for region_record in region_records
        for tier in get_price_tiers(region_record, measure)
        if read_number(tier.units) == units
    ]
    if len(tiers) > 1 and rate is not None:
        tiers = [tier for tier in tiers if read_number(tier.discounted_price) == rate]
    return (
        tiers[0]
        if len({(read_number(tier.price), read_number(tier.discounted_price)) for tier in tiers}) == 1
        else None
    )
