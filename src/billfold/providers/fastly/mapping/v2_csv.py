"""The CSV file of a v2 invoice, read as the record that its JSON would have been."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import msgspec

from billfold.model.errors import Unreadable
from billfold.providers.fastly.records import BillingResponse
from billfold.providers.provider import Answer


def tables(answer: Answer) -> Iterator[tuple[BillingResponse, str]]:
    """Read the invoice in a CSV file; a PDF holds nothing that can be booked."""
    if answer.response.media_type == "application/pdf" or answer.response.body.startswith(b"%PDF"):
        return
    words = answer.response.body.decode("utf-8-sig", "replace")
    rows = list(csv.DictReader(io.StringIO(words, newline="")))
    if not rows or "amount" not in rows[0]:
        raise Unreadable("the CSV has no lines with an amount")
    # GUESS: the columns of the CSV are the JSON keys, those of the invoice repeated in every row.
    known = {key: rows[0].get(key) or None for key in ("customer_id", "invoice_id", "start_time", "end_time")}
    known |= {key: known[key] or _argument(answer, key) for key in ("customer_id", "invoice_id")}
    found = {
        **{key: value for key, value in known.items() if value},
        "status": {"status": rows[0].get("status") or None},
        "total": {"cost": rows[0].get("cost") or None},
        "line_items": [{key: value for key, value in row.items() if key and value} for row in rows],
    }
    try:
        yield msgspec.convert(found, BillingResponse, strict=False), "$"
    except (msgspec.ValidationError, ArithmeticError) as error:
        raise Unreadable(f"the CSV does not hold an invoice: {error}") from error


def _argument(answer: Answer, name: str) -> str | None:
    said = str(getattr(answer.op, name, ""))
    return said if said != "unknown" else None
