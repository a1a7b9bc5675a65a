"""Credit memos of Genesys Cloud: what they correct, and which are parked."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from billfold.providers.genesys.api import GetBillingContracts, GetBillingContractsInvoices
from tests.findings import list_wrong
from tests.providers.genesys.kit import LINES_REQUEST, OCTOBER, SEPTEMBER, make_bill, make_line, read_bills, read_sample
from tests.providers.kit import list_rows


def test_refund_corrects_earlier_period() -> None:
    """A refund of an earlier period is a correction that keeps its category and names the invoice."""
    memo = {"id": "CM1", "dateInvoiced": "2026-11-01", "currencyIsoCode": "USD", "amount": Decimal("-24.50")}
    memo |= {"customerInvoiceType": "Credit Memo", "customerPoNumber": "PO-2026-011"}
    item = make_line(
        1, "-24.50", dateStart="2026-09-01", dateEnd="2026-09-30", description="CX 1 - overage, credit for INV0000002"
    )
    bills = read_bills(
        (GetBillingContracts(), {"entities": [read_sample("contract.v269")]}),
        (GetBillingContractsInvoices(), {"entities": [memo, read_sample("invoices.page1")["entities"][1]]}),
        (msgspec.structs.replace(LINES_REQUEST, invoice_id="CM1"), {"entities": [item]}),
    )
    (row,) = list_rows(bills[0])
    assert (row.ChargeCategory, row.ChargeClass, row.BilledCost) == ("Usage", "Correction", Decimal("-24.50"))
    assert (bills[0].period, row.ChargePeriodStart) == (OCTOBER, SEPTEMBER.start)
    assert bills[0].corrects == "INV0000002"
    assert (row.ListUnitPrice or 0) * (row.PricingQuantity or 0) == row.ListCost


def test_midmonth_memo_corrects_closed_month() -> None:
    """A memo in the middle of a month corrects the closed month and leaves the running month alone."""
    bill = make_bill("-5.00", make_line(1, "-5.00"), dateInvoiced="2026-11-10", customerInvoiceType="Credit Memo")
    assert bill.period == OCTOBER
    assert list_rows(bill)[0].ChargeClass == "Correction"
    running = {"dateStart": "2026-11-01", "dateEnd": "2026-11-30"}
    bill = make_bill(
        "-5.00", make_line(1, "-5.00", **running), dateInvoiced="2026-11-10", customerInvoiceType="Credit Memo"
    )
    assert list_rows(bill)[0].ChargeClass is None


@pytest.mark.parametrize(
    ("amount", "costs", "expected"),
    [
        ("100.00", ["100.00"], ["a positive amount", "a positive line L0"]),
        ("-90.00", ["-100.00", "10.00"], ["a positive line L1"]),
        ("-100.00", ["-100.00"], []),
    ],
)
def test_memo_taking_money_is_parked(amount: str, costs: list[str], expected: list[str]) -> None:
    """A credit memo that takes money is parked."""
    items = [make_line(number, cost) for number, cost in enumerate(costs)]
    bill_problems = list_wrong(make_bill(amount, *items, customerInvoiceType="Credit Memo").findings)
    assert len(bill_problems) == len(expected)
    assert all(reason in problem for reason, problem in zip(expected, bill_problems, strict=True))
