"""Which period an invoice of Genesys Cloud bills, and when a listed invoice has changed."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billfold.model.period import Month, Period, parse_instant
from billfold.providers import genesys
from billfold.providers.genesys.api import GetBillingContracts, GetBillingContractsInvoices
from billfold.providers.genesys.mapping.invoice_periods import fingerprint_invoice
from billfold.wire import codec
from tests.providers.genesys.kit import LINES_REQUEST, OCTOBER, make_bill, make_line, read_bills, read_sample
from tests.providers.kit import list_rows


def test_invoice_bills_ended_period() -> None:
    """An invoice bills the period that ended before it."""
    assert make_bill("10.00", make_line(1, "10.00")).period == OCTOBER


def test_advance_invoice_bills_service_period() -> None:
    """An invoice for future services bills the period of those services."""
    assert (
        make_bill("10.00", make_line(1, "10.00", dateStart="2026-11-01", dateEnd="2026-11-30")).period
        == Month(2026, 11).period
    )


def test_mixed_invoice_bills_ended_period() -> None:
    """An invoice with lines in advance and in arrears bills the ended period."""
    advance_line = make_line(2, "10.00", dateStart="2026-11-01", dateEnd="2026-11-30")
    bill = make_bill("20.00", make_line(1, "10.00"), advance_line)
    assert bill.period == OCTOBER
    assert list_rows(bill)[1].ChargePeriodStart == parse_instant("2026-11-01")


def test_odd_periods_come_from_contract() -> None:
    """Periods that are not calendar months are taken from the contract."""
    contract = read_sample("contract.v269") | {"billingPeriods": [{"id": "1", "dateStart": "2026-09-21", "dateEnd": "2026-10-20", "status": "Closed"}]}  # fmt: skip
    bill = read_bills(
        (GetBillingContracts(), {"entities": [contract]}),
        (GetBillingContractsInvoices(), read_sample("invoices.page1") | {"entities": [read_sample("invoices.page1")["entities"][1] | {"dateInvoiced": "2026-10-22"}]}),
        (LINES_REQUEST, {"entities": [make_line(1, "14555.47", dateStart="2026-09-21", dateEnd="2026-10-20")]}),
    )[0]  # fmt: skip
    assert bill.period == Period(parse_instant("2026-09-21"), parse_instant("2026-10-21"))


@pytest.mark.parametrize("date_end", ["2026-10-31T00:00:00Z", "2026-10-31T23:59:59.999Z", "2026-10-31T23:59:59-05:00"])
def test_time_of_day_is_cut_off(date_end: str) -> None:
    """A time of day is cut off."""
    (row,) = list_rows(
        make_bill("10.00", make_line(1, "10.00", dateStart="2026-10-01T00:00:00.000Z", dateEnd=date_end))
    )
    assert (row.ChargePeriodStart, row.ChargePeriodEnd) == OCTOBER


def test_payment_keeps_fingerprint() -> None:
    """A paid invoice is the same invoice, and a changed invoice is not."""
    invoice = read_sample("invoices.page1")["entities"][1]
    original, paid, changed = (
        fingerprint_invoice(codec.decode_record(codec.encode_json(invoice | fields), genesys.records.BillingInvoice))
        for fields in ({}, {"paymentStatus": "Paid", "paymentLink": "x"}, {"amount": Decimal(1)})
    )
    assert original == paid != changed
