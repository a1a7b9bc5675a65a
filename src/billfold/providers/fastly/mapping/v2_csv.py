"""The CSV file of a v2 invoice, read as the record that its JSON would have been."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping

import msgspec

from billfold.model.errors import InvalidResponse
from billfold.providers.fastly.api_v2 import GetInvoiceByIdFile
from billfold.providers.fastly.records_v2 import BillingResponse
from billfold.providers.provider import ArchivedAnswer


def read_csv_invoice(answer: ArchivedAnswer) -> Iterator[tuple[BillingResponse, str]]:
    """Read the invoice in a CSV file; a PDF holds nothing that can be booked."""
    if answer.response.media_type == "application/pdf" or answer.response.body.startswith(b"%PDF"):
        return
    csv_text = answer.response.body.decode("utf-8-sig", "replace")
    rows = list(csv.DictReader(io.StringIO(csv_text, newline="")))
    if not rows or "amount" not in rows[0]:
        raise InvalidResponse("the CSV has no lines with an amount")
    # GUESS: the columns of the CSV are the JSON keys, those of the invoice repeated in every row.
    invoice_fields = {key: rows[0].get(key) or None for key in ("customer_id", "invoice_id", "start_time", "end_time")}
    invoice_fields |= {key: value for key, value in _read_requested_ids(answer).items() if not invoice_fields[key]}
    invoice_data = {
        **{key: value for key, value in invoice_fields.items() if value},
        "status": {"status": rows[0].get("status") or None},
        "total": {"cost": rows[0].get("cost") or None},
        "line_items": [{key: value for key, value in row.items() if key and value} for row in rows],
    }
    try:
        yield msgspec.convert(invoice_data, BillingResponse, strict=False), "$"
    except (msgspec.ValidationError, ArithmeticError) as error:
        raise InvalidResponse(f"the CSV does not hold an invoice: {error}") from error


def _read_requested_ids(answer: ArchivedAnswer) -> Mapping[str, str]:
    """Return the ids that the question names; that of an imported file may not know them."""
    op = answer.op
    requested_ids = (
        {"customer_id": op.customer_id, "invoice_id": str(op.invoice_id)} if isinstance(op, GetInvoiceByIdFile) else {}
    )
    return {name: value for name, value in requested_ids.items() if value != "unknown"}
