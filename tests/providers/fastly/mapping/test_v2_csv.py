"""The CSV files of v2 invoices, as bills."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billfold.model.errors import InvalidResponse
from billfold.model.period import format_instant
from billfold.providers.fastly import PROVIDER
from billfold.providers.fastly.api_v2 import GetInvoiceByIdFile, GetInvoiceFile
from tests.findings import list_wrong
from tests.providers.fastly.kit import V3_REQUEST, make_invoice, read_bills, sum_costs
from tests.providers.kit import SavedAnswers, list_rows

CSV_INVOICE = """customer_id,invoice_id,start_time,end_time,status,cost,id,description,service_name,units,rate_per_unit,amount,usage_type_cd
C,77,2024-04-01T00:00:00Z,2024-04-30T00:00:00Z,Paid,12.50,a,"Bandwidth, Europe",Europe Bandwidth,100,0.125,12.50,Europe Bandwidth
C,77,2024-04-01T00:00:00Z,2024-04-30T00:00:00Z,Paid,12.50,b,=HYPERLINK(1),Europe Bandwidth,1,0,0.00,Europe Bandwidth
"""


@pytest.mark.parametrize("byte_order_mark", [b"", b"\xef\xbb\xbf"])
def test_csv_is_bill(byte_order_mark: bytes) -> None:
    """A CSV file is read as a bill."""
    (bill,) = read_bills(GetInvoiceFile(year=2024, month=4, format="csv"), byte_order_mark + CSV_INVOICE.encode())
    assert (bill.invoice_id, bill.total, sum_costs(bill), bill.line_count) == (
        "77",
        Decimal("12.50"),
        Decimal("12.50"),
        2,
    )
    assert list_wrong(bill.findings) == ()
    assert list_rows(bill)[0].ChargeDescription == "Bandwidth, Europe"


def test_bare_csv_takes_id_from_request() -> None:
    """A CSV file of lines alone takes its month and its id from the request."""
    op = GetInvoiceFile(year="2024", month="4", format="csv")
    (bill,) = read_bills(op, b"id,description,amount\na,x,1.5\n")
    assert format_instant(bill.period.start) == "2024-04-01T00:00:00Z"
    assert (bill.invoice_id, bill.total, list_wrong(bill.findings)) == ("unknown", None, ("the invoice has no id",))
    (bill,) = read_bills(GetInvoiceByIdFile(customer_id="C", invoice_id=9, format="csv"), b"id,amount\na,1.5\n")
    assert bill.invoice_id == "9"
    assert "period is not known" in list_wrong(bill.findings)[0]


@pytest.mark.parametrize("body", [b"", b"a,b\n1,2\n", b"id,amount\nx,lots\n"])
def test_bad_csv_is_reported_last(body: bytes) -> None:
    """A CSV file that holds no invoice is reported after everything that can be read."""
    answers = SavedAnswers((GetInvoiceFile(year=2024, month=4, format="csv"), body), (V3_REQUEST, make_invoice()))
    bills = PROVIDER.read_bills(answers)
    assert next(bills).invoice_id == "4183280"
    with pytest.raises(InvalidResponse):
        next(bills)
