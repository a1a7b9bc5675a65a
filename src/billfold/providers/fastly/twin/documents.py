"""A v2 invoice as a file: CSV with the JSON's keys as columns, and a PDF to look at.

No sample of the CSV is public; a sibling export of the vendor's has the JSON keys as header row.
"""

from __future__ import annotations

import csv
import io
from datetime import datetime
from decimal import Decimal

from billfold.model.money import plain
from billfold.providers.fastly.records import BillingResponse, BillingResponseLineItem, BillingStatus, BillingTotal
from billfold.providers.invoice_pdf import paper, pdf
from billfold.wire.codec import UNSET, given
from billfold.wire.message import Response

# GUESS: the CSV's columns, and that the invoice's own are repeated in every row.
OF_INVOICE = ("customer_id", "invoice_id", "start_time", "end_time", "status", "cost")
OF_LINE = BillingResponseLineItem.__struct_fields__


def sheet(invoice: BillingResponse) -> Response:
    """Write an invoice as CSV: one row a line, the invoice's own columns repeated in each."""
    own = (
        invoice.customer_id,
        invoice.invoice_id,
        invoice.start_time,
        invoice.end_time,
        given(invoice.status, BillingStatus()).status,
        given(invoice.total, BillingTotal()).cost,
    )
    out = io.StringIO(newline="")
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow((*OF_INVOICE, *OF_LINE))
    for line in given(invoice.line_items, []):
        rows.writerow([_cell(value) for value in (*own, *(getattr(line, name) for name in OF_LINE))])
    return _attached(invoice, "text/csv", "csv", out.getvalue().encode())


def _cell(value: object) -> str:
    if value is None or value is UNSET:
        return ""
    return plain(value) if isinstance(value, Decimal) else str(value)


def printed(invoice: BillingResponse, made: datetime) -> Response:
    """Write an invoice as PDF, made at a time."""
    lines = given(invoice.line_items, [])
    number = str(given(invoice.invoice_id, "month to date"))
    sums = given(invoice.total, BillingTotal())
    document = pdf(
        paper(
            "Fastly, Inc.",
            f"Invoice {number}",
            {
                "Customer": given(invoice.customer_id, ""),
                "First day": given(invoice.start_time, "")[:10],
                "Last day": given(invoice.end_time, "")[:10],
                "Terms": given(sums.terms, ""),
            },
            ("Description", "Units", "Rate", "Amount (USD)"),
            [tuple(_cell(v) for v in (one.description, one.units, one.rate_per_unit, one.amount)) for one in lines],
            f"{_cell(sums.cost)} USD",
            made,
        )
    )
    return _attached(invoice, "application/pdf", "pdf", document)


def _attached(invoice: BillingResponse, media: str, ending: str, body: bytes) -> Response:
    name = f"invoice_{given(invoice.invoice_id, 'mtd')}.{ending}"
    return Response(200, {"content-type": media, "content-disposition": f"attachment; filename={name}"}, body)
