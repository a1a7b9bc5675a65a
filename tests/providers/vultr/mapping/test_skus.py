"""The category and the service of a Vultr line."""

from __future__ import annotations

import pytest

from billfold.providers.vultr.mapping import skus


@pytest.mark.parametrize(
    ("product", "unit_type", "text", "negative", "category"),
    [
        ("Vultr Cloud Compute", "hours", "1.1.1.1 (1024 MB) [vat-checker]", False, "Usage"),
        ("Vultr Cloud Compute", "hours", "1.1.1.1 (1024 MB) [refund]", True, "Credit"),
        ("Bandwidth", "overage", "Bandwidth overage (ewr)", False, "Usage"),
        ("Tax", "tax", "Sales Tax (10%)", False, "Tax"),
        ("", "", "VAT 19%", False, "Tax"),
        ("Fee", "", "Fee (VAT 19%)", False, "Tax"),
        ("State Taxes", "", "", False, "Tax"),
        ("Load Balancer", "", "Load Balancer (vat)", False, "Usage"),
        ("Discount", "discount", "Discount (promo LAUNCH25)", True, "Credit"),
        ("Discount", "discount", "Discount [promo]", True, "Adjustment"),
        ("Taxonomy Service", "hours", "x", False, "Usage"),
        ("Discount", "discount", "Negotiated discount 10%", True, "Adjustment"),
        ("Discount", "discount", "Promo credit (LAUNCH25)", True, "Credit"),
        ("Snapshot", "gb", "Snapshot (tax-2025)", False, "Usage"),
    ],
)
def test_category_ignores_customer_labels(
    product: str, unit_type: str, text: str, negative: bool, category: str
) -> None:
    """The category of a line does not depend on a customer's labels."""
    assert skus.find_category(product, unit_type, skus.read_headline(product, text), negative=negative) == category


def test_serverless_products_are_no_servers() -> None:
    """Serverless products are not servers."""
    assert skus.find_service("Serverless Inference") is skus.OTHER_SERVICE
    assert skus.find_service("Cloud Server").subcategory == "Virtual Machines"
