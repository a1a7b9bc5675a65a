"""A v2 invoice as a file: CSV with the JSON's keys as columns, and a PDF to look at.

No sample of the CSV is public; a sibling export of the vendor's has the JSON keys as header row.
"""

from __future__ import annotations

import csv
import io
from datetime import datetime
from decimal import Decimal

from billfold.model.money import format_decimal
from billfold.providers.fastly.records_v2 import BillingResponse, BillingResponseLineItem, BillingStatus, BillingTotal
from billfold.providers.invoice_pdf import make_paper, render_pdf
from billfold.wire.codec import UNSET, get_or
from billfold.wire.message import Response

# GUESS: the CSV's columns, and that the invoice's own are repeated in every row.
INVOICE_COLUMNS = ("customer_id", "invoice_id", "start_time", "end_time", "status", "cost")
LINE_COLUMNS = BillingResponseLineItem.__struct_fields__


def render_invoice_csv(invoice: BillingResponse) -> Response:
    """Write an invoice as CSV: one row a line, the invoice's own columns repeated in each."""
    invoice_values = (
        invoice.customer_id,
        invoice.invoice_id,
        invoice.start_time,
        invoice.end_time,
        get_or(invoice.status, BillingStatus()).status,
        get_or(invoice.total, BillingTotal()).cost,
    )
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow((*INVOICE_COLUMNS, *LINE_COLUMNS))
    for line in get_or(invoice.line_items, []):
        writer.writerow(
            [_format_cell(value) for value in (*invoice_values, *(getattr(line, column) for column in LINE_COLUMNS))]
        )
    return _attach_file(invoice, "text/csv", "csv", buffer.getvalue().encode())


def _format_cell(value: object) -> str:
    if value is None or value is UNSET:
        return ""
    return format_decimal(value) if isinstance(value, Decimal) else str(value)


def render_invoice_pdf(invoice: BillingResponse, created_at: datetime) -> Response:
    """Write an invoice as PDF, made at a time."""
    lines = get_or(invoice.line_items, [])
    invoice_number = str(get_or(invoice.invoice_id, "month to date"))
    sums = get_or(invoice.total, BillingTotal())
    document = render_pdf(
        make_paper(
            "Fastly, Inc.",
            f"Invoice {invoice_number}",
            {
                "Customer": get_or(invoice.customer_id, ""),
                "First day": get_or(invoice.start_time, "")[:10],
                "Last day": get_or(invoice.end_time, "")[:10],
                "Terms": get_or(sums.terms, ""),
            },
            ("Description", "Units", "Rate", "Amount (USD)"),
            [
                tuple(_format_cell(value) for value in (line.description, line.units, line.rate_per_unit, line.amount))
                for line in lines
            ],
            f"{_format_cell(sums.cost)} USD",
            created_at,
        )
    )
    return _attach_file(invoice, "application/pdf", "pdf", document)


def _attach_file(invoice: BillingResponse, media_type: str, extension: str, body: bytes) -> Response:
    file_name = f"invoice_{get_or(invoice.invoice_id, 'mtd')}.{extension}"
    return Response(200, {"content-type": media_type, "content-disposition": f"attachment; filename={file_name}"}, body)
