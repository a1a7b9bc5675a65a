"""The state of a Fastly bill, and its row of rounding."""

from __future__ import annotations

from decimal import Decimal

from billfold.model.bill import State
from billfold.providers.fastly import records
from billfold.providers.fastly.api import GetInvoiceByInvoiceId, ListInvoices
from billfold.providers.fastly.mapping import charges
from billfold.providers.fastly.mapping.bill_header import Source
from billfold.wire import codec
from tests.findings import list_wrong
from tests.providers.fastly.kit import V3_REQUEST, make_invoice, read_bills, sum_costs
from tests.providers.kit import SavedAnswers, list_rows

RUNNING_PERIOD = {"billing_start_date": "2026-11-01T00:00:00Z", "billing_end_date": "2026-11-30T00:00:00Z"}


def test_running_invoice_is_draft() -> None:
    """A listed invoice is a draft until its period is over."""
    (bill,) = read_bills(ListInvoices(), {"data": [make_invoice(**RUNNING_PERIOD)], "meta": {}})
    assert (bill.state, bill.invoice_id, list_wrong(bill.findings)) == (State.DRAFT, "4183280", ())
    last_day = {**RUNNING_PERIOD, "billing_end_date": "2026-11-14T00:00:00Z"}
    assert read_bills(V3_REQUEST, make_invoice(**last_day))[0].state is State.ISSUED


def test_vendor_clock_ends_period() -> None:
    """Whether a period is over is decided by the vendor's clock, where it can be right: it is a day from ours at most."""
    ends_today = {**RUNNING_PERIOD, "billing_end_date": "2026-11-15T00:00:00Z"}
    (answer,) = SavedAnswers((V3_REQUEST, make_invoice(**ends_today))).answers(GetInvoiceByInvoiceId)
    headers = {**answer.response.headers, "date": "Mon, 16 Nov 2026 00:00:00 GMT"}
    source = Source(answer._replace(response=answer.response._replace(headers=headers)), "$", "cdn")
    invoice = codec.decode_record(answer.response.body, records.Invoice)
    assert charges.build_invoice_bill(invoice, source).state is State.ISSUED
    assert charges.build_invoice_bill(invoice, source._replace(answer=answer)).state is State.DRAFT


def test_cent_of_remainder_is_rounding() -> None:
    """A cent of rounding is a flagged row of its own; a dollar more is not invented."""
    (bill,) = read_bills(V3_REQUEST, make_invoice(monthly_transaction_amount=Decimal("2285.30")))
    assert sum_costs(bill) == bill.total
    (row,) = [row for row in list_rows(bill) if row.x_Synthetic]
    assert (row.ChargeCategory, row.BilledCost, row.SkuId) == ("Adjustment", Decimal("0.01"), None)
    assert bill.line_count == 7
    (distant_bill,) = read_bills(V3_REQUEST, make_invoice(monthly_transaction_amount=Decimal("2287.30")))
    assert len(list_rows(distant_bill)) == 7


def test_empty_invoice_gets_no_rounding() -> None:
    """An invoice without lines gets no row of rounding."""
    (bill,) = read_bills(
        V3_REQUEST, make_invoice(transaction_line_items=[], monthly_transaction_amount=Decimal("0.95"))
    )
    assert (list_rows(bill), bill.total) == ([], Decimal("0.95"))
