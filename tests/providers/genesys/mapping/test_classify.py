"""What a line of Genesys Cloud is, by its text."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from billfold.model.money import exact_sum
from tests.providers.genesys.kit import make_bill, make_line
from tests.providers.kit import list_rows


@pytest.mark.parametrize(
    ("fields", "category", "frequency"),
    [
        ({"description": "Genesys Cloud CX 1 - Prepay"}, "Purchase", "Recurring"),
        ({"description": "Genesys Cloud CX 1 - overage"}, "Usage", "Usage-Based"),
        ({"description": "AI tokens top-up"}, "Purchase", "One-Time"),
        ({"description": "Sales tax"}, "Tax", "One-Time"),
        ({"description": "Anything else"}, "Usage", "Usage-Based"),
        ({"amount": Decimal(-1), "description": "Loyalty discount", "product": {}}, "Adjustment", "One-Time"),
    ],
)
def test_line_category_follows_its_text(fields: dict[str, Any], category: str, frequency: str) -> None:
    """A line is classified by its text; only usage and purchases are priced."""
    items = [make_line(1, "5.00"), make_line(2, "7.00") | fields]
    total = exact_sum(item["amount"] for item in items)
    row = list_rows(make_bill(str(total), *items))[1]
    assert (row.ChargeCategory, row.ChargeFrequency) == (category, frequency)
    is_priced = category in {"Usage", "Purchase"}
    for column in ("SkuId", "SkuPriceId", "ListUnitPrice", "PricingQuantity", "PricingUnit", "PricingCategory"):
        assert (getattr(row, column) is not None) == is_priced
    assert (row.ConsumedQuantity is not None) == (category == "Usage")
    assert json.loads(row.x_Details or "{}")["CategoryRule"]
