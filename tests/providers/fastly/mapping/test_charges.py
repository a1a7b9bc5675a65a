"""Fastly's invoices and estimates of billing v3, as bills."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from billfold.model.bill import State
from billfold.model.period import format_instant
from billfold.providers.fastly import PROVIDER
from billfold.providers.fastly.api import GetMonthToDateInvoice, GetTokenSelf, ListInvoices
from billfold.providers.fastly.api_v2 import GetInvoiceFile
from tests.findings import list_wrong
from tests.providers.fastly.kit import V3_REQUEST, make_invoice, read_bills, read_sample, sum_costs
from tests.providers.kit import SavedAnswers, list_rows


def test_posted_invoice_adds_up() -> None:
    """A posted invoice adds up and ends after its last day."""
    (bill,) = read_bills(V3_REQUEST, read_sample("synthetic/v3_invoice.json"))
    assert (bill.state, bill.invoice_id, bill.currency, bill.line_count) == (State.ISSUED, "4183280", "USD", 7)
    assert bill.total == sum_costs(bill) == Decimal("2285.29")
    assert (format_instant(bill.period.start), format_instant(bill.period.end)) == (
        "2024-07-01T00:00:00Z",
        "2024-08-01T00:00:00Z",
    )
    assert list_wrong(bill.findings) == ()


def test_lines_have_category_and_service() -> None:
    """Every line has its category and service."""
    (bill,) = read_bills(V3_REQUEST, read_sample("synthetic/v3_invoice.json"))
    columns = [(row.ChargeCategory, row.ServiceName, row.PricingUnit, row.RegionName) for row in list_rows(bill)]
    assert columns == [
        ("Usage", "Full Site Delivery", "GB", "North America"),
        ("Usage", "Full Site Delivery", "GB", "North America"),
        ("Usage", "Full Site Delivery", "10000 Requests", "North America"),
        ("Usage", "Full Site Delivery", "GB", "Europe"),
        ("Usage", "Compute", "Request Units", None),
        ("Purchase", "Full Site Delivery", "Units", None),
        ("Credit", "Full Site Delivery", None, None),
    ]
    assert len({row.InvoiceDetailId for row in list_rows(bill)}) == 7


def test_month_to_date_is_estimate() -> None:
    """The month to date is an estimate without an invoice id."""
    (bill,) = read_bills(GetMonthToDateInvoice(), read_sample("synthetic/v3_month_to_date.json"))
    assert (bill.state, bill.invoice_id, bill.currency) == (State.ESTIMATE, None, "USD")
    assert bill.total == sum_costs(bill) == Decimal("2285.29")
    assert {(row.InvoiceId, row.InvoiceDetailId) for row in list_rows(bill)} == {(None, None)}


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"monthly_transaction_amount": None}, "no total"),
        ({"monthly_transaction_amount": "absent"}, "no total"),
        ({"monthly_transaction_amount": "NaN"}, "no total"),
        ({"invoice_id": "absent"}, "no id"),
        ({"currency_code": None}, "no currency"),
        ({"billing_start_date": "soon"}, "period is not known"),
        ({"billing_end_date": "absent"}, "period is not known"),
        ({"billing_end_date": "2024-06-01"}, "ends before it starts"),
        ({"billing_start_date": "2024-13-45T00:00:00Z"}, "period is not known"),
        ({"transaction_line_items": [{"description": "x", "amount": None}]}, "line 1 has no amount"),
        ({"transaction_line_items": [{"description": "x", "amount": "Infinity"}]}, "line 1 has no amount"),
        ({"transaction_line_items": [{"description": "x", "amount": "1E+900"}]}, "line 1 has no amount"),
    ],
)
def test_untrusted_bill_states_reason(fields: dict[str, Any], reason: str) -> None:
    """A bill that cannot be trusted states the reason, and the other bills stay."""
    good_invoice = make_invoice(invoice_id="1")
    bad_bill, good_bill = read_bills(ListInvoices(), {"data": [make_invoice(**fields), good_invoice], "meta": {}})
    assert any(reason in problem for problem in list_wrong(bad_bill.findings))
    assert list_wrong(good_bill.findings) == ()
    assert good_bill.total == sum_costs(good_bill)


def test_bill_belongs_to_its_own_customer() -> None:
    """A bill belongs to its own customer, whoever requests it, and is named by the customer's id."""
    token = (GetTokenSelf(), {"customer_id": "T"})
    for answers, customer in (
        ([(V3_REQUEST, make_invoice())], "x4xCwxxJxGCx123Rx5xTx"),
        ([token, (V3_REQUEST, make_invoice())], "x4xCwxxJxGCx123Rx5xTx"),
        ([token, (V3_REQUEST, make_invoice(customer_id=None))], "T"),
        ([(V3_REQUEST, make_invoice(customer_id=None))], None),
    ):
        (bill,) = PROVIDER.read_bills(SavedAnswers(*answers))
        assert {(row.BillingAccountId, row.BillingAccountName) for row in list_rows(bill)} == {(customer, customer)}


def test_pdf_gives_no_bill() -> None:
    """A PDF holds nothing that can be booked."""
    assert read_bills(GetInvoiceFile(year=2024, month=4, format="pdf"), b"%PDF-1.7") == []
