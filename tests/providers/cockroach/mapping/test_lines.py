"""The charges of a CockroachDB Cloud invoice: where they belong, and how their numbers are read."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from billfold.model.focus import CostAndUsage
from tests.providers.cockroach.kit import LINE, book_invoice, make_amount, make_item, make_line, read_rows

FOLDER = {"resource_id": "f-1", "resource_type": "FOLDER", "name": "payments"}
NESTED_FOLDER = {"resource_id": "f-2", "name": "cards", "path": [{"id": "f-1", "name": "payments"}]}


def bill_cluster(folders: list[dict[str, Any]], *regions: str) -> CostAndUsage:
    """Return the single charge of an invoice for a cluster in a folder and regions."""
    cluster = {"id": "c-1", "name": "orders", "parent_id": "f-1", "regions": [{"name": name} for name in regions]}
    (row,) = read_rows(invoice_items=[make_item(LINE, cluster=cluster)], folder_resources=folders)
    return row


@pytest.mark.parametrize(
    ("folders", "name"),
    [
        ([FOLDER], "payments"),
        ([NESTED_FOLDER], "payments"),
        ([{**FOLDER, "name": ""}, NESTED_FOLDER], "payments"),
        ([], "f-1"),
    ],
)
def test_folder_takes_name_before_id(folders: list[dict[str, Any]], name: str) -> None:
    """A folder is called by any name in the answer, and only else by its id."""
    row = bill_cluster(folders, "us-east-1")
    assert (row.SubAccountId, row.SubAccountName, row.SubAccountType) == ("f-1", name, "Folder")


def test_only_single_region_is_stated() -> None:
    """A cluster has a region only where it is in a single region."""
    single_region, two_regions = bill_cluster([], "us-east-1"), bill_cluster([], "us-east-1", "us-west-2")
    assert (single_region.RegionId, single_region.RegionName) == ("us-east-1", "us-east-1")
    assert (two_regions.RegionId, two_regions.RegionName) == (None, None)


@pytest.mark.parametrize(
    ("quantity", "unit_cost", "cost"),
    [
        ("7200", "0.0006849315068493151", "4.931506849315069"),
        ("3.3527612686157227e-05", "0.0010338", "3.466e-8"),
        ("3.3527612686157227e-05", "0", "0"),
        ("0.30000000000000004", "1", "0.3"),
    ],
)
def test_numbers_with_float_dust_are_booked(quantity: str, unit_cost: str, cost: str, tmp_path: Path) -> None:
    """Quantities and prices with float dust are booked."""
    dusty_line = make_line(cost, quantity=Decimal(quantity), unit_cost=Decimal(unit_cost))
    ((_, _, parked),) = book_invoice(tmp_path, invoice_items=[make_item(dusty_line)], totals=[make_amount(cost)])
    assert parked is None


def test_float_dust_changes_no_number() -> None:
    """Float dust does not make another quantity or another price."""
    dusty_line = make_line("0.3", quantity=Decimal("0.30000000000000004"), unit_cost=Decimal("1.0000000000000002"))
    (row,) = read_rows(invoice_items=[make_item(dusty_line)], totals=[make_amount("0.3")])
    assert (row.PricingQuantity, row.ListUnitPrice, row.x_UnitPrice) == (Decimal("0.3"), Decimal(1), Decimal(1))


@pytest.mark.parametrize("fields", [{"quantity": Decimal("1e300")}, {"unit_cost": Decimal("1e300")}])
def test_oversized_number_parks_invoice(fields: dict[str, Any], tmp_path: Path) -> None:
    """A number that no ledger can store exactly parks its invoice."""
    ((_, _, parked),) = book_invoice(tmp_path, invoice_items=[make_item(make_line(2, **fields))])
    assert "cannot be kept exactly" in parked


@pytest.mark.parametrize("unit_cost", [None, 0, Decimal("0.0"), 1, Decimal("2e-07")])
def test_price_that_rises_has_same_name(unit_cost: Decimal | int | None) -> None:
    """The name of a price has no amount in it: what costs more next month is the same price."""
    (row,) = read_rows(invoice_items=[make_item(make_line(2) | {"unit_cost": unit_cost})])
    assert row.SkuPriceId == "cockroachdb-cloud/cockroach-labs/compute@vcpu-hours"


def test_price_that_is_not_stated_is_derived() -> None:
    """Where the vendor states no price, it is the cost by the quantity."""
    (row,) = read_rows(invoice_items=[make_item(make_line(2, quantity=4) | {"unit_cost": None})])
    assert (row.x_UnitPrice, row.x_PriceBasis) == (Decimal("0.5"), "derived")


@pytest.mark.parametrize(
    ("name", "cost", "category"),
    [
        ("Sales Taxes", 1, "Tax"),
        ("Sales Tax", -1, "Tax"),
        ("TAX_US_CA", 1, "Tax"),
        ("VAT 20%", 1, "Tax"),
        ("gst/hst", 1, "Tax"),
        ("PST (BC)", 1, "Tax"),
        ("Taxonomy workshop", 1, "Adjustment"),
        ("Private link", 1, "Adjustment"),
        ("Innovate discount", -1, "Adjustment"),
        ("Premium Support", 250, "Purchase"),
        ("Premium Support", 0, "Adjustment"),
        ("Support credit", -5, "Credit"),
    ],
)
def test_adjustment_category_follows_its_name(name: str, cost: int, category: str) -> None:
    """An adjustment is a tax by whole words of its name; support is a purchase only where it costs."""
    (row,) = read_rows(adjustments=[{"name": name, "amount": make_amount(cost)}], totals=[make_amount(cost)])
    assert row.ChargeCategory == category


def test_older_plan_is_current_service() -> None:
    """An older plan is a service of today; its own name is in the details."""
    (row,) = read_rows(invoice_items=[make_item(LINE, cluster={"id": "c-1", "plan": "DEDICATED"})])
    assert (row.ServiceName, json.loads(row.x_Details or "")["Plan"]) == ("CockroachDB Advanced", "DEDICATED")
