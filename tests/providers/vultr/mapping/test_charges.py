"""Vultr's invoices and pending charges as bills."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from billfold.model.bill import State
from billfold.model.money import exact_sum
from billfold.model.period import Month, parse_instant
from billfold.providers.vultr.api import (
    GetAccount,
    GetAccountBandwidth,
    GetInvoiceItems,
    ListInvoices,
    ListPendingCharges,
)
from billfold.wire.operation import Operation
from tests.findings import list_wrong
from tests.providers.vultr.kit import (
    LINES_REQUEST,
    make_invoice_answer,
    make_item,
    make_page,
    read_bill,
    read_bills,
    read_sample,
)


def test_recorded_invoice_adds_up() -> None:
    """The recorded invoice adds up, and its rate does not give its total."""
    ((bill, (row,)),) = read_bills(
        (ListInvoices(), read_sample("govultr_invoices.json")),
        (LINES_REQUEST, read_sample("govultr_invoice_items.json")),
    )
    assert (bill.state, bill.invoice_id, bill.total, bill.line_count, list_wrong(bill.findings)) == (
        State.ISSUED, "5317720", Decimal("2.35"), 1, (),
    )  # fmt: skip
    assert bill.period == Month(2018, 3).period
    assert bill.issued_on == parse_instant("2018-04-01T00:30:05Z")
    assert row.BilledCost == row.ListCost == Decimal("2.35")
    assert row.PricingQuantity == 315
    assert (row.x_UnitPrice, row.x_PriceBasis) == (Decimal("0.0074"), "rate")
    assert row.ListUnitPrice is not None
    assert abs(row.ListUnitPrice * 315 - Decimal("2.35")) < Decimal("1E-12")
    assert (row.ResourceId, row.ResourceName, row.ResourceType) == ("1.1.1.1", None, "Instance")
    assert (row.SkuId, row.SkuPriceId) == ("vultr-cloud-compute/1024-mb", "vultr-cloud-compute/1024-mb@hours")
    assert (row.x_ArchiveSeq, row.x_JsonPath) == (2, "$.invoice_items[0]")
    assert (row.ServiceCategory, row.ServiceSubcategory) == ("Compute", "Virtual Machines")


def test_constructed_month_adds_up() -> None:
    """The constructed month adds up with discount, overage and tax."""
    lines_request = GetInvoiceItems(invoice_id="20260901")
    ((bill, rows),) = read_bills(
        (ListInvoices(), read_sample("constructed_billing_invoices.json")),
        (lines_request, read_sample("constructed_billing_invoice_items.json")),
    )
    assert exact_sum(row.BilledCost or Decimal(0) for row in rows) == bill.total == Decimal("59.69")
    assert not list_wrong(bill.findings)
    assert Counter(row.ChargeCategory for row in rows) == {"Usage": 4, "Adjustment": 1, "Tax": 1}
    for row in rows:
        is_priced = row.ChargeCategory == "Usage"
        price_columns = (row.SkuId, row.SkuPriceId, row.ListUnitPrice, row.PricingQuantity, row.PricingCategory)
        assert all((value is not None) == is_priced for value in price_columns)
    overage = next(row for row in rows if row.ServiceName == "Bandwidth")
    assert (overage.PricingUnit, overage.ListUnitPrice, overage.x_UnitPrice) == ("GB", Decimal("0.01"), Decimal("0.01"))
    assert overage.ResourceId is None


def test_pending_charges_are_single_estimate() -> None:
    """Pending charges are a single estimate without an invoice."""
    ((bill, rows),) = read_bills((ListPendingCharges(), read_sample("vultr_php_pending_charges.json")))
    assert (bill.state, bill.invoice_id, bill.total, bill.line_count) == (State.ESTIMATE, None, None, 2)
    assert bill.period == Month(2024, 11).period
    assert {row.InvoiceId for row in rows} == {row.InvoiceDetailId for row in rows} == {None}
    balancer, instance = rows
    assert balancer.ChargePeriodStart == parse_instant("2020-10-10T01:56:20Z")
    assert balancer.ChargePeriodEnd == parse_instant("2020-10-10T02:56:20Z"), "start = end lasts an hour"
    assert balancer.ChargeClass == "Correction"
    assert instance.BilledCost == Decimal("3.31")
    assert instance.x_UnitPrice == Decimal("0.00744047619047619")
    assert instance.SkuPriceId == "vultr-cloud-compute/1024-mb@hours", "as on the invoice, whose rate has 4 decimals"


def test_estimate_total_comes_from_account() -> None:
    """The total of the estimate is what the account states."""
    pending = (ListPendingCharges(), {"pending_charges": [make_item()]})
    ((bill, rows),) = read_bills(
        pending, (GetAccount(), {"account": {"pending_charges": Decimal("2.36"), "name": "Us"}})
    )
    assert bill.total == Decimal("2.36") == exact_sum(row.BilledCost or Decimal(0) for row in rows)
    assert [row.x_Synthetic for row in rows] == [None, True]
    assert {row.BillingAccountName for row in rows} == {"Us"}
    ((bill, rows),) = read_bills(pending, (GetAccount(), {"account": {"pending_charges": 99}}))
    assert len(rows) == 1, "beyond rounding nothing is added: the ledger parks it"


def test_late_pending_belongs_to_starting_month() -> None:
    """A charge that is still pending after midnight belongs to the month in which it began."""
    late_item = make_item(start_date="2026-11-01T00:00:00+00:00", end_date="2026-12-01T00:10:00+00:00")
    ((bill, _),) = read_bills((ListPendingCharges(), {"pending_charges": [late_item]}))
    assert bill.period == Month(2026, 11).period


def test_no_pending_charges_are_empty_estimate() -> None:
    """Without pending charges there is an empty estimate in the vendor's month."""
    empty_answer: tuple[Operation[Any], dict[str, Any]] = (ListPendingCharges(), {"pending_charges": []})
    ((bill, rows),) = read_bills(empty_answer, (GetAccountBandwidth(), read_sample("govultr_account_bandwidth.json")))
    assert (bill.period, bill.line_count, rows) == (Month(2025, 2).period, 0, [])
    assert read_bills(empty_answer) == [], "without a month there is no estimate"


