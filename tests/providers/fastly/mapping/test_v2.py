"""Bills of billing v2: their state, their totals and their ids."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from billfold.model.bill import State
from billfold.model.period import format_instant
from billfold.providers.fastly.api_v2 import GetInvoice, GetInvoiceMtd
from tests.findings import list_wrong
from tests.providers.fastly.kit import (
    V2_REQUEST,
    V3_REQUEST,
    make_invoice,
    make_v2_invoice,
    read_bills,
    read_sample,
    sum_costs,
)
from tests.providers.kit import list_rows


def test_v2_counts_money_once() -> None:
    """A v2 bill counts its money once and has the key of the same invoice in v3."""
    (bill,) = read_bills(V2_REQUEST, make_v2_invoice())
    assert bill.key == read_bills(V3_REQUEST, read_sample("synthetic/v3_invoice.json"))[0].key == "4183280 USD"
    assert (bill.total, sum_costs(bill), bill.line_count) == (Decimal("2856.49"), Decimal("2856.49"), 9)
    assert (bill.state, bill.terms, format_instant(bill.period.end)) == (State.ISSUED, "Net15", "2024-05-01T00:00:00Z")
    assert [row.x_NativeId for row in list_rows(bill)] == [f"li000{number}" for number in range(1, 10)]
    assert list_rows(bill)[-1].ChargeCategory == "Adjustment"


def test_number_in_place_of_text_is_read() -> None:
    """A number where the SDKs have a text does not make a bill unreadable."""
    body = make_v2_invoice(customer_id=7)
    body["line_items"][0] |= {"client_service_id": 7, "credit_coupon_code": None, "service_name": 7, "id": 1}
    body["total"]["plan_code"] = 12
    (bill,) = read_bills(V2_REQUEST, body)
    row = list_rows(bill)[0]
    assert (bill.total, sum_costs(bill), list_wrong(bill.findings)) == (Decimal("2856.49"), Decimal("2856.49"), ())
    assert (row.BillingAccountId, row.InvoiceDetailId) == ("7", "1")
    (bill,) = read_bills(V3_REQUEST, make_invoice(statement_number=12))
    assert json.loads(list_rows(bill)[0].x_Details or "")["StatementNumber"] == "12"


@pytest.mark.parametrize("number", [4183280, "4183280"])
def test_v2_ids_are_numbers_or_text(number: int | str) -> None:
    """Billing v2 has ids as numbers and as text."""
    assert read_bills(V2_REQUEST, make_v2_invoice(invoice_id=number))[0].invoice_id == "4183280"


def test_payment_changes_no_charge() -> None:
    """A v2 invoice has the same charges after it is paid as before."""
    (unpaid_bill,), (paid_bill,) = (
        read_bills(V2_REQUEST, make_v2_invoice() | {"status": {"status": status}}) for status in ("Outstanding", "Paid")
    )
    assert [row._replace(x_ArchiveSeq=None) for row in list_rows(unpaid_bill)] == [
        row._replace(x_ArchiveSeq=None) for row in list_rows(paid_bill)
    ]


@pytest.mark.parametrize(("service_type", "frequency"), [("One-Time", "One-Time"), ("Recurring", "Recurring")])
def test_v2_estimate_marks_single_charges(service_type: str, frequency: str) -> None:
    """A v2 estimate states what is charged once."""
    body = read_sample("synthetic/v2_mtd_invoice.json")
    body["line_items"][5] |= {"description": "TLS onboarding", "service_type": service_type}
    row = list_rows(read_bills(GetInvoiceMtd(customer_id="c"), body)[0])[5]
    assert (row.ChargeCategory, row.ChargeFrequency) == ("Purchase", frequency)


@pytest.mark.parametrize(
    ("status", "state"),
    [({"status": "Pending"}, State.DRAFT), ({}, State.ISSUED), ({"status": "MTD"}, State.ESTIMATE)],
)
def test_v2_status_sets_state(status: dict[str, Any], state: State) -> None:
    """The status of a v2 bill sets its state."""
    (bill,) = read_bills(GetInvoice(year=2024, month=4), make_v2_invoice(status=status))
    assert (bill.state, list_wrong(bill.findings)) == (state, ())


@pytest.mark.parametrize(
    ("fields", "state", "key"),
    [
        ({"status": {}}, State.DRAFT, "4183280"),
        ({"status": {"status": "Outstanding"}}, State.DRAFT, "4183280"),
        ({"status": {}, "invoice_id": None}, State.ESTIMATE, None),
        ({"status": {"status": "MTD"}}, State.ESTIMATE, None),
    ],
)
def test_running_v2_month_is_not_issued(fields: dict[str, Any], state: State, key: str | None) -> None:
    """A v2 bill of a running month is recognized, whatever its status."""
    running_period = {"start_time": "2026-11-01T00:00:00Z", "end_time": "2026-11-30T00:00:00Z"}
    (bill,) = read_bills(GetInvoice(year=2026, month=11), make_v2_invoice(**running_period, **fields))
    assert (bill.state, bill.invoice_id, list_wrong(bill.findings)) == (state, key, ())


def test_unknown_status_or_no_total_parks_bill() -> None:
    """An unknown status or a missing total parks a v2 bill."""
    (bill,) = read_bills(V2_REQUEST, make_v2_invoice(status={"status": "Overdue"}))
    assert list_wrong(bill.findings) == ("status 'Overdue' is not known: counted as issued",)
    (bill,) = read_bills(V2_REQUEST, make_v2_invoice(total=None))
    assert list_wrong(bill.findings) == ("the bill has no total",)
