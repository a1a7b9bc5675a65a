"""Invoices of Genesys Cloud as bills: what their lines add up to, and why some are parked."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from billfold.model.bill import State
from billfold.model.money import exact_sum
from billfold.model.period import parse_instant
from billfold.providers.genesys.api import GetBillingContracts, GetBillingContractsInvoices
from tests.findings import list_wrong
from tests.providers.genesys.kit import LINES_REQUEST, SEPTEMBER, make_bill, make_line, read_bills, read_sample
from tests.providers.kit import list_rows


def test_sample_invoice_adds_up() -> None:
    """The sample invoice is billed as its lines add up."""
    bills = read_bills(
        (GetBillingContracts(), read_sample("contracts.page1")),
        (GetBillingContractsInvoices(), read_sample("invoices.page1")),
        (LINES_REQUEST, read_sample("invoice_lines.page1")),
        (msgspec.structs.replace(LINES_REQUEST, after="SU5WMDAwMDAwMi0wMDI="), read_sample("invoice_lines.page2")),
    )
    (bill,) = bills  # the ledger has the invoice whose lines were not requested
    assert (bill.invoice_id, bill.state, bill.total, bill.line_count) == (
        "INV0000002",
        State.ISSUED,
        Decimal("14555.47"),
        4,
    )
    assert exact_sum(row.BilledCost or Decimal(0) for row in list_rows(bill)) == bill.total
    assert bill.period == SEPTEMBER
    assert bill.due_on == parse_instant("2026-10-31")
    assert (bill.terms, bill.purchase_order, list_wrong(bill.findings)) == ("Net 30", "PO-2026-011", ())
    api_requests = next(row for row in list_rows(bill) if row.x_NativeId == "INV0000002-002")
    assert api_requests.PricingQuantity == 323992
    assert api_requests.x_ArchiveSeq == 3
    assert {row.x_ArchiveSeq for row in list_rows(bill)} == {3, 4}
    seats = next(row for row in list_rows(bill) if row.x_NativeId == "INV0000002-001")
    assert (seats.ListUnitPrice, seats.x_UnitPrice, seats.SkuPriceId) == (
        Decimal(245),
        Decimal(245),
        "GC-170-NV-CX3@use",
    )
    assert (seats.SubAccountName, seats.BillingAccountId) == ("Test Org Name", "1004567")


def test_unfinished_lines_park_bill() -> None:
    """A bill whose lines were not read to the last page is parked."""
    bills = read_bills(
        (GetBillingContracts(), read_sample("contracts.page1")),
        (GetBillingContractsInvoices(), read_sample("invoices.page1")),
        (LINES_REQUEST, read_sample("invoice_lines.page1")),
    )
    assert list_wrong(bills[0].findings) == ("its lines were not read to their end",)


def test_missing_lines_park_bills() -> None:
    """A saved list by itself reports that the lines are missing."""
    bills = read_bills((GetBillingContractsInvoices(), read_sample("invoices.page1")))
    assert [list_wrong(bill.findings) for bill in bills] == [("its lines were not read",)] * 2


def test_plan_price_marks_purchase() -> None:
    """A position of the plan is recognized by its price where its text says nothing."""
    product = {"sku": "GC-170-NV-CX3", "name": "Genesys Cloud CX 3 Concurrent", "unitOfMeasure": "User"}
    (row,) = list_rows(
        make_bill("15600.00", make_line(1, "15600.00", product=product, quantity=80, description="CX 3"))
    )
    assert (row.ChargeCategory, row.ListUnitPrice, row.SkuPriceId) == (
        "Purchase",
        Decimal(195),
        "GC-170-NV-CX3@prepay",
    )


@pytest.mark.parametrize(
    ("fields", "match"),
    [
        ({}, "order"),
        ({"customerPoNumber": "", "billToCustomer": {"number": "1004567"}}, "customer"),
        ({"customerPoNumber": ""}, "any"),
    ],
)
def test_charge_records_contract_match(fields: dict[str, Any], match: str) -> None:
    """A charge records how its invoice was matched to its contract."""
    (row,) = list_rows(make_bill("10.00", make_line(1, "10.00"), **fields))
    details = json.loads(row.x_Details or "")
    assert (details["ContractBy"], details["ContractNumber"], details["EndCustomer"]) == (
        match,
        read_sample("contract.v269")["externalNumber"],
        read_sample("contract.v269")["endCustomer"]["number"],
    )


def test_remainder_at_single_rate_is_tax() -> None:
    """What the amount has beyond its lines is tax where a single rate explains it."""
    bill = make_bill("10750.00", make_line(1, "10000.00"))
    tax = list_rows(bill)[-1]
    assert (tax.ChargeCategory, tax.BilledCost, tax.x_Synthetic, tax.SkuId) == ("Tax", Decimal("750.00"), True, None)
    assert tax.ChargeDescription == "Tax: the invoice's amount less the sum of its lines"
    assert json.loads(tax.x_Details or "") == {"TaxRate": "0.075", "TaxBase": "all lines"}
    assert tax.x_JsonPath == "$.entities[0].amount"
    assert tax.x_ArchiveSeq == 2
    assert bill.line_count == 1


def test_cent_of_remainder_is_rounding() -> None:
    """A cent is rounding; a remainder that nothing explains is left to be parked."""
    rounding = list_rows(make_bill("10000.01", make_line(1, "10000.00")))[-1]
    assert (rounding.ChargeCategory, rounding.BilledCost) == ("Adjustment", Decimal("0.01"))
    for amount in ("11234.56", "15000.00", "9000.00"):
        assert [row.x_Synthetic for row in list_rows(make_bill(amount, make_line(1, "10000.00")))] == [None]


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"amount": None}, "the invoice states no amount"),
        ({"currencyIsoCode": ""}, "the invoice states no currency"),
        ({"dateInvoiced": "soon"}, "its date 'soon' is no day"),
        ({"dateInvoiced": "9999-12-31"}, "its date '9999-12-31' is no day"),
    ],
)
def test_bad_invoice_is_parked_with_reason(fields: dict[str, Any], problem: str) -> None:
    """An invoice that cannot be trusted is parked with the reason."""
    assert problem in list_wrong(make_bill("10.00", make_line(1, "10.00"), **fields).findings)


@pytest.mark.parametrize(
    ("items", "problem"),
    [
        ([make_line(1, "5.00"), make_line(1, "5.00")], "line L1 is listed twice"),
        ([make_line(1, "10.00", dateStart="now")], "'now' is no day"),
        ([make_line(1, "10.00") | {"amount": None}], "line $.entities[0] has no amount"),
    ],
)
def test_bad_line_parks_invoice(items: list[dict[str, Any]], problem: str) -> None:
    """A line that cannot be trusted parks its invoice."""
    assert problem in list_wrong(make_bill("10.00", *items).findings)


def test_derived_line_ids_survive_added_line() -> None:
    """Lines without ids keep the ids derived for them when another line is added."""
    bare_lines = [
        {key: value for key, value in make_line(number, "5.00", description=f"about {number}").items() if key != "id"}
        for number in (1, 2)
    ]
    before = [row.InvoiceDetailId for row in list_rows(make_bill("10.00", *bare_lines))]
    after = [row.InvoiceDetailId for row in list_rows(make_bill("15.00", make_line(9, "5.00"), *bare_lines))]
    assert after[1:] == before
    assert len(set(before)) == 2
