"""The price steps in the regions of a v2 bill: which one a line was priced by, and what it costs before a discount."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from billfold.providers.fastly.mapping.lines import read_number
from billfold.providers.fastly.mapping.services import REGIONS_BY_KEY, find_product_group, is_delivery
from billfold.providers.fastly.records_v2 import BillingBandwidthTiers, BillingRegions
from billfold.wire.codec import Record, get_or

MEASURES = {"percentile": "Percentile Bandwidth", "bandwidth": "Bandwidth", "requests": "Requests"}
"""The kinds of traffic in a region; a line of bandwidth billed at its percentile has both words."""
RegionsByKey = Mapping[str, BillingRegions]


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
