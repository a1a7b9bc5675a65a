"""The charges of a v2 bill: from its lines, else its price tiers, else its sums."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from billfold.model.bill import State
from billfold.providers.fastly.api_v2 import GetInvoiceMtd
from tests.findings import list_wrong
from tests.providers.fastly.kit import V2_REQUEST, make_v2_invoice, read_bills, read_sample, sum_costs
from tests.providers.kit import list_rows


def test_free_usage_keeps_list_cost() -> None:
    """What is free in v2 keeps its list cost."""
    body = make_v2_invoice(line_items=[])
    body["regions"]["usa"]["bandwidth"]["tiers"][0] |= {"discounted_price": 0, "total": 0}
    row = list_rows(read_bills(V2_REQUEST, body)[0])[0]
    assert (row.BilledCost, row.ContractedUnitPrice) == (Decimal(0), Decimal(0))
    assert (row.ListUnitPrice, row.ListCost) == (Decimal("0.12"), Decimal(1200))


def test_bandwidth_unit_is_that_of_bill() -> None:
    """Bandwidth in v2 is in the unit that the bill names."""
    no_lines: dict[str, Any] = {"line_items": []}
    for fields in ({}, no_lines, {**no_lines, "regions": {}}):
        body = make_v2_invoice(**fields)
        assert list_rows(read_bills(V2_REQUEST, body)[0])[0].PricingUnit == "GB"
        body["total"]["bandwidth_units"] = "TB"
        row = list_rows(read_bills(V2_REQUEST, body)[0])[0]
        assert (row.PricingUnit, row.ConsumedUnit) == ("TB", "TB")


def test_single_v2_requests_are_priced_singly() -> None:
    """Requests in v2 that are counted singly are priced singly."""
    body = make_v2_invoice()
    body["line_items"][2] |= {"units": 1045123456}
    body["regions"]["usa"]["requests"]["tiers"][0] |= {"units": 1045123456, "price": Decimal("0.01")}
    row = list_rows(read_bills(V2_REQUEST, body)[0])[2]
    assert (row.PricingUnit, row.ListUnitPrice) == ("Requests", Decimal("0.000001"))


def test_native_fields_are_details() -> None:
    """Native fields of v2 without a column are details, and a deleted line stays."""
    body = make_v2_invoice()
    body["line_items"][0]["deleted_at"] = "2024-05-02T00:00:00Z"
    (bill,) = read_bills(V2_REQUEST, body)
    assert sum_costs(bill) == bill.total
    details = json.loads(list_rows(bill)[0].x_Details or "")
    assert details["DeletedAt"] == "2024-05-02T00:00:00Z"
    assert details["PlanCode"] == "cdn_metered"
    assert details["AriaInvoiceId"] == "4183280"
    assert "DeletedAt" not in json.loads(list_rows(bill)[1].x_Details or "")


def test_lineless_bill_is_read_from_regions() -> None:
    """A v2 bill without lines is read from its regions and extras."""
    (bill,) = read_bills(V2_REQUEST, make_v2_invoice(line_items=[]))
    assert (sum_costs(bill), bill.line_count, list_wrong(bill.findings)) == (Decimal("2856.49"), 0, ())
    paths = [row.x_JsonPath or "" for row in list_rows(bill)]
    assert paths[0] == "$.regions.usa.bandwidth.tiers[0]"
    assert "$.total.extras[1].setup" in paths
    assert paths[-1] == "$.total.discount_amount"


def test_bare_bill_is_read_from_sums() -> None:
    """A v2 bill without lines and regions is read from its sums."""
    (bill,) = read_bills(V2_REQUEST, make_v2_invoice(line_items=[], regions={}))
    assert sum_costs(bill) == Decimal("2856.49")
    assert [row.x_JsonPath for row in list_rows(bill)][:2] == ["$.total.bandwidth_cost", "$.total.requests_cost"]


def test_minimum_raises_8_70_to_50() -> None:
    """The documented minimum makes $8.70 of usage a bill of $50."""
    worked_example = read_sample("doc/bill_minimum_worked_example.json")
    total = {
        "bandwidth": 10, "bandwidth_cost": Decimal("1.20"), "requests": 10_000_000, "requests_cost": Decimal("7.50"),
        "plan_minimum": 50, "commit_shortfall": worked_example["derived"]["commit_shortfall_usd"], "cost": worked_example["billed_usd"],
    }  # fmt: skip
    lines = [
        {"id": "a", "service_name": "North America Bandwidth", "usage_type_cd": "North America Bandwidth", "amount": Decimal("1.20")},
        {"id": "b", "service_name": "Europe Requests", "usage_type_cd": "Europe Requests", "amount": Decimal("7.50")},
    ]  # fmt: skip
    for items in ([], lines):
        (bill,) = read_bills(V2_REQUEST, make_v2_invoice(regions={}, line_items=items, total=total))
        assert sum_costs(bill) == 50
        shortfall = list_rows(bill)[-1]
        assert (shortfall.ChargeCategory, shortfall.ChargeDescription) == ("Purchase", "Commit Shortfall")
        assert (shortfall.BilledCost, shortfall.PricingCategory, shortfall.x_Synthetic) == (
            Decimal("41.30"),
            "Other",
            True,
        )


def test_estimate_takes_discount_from_sums() -> None:
    """A v2 estimate takes the discount from its sums."""
    (bill,) = read_bills(GetInvoiceMtd(customer_id="c"), read_sample("synthetic/v2_mtd_invoice.json"))
    assert (bill.state, bill.invoice_id, bill.line_count) == (State.ESTIMATE, None, 8)
    assert sum_costs(bill) == bill.total == Decimal("2856.49")
    assert [row.BilledCost for row in list_rows(bill) if row.x_Synthetic] == [Decimal("-317.39")]
