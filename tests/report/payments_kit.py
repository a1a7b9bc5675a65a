"""Made-up invoices and payments of a vendor, as the ledger has them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from billfold.ledger.catalog import BillRow
from billfold.ledger.payments import PaymentRow
from billfold.model.payment import BankEntry, PaymentKind
from billfold.model.period import Month, parse_instant

NOW = parse_instant("2026-11-15T00:00:00Z")


def day(text: str) -> datetime:
    """Return midnight of a day of 2026, written ``09-01``."""
    return parse_instant(f"2026-{text}T00:00:00Z")


def invoice(number: int, total: str, issued: str = "09-01", **fields: Any) -> BillRow:
    """Make an issued invoice ``i-100N`` of the month before its date."""
    issued_on = day(issued)
    month = Month.of(issued_on).add_months(-1)
    values: dict[str, Any] = {
        "id": number,
        "provider": "vultr",
        "account": "cloud",
        "invoice_id": f"i-100{number}",
        "state": "issued",
        "period_start": month.start,
        "currency": "USD",
        "total": total,
        "parked": None,
        "issued_on": issued_on,
        "due_on": None,
        "is_imported": False,
        "is_disputing": False,
        "period_end": month.end,
        "issuer": "Vultr Holdings",
        "purchase_order": None,
        "corrects": None,
        "ended_estimates": None,
        "charges": 1,
    }
    return BillRow(**values | fields)


def row(kind: PaymentKind, name: str, amount: str, paid: str = "09-02") -> PaymentRow:
    """Make a row of the account's history."""
    return PaymentRow("vultr", "cloud", kind, name, None, "USD", day(paid), Decimal(amount), None)


def status(kind: PaymentKind, invoice_id: str) -> PaymentRow:
    """Make what the vendor says of an invoice."""
    return PaymentRow("vultr", "cloud", kind, "", invoice_id, "USD", None, None, None)


def entry(amount: str, text: str, paid: str = "09-02", **fields: Any) -> BankEntry:
    """Make an entry of the bank's statement."""
    return BankEntry(day(paid), Decimal(amount), "USD", text, **fields)
