"""A line of a Fastly bill: its category, its unit and its price."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from billfold.model.focus import CostAndUsage
from tests.providers.fastly.kit import V3_REQUEST, make_invoice, read_bills, read_sample, sum_costs
from tests.providers.kit import list_rows


def test_inexact_rate_stands_beside_price() -> None:
    """A rate that does not give the amount is recorded beside the price that does."""
    (bill,) = read_bills(V3_REQUEST, read_sample("synthetic/v3_invoice.json"))
    exact_row, rounded_row = list_rows(bill)[:2]
    assert (exact_row.ListUnitPrice, exact_row.x_UnitPrice) == (Decimal("0.12"), Decimal("0.12"))
    assert (rounded_row.x_UnitPrice, rounded_row.x_PriceBasis) == (Decimal("0.08"), "tiered")
    assert rounded_row.BilledCost == Decimal("187.65")
    assert rounded_row.ListUnitPrice is not None
    assert rounded_row.PricingQuantity is not None
    assert abs(rounded_row.ListUnitPrice * rounded_row.PricingQuantity - Decimal("187.65")) < Decimal("1E-12")


def test_equal_lines_are_two_charges() -> None:
    """Equal lines are two charges with two ids."""
    line = read_sample("synthetic/v3_invoice.json")["transaction_line_items"][0]
    (bill,) = read_bills(V3_REQUEST, make_invoice(transaction_line_items=[line, line], monthly_transaction_amount=2400))
    assert sum_costs(bill) == 2400
    assert len({row.InvoiceDetailId for row in list_rows(bill)}) == 2


@pytest.mark.parametrize(
    ("line", "category"),
    [
        ({"description": "Sales Tax", "amount": 3, "usage_type": ""}, "Tax"),
        ({"description": "VAT", "amount": -3, "usage_type": ""}, "Tax"),
        ({"description": "Bandwidth", "amount": -3, "usage_type": "Bandwidth"}, "Credit"),
        ({"description": "Promotion", "amount": 3, "credit_coupon_code": "X", "usage_type": "Bandwidth"}, "Credit"),
        ({"description": "Commit Shortfall", "amount": 3, "usage_type": "Minimum"}, "Purchase"),
        ({"description": "Vatican Bandwidth", "amount": 3, "usage_type": "Bandwidth"}, "Usage"),
        ({"description": "TLS", "amount": 3, "usage_type": ""}, "Purchase"),
    ],
)
def test_first_matching_rule_sets_category(line: dict[str, Any], category: str) -> None:
    """The first rule that fits decides the category."""
    (bill,) = read_bills(
        V3_REQUEST, make_invoice(transaction_line_items=[line], monthly_transaction_amount=line["amount"])
    )
    (row,) = list_rows(bill)
    assert row.ChargeCategory == category
    price_columns = (row.SkuId, row.SkuPriceId, row.PricingQuantity, row.ListUnitPrice, row.ContractedUnitPrice)
    assert all((value is not None) == (category in {"Usage", "Purchase"}) for value in price_columns)


def test_shortfall_is_the_same_price_every_month() -> None:
    """The name of what is missing to the minimum has no amount in it."""
    line = read_sample("synthetic/v3_invoice.json")["transaction_line_items"][5]
    for amount in (41, 2174):
        fields = {"transaction_line_items": [line | {"amount": amount, "rate": amount}]}
        (row,) = list_rows(read_bills(V3_REQUEST, make_invoice(**fields, monthly_transaction_amount=amount))[0])
        assert row.SkuPriceId == "network-services/full-site-delivery/commit-shortfall@global"


def book_requests(**fields: Any) -> CostAndUsage:
    """Book the sample's line of North American requests alone, with these fields."""
    line = {**read_sample("synthetic/v3_invoice.json")["transaction_line_items"][2], **fields}
    (bill,) = read_bills(
        V3_REQUEST, make_invoice(transaction_line_items=[line], monthly_transaction_amount=line["amount"])
    )
    (row,) = list_rows(bill)
    return row


def test_single_requests_are_priced_singly() -> None:
    """Requests that are counted singly are priced singly."""
    row = book_requests(units=1045123456)
    assert (row.PricingQuantity, row.PricingUnit, row.ConsumedUnit) == (Decimal(1045123456), "Requests", "Requests")
    assert row.x_UnitPrice == Decimal("0.00000075")
    exact_row = book_requests(units=1_000_000, amount=Decimal("0.75"))
    assert exact_row.ListUnitPrice == exact_row.x_UnitPrice == Decimal("0.00000075")
    assert (exact_row.SkuPriceId or "").endswith("@north-america")
    detail_ids = {book_requests(units=units).InvoiceDetailId for units in (1045123456, Decimal("104512.3456"))}
    assert len(detail_ids) == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"units": 1, "amount": Decimal("0.01")},
        {"units": 0, "amount": 0},
        {"rate": 0, "amount": 0},
        {"rate": None},
        {"amount": Decimal("700.00")},
        {"units": 1045123456, "amount": Decimal("700.00")},
    ],
)
def test_requests_default_to_units_of_10_000(fields: dict[str, Any]) -> None:
    """Requests are in units of 10,000 where nothing speaks for single requests."""
    assert book_requests(**fields).PricingUnit == "10000 Requests"


@pytest.mark.parametrize(
    ("group", "unit"),
    [
        ("Full Site Delivery", "10000 Requests"),
        ("Full-Site Delivery", "10000 Requests"),
        ("Image Optimizer", "Request Units"),
        ("Media Shield", "Request Units"),
        ("Compute", "Request Units"),
    ],
)
def test_only_delivery_is_priced_by_10_000(group: str, unit: str) -> None:
    """Only the requests of delivery are priced by 10,000."""
    assert book_requests(product_group=group).PricingUnit == unit
