"""The price tiers of a v2 bill, and the list prices that its lines take from them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from billfold.model.focus import CostAndUsage
from tests.providers.fastly.kit import V2_REQUEST, make_v2_invoice, read_bills
from tests.providers.kit import list_rows


def book_tiered_line(
    tier: dict[str, Any], *, measure: str = "bandwidth", key: str = "usa", **line: Any
) -> CostAndUsage:
    """Book the first line of the v2 sample with these fields, beside a region's only price tier."""
    body = make_v2_invoice()
    body["line_items"][0] |= line
    body["regions"] = {key: {measure: {"tiers": [tier]}}}
    return list_rows(read_bills(V2_REQUEST, body)[0])[0]


def test_list_price_comes_from_tier() -> None:
    """The list price of a v2 line is in a tier of its region."""
    body = make_v2_invoice()
    body["regions"]["usa"]["bandwidth"]["tiers"][0] |= {"price": Decimal("0.15")}
    row = list_rows(read_bills(V2_REQUEST, body)[0])[0]
    assert (row.ListUnitPrice, row.ListCost) == (Decimal("0.15"), Decimal(1500))
    assert (row.ContractedUnitPrice, row.BilledCost) == (Decimal("0.12"), Decimal(1200))


def test_list_price_ignores_rate() -> None:
    """A v2 list price is that of the region, the measure and the units, whatever the rate."""
    tier = {"units": 10000, "price": Decimal("0.15"), "discounted_price": Decimal("0.13")}
    row = book_tiered_line(tier)
    assert (row.ListUnitPrice, row.ContractedUnitPrice) == (Decimal("0.15"), Decimal("0.12"))
    for fields in ({"units": 9999}, {"usage_type_cd": "Europe Bandwidth"}, {"usage_type_cd": "North America Requests"}):
        assert book_tiered_line(tier, **fields).ListCost == book_tiered_line(tier, **fields).BilledCost
    image_fields = {"usage_type_cd": "North America Image Optimizer Requests"}
    assert book_tiered_line(tier, measure="requests", **image_fields).ListCost == 1200


def test_rate_decides_between_equal_tiers() -> None:
    """Between several v2 tiers of the same size the rate decides."""
    body = make_v2_invoice()
    tiers = body["regions"]["usa"]["bandwidth"]["tiers"]
    tiers[0] |= {"price": Decimal("0.15")}
    tiers[1] |= {"units": 10000, "price": Decimal("0.10")}
    assert list_rows(read_bills(V2_REQUEST, body)[0])[0].ListUnitPrice == Decimal("0.15")
    body["line_items"][0]["rate_per_unit"] = None
    assert list_rows(read_bills(V2_REQUEST, body)[0])[0].ListCost == 1200


def test_line_without_rate_takes_tier_rate() -> None:
    """A v2 line without a rate takes the rate of its tier."""
    row = book_tiered_line(
        {"units": 10000, "price": Decimal("0.15"), "discounted_price": Decimal("0.12")}, rate_per_unit=None
    )
    assert (row.ContractedUnitPrice, row.x_UnitPrice, row.ListCost) == (Decimal("0.12"), Decimal("0.12"), Decimal(1500))


def test_percentile_bandwidth_has_own_tiers() -> None:
    """Percentile bandwidth has its own tiers and is delivery."""
    fields = {
        "service_name": "North America Percentile Bandwidth",
        "usage_type_cd": "North America Percentile Bandwidth",
    }
    tier = {"units": 10000, "price": Decimal("0.15"), "discounted_price": Decimal("0.12")}
    row = book_tiered_line(tier, measure="percentile", **fields)
    assert (row.ListUnitPrice, row.ServiceName, row.PricingUnit) == (Decimal("0.15"), "Full Site Delivery", "GB")
    assert book_tiered_line(tier, **fields).ListCost == 1200


@pytest.mark.parametrize("key", ["mexico", "saudi_arabia", "atlantis"])
def test_line_without_region_has_no_tier(key: str) -> None:
    """A line without a region never takes the list price of a region."""
    tier = {"units": 10000, "price": 9, "discounted_price": Decimal("0.12")}
    assert book_tiered_line(tier, key=key, service_name="Bandwidth", usage_type_cd="Bandwidth").ListCost == 1200


@pytest.mark.parametrize(("key", "name"), [("mexico", "Mexico"), ("saudi_arabia", "Saudi Arabia")])
def test_key_only_regions_have_names(key: str, name: str) -> None:
    """The regions that are documented only as keys have names."""
    tier = {"units": 10000, "price": 9, "discounted_price": Decimal("0.12")}
    row = book_tiered_line(tier, key=key, service_name=f"{name} Bandwidth", usage_type_cd=f"{name} Bandwidth")
    assert (row.RegionName, row.ServiceName, row.ListUnitPrice) == (name, "Full Site Delivery", Decimal(9))
