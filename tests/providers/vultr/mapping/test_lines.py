"""A Vultr line as a charge: its price, its period, and why it is left out."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.findings import list_wrong
from tests.providers.vultr.kit import make_item, read_bill


def test_tax_has_no_resource() -> None:
    """A tax has no resource."""
    _, (row,) = read_bill(make_item(product="Fee", description="Fee (VAT 19%)", unit_type="", total=Decimal("2.35")))
    assert (row.ChargeCategory, row.ResourceId, row.ResourceType) == ("Tax", None, None)


def test_rate_is_cut_to_ledger_decimals() -> None:
    """A rate with more decimals than the ledger has is cut, and nothing else is."""
    _, (row,) = read_bill(make_item(unit_price=Decimal("0.0074404761904761904762")))
    assert row.x_UnitPrice == Decimal("0.007440476190476190")
    assert row.BilledCost == Decimal("2.35")


@pytest.mark.parametrize(
    ("units", "rate", "total", "basis"),
    [
        ("744", "0.0149", "10", "capped"),
        ("720", "0.0149", "10", "capped"),
        ("744", "0.0589", "43", "capped"),
        ("720", "0.0589", "42.42", "rate"),
        ("672", "0.0149", "10", "rate"),
        ("744", "0.0012", "0.8", "capped"),
        ("720", "0.0012", "0.86", "rate"),
    ],
)
def test_capped_month_says_so(units: str, rate: str, total: str, basis: str) -> None:
    """A month that costs less than its hours is capped; what rounding can take off is no cap."""
    fields = {"units": Decimal(units), "unit_price": Decimal(rate), "total": Decimal(total)}
    _, (row,) = read_bill(make_item(**fields), amount=Decimal(total))
    assert (row.x_UnitPrice, row.x_PriceBasis) == (Decimal(rate), basis)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"total": ...}, "line 2 has no total"),
        ({"total": None}, "line 2 has no total"),
        ({"start_date": "soon"}, "line 2 cannot be dated: 'soon' is no time"),
        ({"end_date": None}, "line 2 says no time of its usage"),
        ({"total": Decimal("1E+30")}, "out of all bounds"),
        ({"unit_price": Decimal("1E-400")}, "out of all bounds"),
    ],
)
def test_bad_line_parks_invoice(changes: dict[str, Any], reason: str) -> None:
    """A bad line parks its invoice and is left out."""
    bill, rows = read_bill(make_item(), make_item(**changes))
    assert reason in "; ".join(list_wrong(bill.findings))
    assert len(rows) == 1
    assert bill.line_count == 2


def test_bare_lines_are_charges() -> None:
    """Lines without a name, a product or a unit are still charges."""
    bill, rows = read_bill(
        make_item(description=..., product=..., unit_type=..., units=..., unit_price=...), make_item(total=0)
    )
    assert not list_wrong(bill.findings)
    assert (rows[0].ServiceName, rows[0].PricingQuantity, rows[0].ListUnitPrice) == (
        "Vultr",
        Decimal(1),
        Decimal("2.35"),
    )
    assert rows[1].BilledCost == 0


def test_numbers_as_text_are_numbers() -> None:
    """Numbers that are written as text are numbers."""
    bill, (row,) = read_bill(make_item(total="2.35", units="315", unit_price="0.0074"), amount="2.35")
    assert (bill.total, row.BilledCost, row.PricingQuantity) == (Decimal("2.35"), Decimal("2.35"), Decimal(315))


def test_identical_lines_have_own_ids() -> None:
    """Identical lines are all charged and have ids of their own."""
    _, rows = read_bill(make_item(), make_item(), amount=Decimal("4.7"))
    assert len({row.InvoiceDetailId for row in rows}) == 2


def test_line_of_earlier_period_is_correction() -> None:
    """A line that ends before the billing period corrects a closed period."""
    late_item = make_item(start_date="2018-02-01T00:00:00+00:00", end_date="2018-03-01T00:00:00+00:00")
    _, rows = read_bill(make_item(), late_item, amount=Decimal("4.7"))
    assert [row.ChargeClass for row in rows] == [None, "Correction"]


def test_undated_tax_has_billing_period() -> None:
    """A tax without times has the billing period."""
    tax = make_item(
        product="Tax", description="VAT", unit_type="tax", start_date=..., end_date="", total=Decimal("0.4")
    )
    bill, rows = read_bill(make_item(), tax, amount=Decimal("2.75"))
    assert not list_wrong(bill.findings)
    assert (rows[1].ChargePeriodStart, rows[1].ChargePeriodEnd) == bill.period
