"""Measured usage is priced by the last invoices: only what closed months prove, by the steps of its price list."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from billfold.ledger.usage_basis import BilledUsage, RegionUsage
from billfold.model.period import Month
from billfold.report.usage_pricing import OpenUsage, price_usage

MONTH = Month(2026, 6)
MAY, APRIL = MONTH.add_months(-1), MONTH.add_months(-2)
MONTHS_BY_BILL = {1: APRIL, 2: MAY}
HALF = MONTH.start + timedelta(days=15)


def measure(month: Month, quantity: str, **fields: Any) -> RegionUsage:
    end = HALF if month == MONTH else month.end
    return RegionUsage("acme", "me", month.start, end, "gb", "Asia", Decimal(quantity))._replace(**fields)


def bill(number: int, quantity: str, price: str = "2", **fields: Any) -> BilledUsage:
    line = BilledUsage(number, "Delivery", "net/gb", "gb", "Asia", "GB", Decimal(price), Decimal(quantity), 0)
    return line._replace(**fields)


def price(measured: list[RegionUsage], billed: list[BilledUsage]) -> OpenUsage | None:
    return price_usage(MONTH, measured, billed, MONTHS_BY_BILL)


def sum_whole(usage: OpenUsage | None) -> list[float]:
    """Return what is used so far and what the rest adds."""
    assert usage is not None
    return [float(sum(amounts.values())) for amounts in (usage.price_so_far(), usage.price_rest())]


def test_usage_is_at_the_last_price_and_goes_on() -> None:
    usage = price([measure(MAY, "100"), measure(MONTH, "60")], [bill(1, "90"), bill(2, "100", "3")])
    assert sum_whole(usage) == [180, 180]
    assert usage
    assert (usage.services, usage.priced_by, usage.reach.days) == ({"Delivery"}, MAY, 15)


def test_a_price_list_goes_on_by_its_steps() -> None:
    """May reached the first step only; of April's list its second price is known."""
    steps = [bill(1, "80"), bill(1, "40", "1", position=1)]
    measured = [measure(APRIL, "120"), measure(MAY, "70"), measure(MONTH, "60")]
    assert sum_whole(price(measured, [*steps, bill(2, "70")])) == [120, 80]
    assert sum_whole(price(measured, [*steps, bill(2, "70", "5")])) == [300, 300]


@pytest.mark.parametrize(("invoiced", "amount"), [("0.01", 0.012), ("100", 120.0), ("1000.4", 1200.0), ("99", None)])
def test_units_may_differ_by_a_power_of_ten(invoiced: str, amount: float | None) -> None:
    usage = price([measure(MAY, "100"), measure(MONTH, "60")], [bill(2, invoiced)])
    assert (usage and sum_whole(usage)[0]) == amount


def test_what_is_not_proven_is_not_priced() -> None:
    running = measure(MONTH, "60")
    assert price([running], [bill(2, "100")]) is None
    assert price([measure(MAY, "100")], [bill(2, "100")]) is None
    assert price([measure(MAY, "100", end=MAY.end - timedelta(days=1)), running], [bill(2, "100")]) is None
    assert price([measure(APRIL, "10"), measure(MAY, "100"), running], [bill(1, "100"), bill(2, "100")]) is None
    proven = [measure(MAY, "100"), running]
    assert price(proven, [bill(2, "100"), bill(2, "7", sku="other", sku_id="net/other")]) is None
    assert price(proven, [bill(2, "100"), bill(1, "100", sku_id="other/gb")]) is None
    assert price(proven, [bill(2, "100")._replace(price=None)]) is None
    assert price(proven, []) is None


def test_other_services_stay_as_they_are() -> None:
    """What is not measured any more was not used; what no invoice had has no price."""
    measured = [measure(MAY, "100"), measure(MAY, "0", region=""), measure(MONTH, "5", sku="new")]
    usage = price(measured, [bill(2, "100"), bill(2, "9", sku="x", sku_id="x", service="Images")])
    assert usage
    assert usage.services == {"Delivery"}
    assert sum_whole(usage) == [0, 0]
