"""The kit of all mappings: the bounds of numbers, ids made of names, and rows of residuals."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billfold.model.focus import CostAndUsage
from billfold.model.period import Month
from billfold.model.pricing import choose_price
from billfold.providers.mapping import (
    Sku,
    build_price_columns,
    build_residual_row,
    describe_unfit,
    is_in_bounds,
    make_price_id,
    make_slug,
)


@pytest.mark.parametrize(
    ("number", "flaw"),
    [
        ("99999999999999.99", ""),
        ("-1E-24", ""),
        ("0", ""),
        ("1E+14", "out of all bounds"),
        ("-1E-25", "out of all bounds"),
        ("Infinity", "no number: Infinity"),
        ("NaN", "no number: NaN"),
    ],
)
def test_number_out_of_bounds_is_refused(number: str, flaw: str) -> None:
    """A number of fifteen digits before its point, a tiny one and none at all are refused, and it is said which it is."""
    assert is_in_bounds(Decimal(number)) == (not flaw)
    assert not flaw or describe_unfit(Decimal(number)) == flaw


def test_slug_joins_names() -> None:
    """Names become one identifier, whatever stands between their words."""
    assert make_slug("Network Services", "Full-Site  Delivery (US)") == "network-services/full-site-delivery-us"
    assert make_slug("") == ""


def test_price_id_names_where_a_price_counts() -> None:
    """A price is its SKU, and where and how it counts, as far as these are known; no amount is in it."""
    assert make_price_id("sku/8-gb", "North America", "First 10TB") == "sku/8-gb@north-america/first-10tb"
    assert make_price_id("sku/8-gb", "", "Hours") == "sku/8-gb@hours"
    assert make_price_id("sku/8-gb") == "sku/8-gb"


def test_purchase_consumes_nothing() -> None:
    """A purchase has the SKU, the prices and the quantity that a usage has, and no quantity that is consumed."""
    sku, price = Sku("sku", "meter", "sku@hours", "Hours"), choose_price(Decimal(6), Decimal(3), Decimal(2))
    usage, purchase = build_price_columns(sku, price, Decimal(3)), build_price_columns(sku, price, None)
    assert {name for name in usage if usage[name] != purchase[name]} == {"ConsumedQuantity", "ConsumedUnit"}
    assert (usage["ConsumedQuantity"], usage["ConsumedUnit"]) == (3, "Hours")
    assert (purchase["ConsumedQuantity"], purchase["ConsumedUnit"]) == (None, None)
    assert {name for name in purchase if purchase[name] == 2} == {
        f"{currency}{kind}UnitPrice" for currency in ("", "PricingCurrency") for kind in ("Contracted", "List")
    } | {"x_UnitPrice"}


def test_residual_is_flagged_and_costs_its_amount() -> None:
    """The row of a residual is flagged, says which total it fits, and carries its amount in every column of costs."""
    month, residual = Month(2026, 10), Decimal("-0.01")
    common = CostAndUsage(
        InvoiceId="i", BillingPeriodStart=month.start, BillingPeriodEnd=month.end, ServiceProviderName="V"
    )
    row = build_residual_row(common, residual, "the total", "d-1", "$.total")
    assert {name for name, value in row._asdict().items() if value == residual} == {
        "BilledCost", "ContractedCost", "EffectiveCost", "ListCost", "PricingCurrencyEffectiveCost",
    }  # fmt: skip
    assert (row.InvoiceId, row.ChargeCategory, row.x_Synthetic) == ("i", "Adjustment", True)
    assert row.ChargeDescription == "Rounding: the total less the sum of its lines"
    assert (row.ChargePeriodStart, row.ServiceName, row.ServiceCategory) == (month.start, "V", "Other")


def test_residual_keeps_service_and_period_of_bill() -> None:
    """Where all charges of a bill have one period and one service, the row of its residual has them too."""
    september, october = Month(2026, 9), Month(2026, 10)
    common = CostAndUsage(
        BillingPeriodStart=october.start,
        ChargePeriodStart=september.start,
        ServiceCategory="Databases",
        ServiceName="S",
    )
    row = build_residual_row(common, Decimal(1), "the total", None, "$")
    assert (row.ChargePeriodStart, row.ServiceCategory, row.ServiceName) == (september.start, "Databases", "S")


def test_residual_tax_is_for_taxes() -> None:
    """A tax that is in the total only has the service of all taxes."""
    row = build_residual_row(CostAndUsage(ServiceName="S"), Decimal(1), "the total", None, "$", category="Tax")
    assert (row.ServiceCategory, row.ServiceName) == ("Other", "Taxes")
    assert (row.ChargeCategory, row.ChargeDescription) == ("Tax", "Tax: the total less the sum of its lines")
