"""What takes something off has one category at every vendor: a discount is an Adjustment, a gift or a voucher a Credit."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from billfold.providers.provider import provider_names
from tests.providers.cockroach import kit as cockroach
from tests.providers.fastly import kit as fastly
from tests.providers.genesys import kit as genesys
from tests.providers.kit import list_rows
from tests.providers.vultr import kit as vultr


def read_vultr_category(text: str) -> str | None:
    """Return the category of a Vultr line that takes something off."""
    item = vultr.make_item(product="Discount", description=text, unit_type="discount", total=Decimal("-2.35"))
    return vultr.read_bill(item, amount=Decimal("-2.35"))[1][0].ChargeCategory


def read_fastly_category(text: str) -> str | None:
    """Return the category of a Fastly line that takes something off."""
    line = {"description": text, "amount": -3, "usage_type": "", "credit_coupon_code": "SAVE5"}
    invoice = fastly.make_invoice(transaction_line_items=[line], monthly_transaction_amount=-3)
    return list_rows(fastly.read_bills(fastly.V3_REQUEST, invoice)[0])[0].ChargeCategory


def read_cockroach_category(text: str) -> str | None:
    """Return the category of an adjustment of CockroachDB Cloud that takes something off."""
    adjustments = [{"name": text, "amount": cockroach.make_amount(-2)}]
    return cockroach.read_rows(adjustments=adjustments, totals=[cockroach.make_amount(-2)])[0].ChargeCategory


def read_genesys_category(text: str) -> str | None:
    """Return the category of a line of Genesys Cloud that takes something off."""
    seats, reduction = genesys.make_line(1, "10.00"), genesys.make_line(2, "-5.00", description=text)
    return list_rows(genesys.make_bill("5.00", seats, reduction))[1].ChargeCategory


READ_CATEGORY: dict[str, Callable[[str], str | None]] = {
    "vultr": read_vultr_category,
    "fastly": read_fastly_category,
    "cockroach": read_cockroach_category,
    "genesys": read_genesys_category,
}


def test_every_vendor_is_held_to_the_kinds() -> None:
    """The test below runs a line through the mapping of every vendor."""
    assert READ_CATEGORY.keys() == set(provider_names())


@pytest.mark.parametrize("read_category", READ_CATEGORY.values(), ids=READ_CATEGORY)
@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("Negotiated discount 10%", "Adjustment"),
        ("Partner loyalty discount", "Adjustment"),
        ("Volume rebate", "Adjustment"),
        ("Promo credit (LAUNCH25)", "Credit"),
        ("Promotional discount", "Credit"),
        ("Gift card", "Credit"),
    ],
)
def test_kind_of_reduction_has_one_category(
    text: str, category: str, read_category: Callable[[str], str | None]
) -> None:
    """One kind of reduction has one category, whoever bills it."""
    assert read_category(text) == category
