"""The price steps in the regions of a v2 bill: which one a line was priced by, and what it costs before a discount."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from billfold.providers.fastly.mapping.lines import number
from billfold.providers.fastly.mapping.services import KEYS, family, is_delivery
from billfold.providers.fastly.records import BillingBandwidthTiers, BillingRegions
from billfold.wire.codec import Record, given

MEASURES = {"percentile": "Percentile Bandwidth", "bandwidth": "Bandwidth", "requests": "Requests"}
"""The kinds of traffic in a region; a line of bandwidth billed at its percentile has both words."""
Regions = Mapping[str, BillingRegions]


def steps(region: BillingRegions, kind: str) -> list[BillingBandwidthTiers]:
    """Return the price steps of one kind of traffic in a region."""
    traffic = getattr(region, kind)
    return given(traffic.tiers, []) if isinstance(traffic, Record) else []  # type: ignore[attr-defined]


def matching(
    regions: Regions, region: str | None, usage: str, units: Decimal | None, rate: Decimal | None
) -> BillingBandwidthTiers | None:
    """Find the step of a line: in its region, of its kind, with its quantity; its rate decides only between several."""
    kind = next((kind for kind in MEASURES if kind in usage.lower()), None)
    if kind is None or region is None or units is None or not is_delivery(family(usage)):
        return None
    mine = [one for key, one in regions.items() if KEYS.get(key) == region]
    found = [step for one in mine for step in steps(one, kind) if number(step.units) == units]
    if len(found) > 1 and rate is not None:
        found = [step for step in found if number(step.discounted_price) == rate]
    return found[0] if len({(number(step.price), number(step.discounted_price)) for step in found}) == 1 else None