def test_rounding_is_single_flagged_row() -> None:
    """Rounding becomes a single flagged row; a larger difference does not."""
    bill, rows = read_bill(make_item(), amount=Decimal("2.36"))
    assert [row.x_Synthetic for row in rows] == [None, True]
    assert rows[1].BilledCost == Decimal("0.01")
    assert rows[1].InvoiceDetailId
    assert bill.line_count == 1
    _, rows = read_bill(make_item(), amount=Decimal("2.37"))
    assert len(rows) == 1


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"amount": None}, "states no amount"),
        ({"amount": Decimal("1E+40")}, "out of all bounds"),
        ({"date": "later"}, "date cannot be read"),
        ({"id": 1}, "no list names this invoice"),
    ],
)
def test_bad_invoice_parks_no_other(changes: dict[str, Any], reason: str) -> None:
    """A bad invoice is parked, and the others are not lost."""
    invoices_answer: Any = make_invoice_answer(**changes)
    invoices_answer[1]["billing_invoices"].append(
        {"id": 9, "date": "2018-04-01T00:30:05+00:00", "amount": Decimal("2.35")}
    )
    invoices_answer[1]["meta"]["total"] = 2
    bills = read_bills(
        invoices_answer,
        (LINES_REQUEST, make_page(make_item())),
        (GetInvoiceItems(invoice_id="9"), make_page(make_item())),
    )
    assert reason in "; ".join(list_wrong(bills[0][0].findings))
    assert not list_wrong(bills[1][0].findings)
