"""What the tests of CockroachDB Cloud share: bills made from an invoice."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from billfold.collect.workspace import Workspace
from billfold.ledger import catalog, query
from billfold.model.bill import Bill
from billfold.model.focus import CostAndUsage
from billfold.providers.cockroach import PROVIDER
from billfold.providers.cockroach.api import GetInvoice
from billfold.wire import codec
from tests.ledger.kit import collected
from tests.providers.kit import SavedAnswers, list_rows

INVOICE = {"invoice_id": "i-1", "status": "FINALIZED", "period_start": "2026-10-01T00:00:00Z",
           "period_end": "2026-11-01T00:00:00Z", "totals": [{"amount": 2, "currency": "USD"}]}  # fmt: skip
LINE = {"description": "Compute", "quantity": 2, "quantity_unit": "VCPU_HOURS", "unit_cost": 1,
        "total": {"amount": 2, "currency": "USD"}}  # fmt: skip


def save_invoice(body: Any) -> SavedAnswers:
    """Return the answer to a request for a single invoice."""
    return SavedAnswers((GetInvoice(invoice_id="i-1"), body))


def make_item(*lines: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Return a cluster's part of an invoice."""
    return {"cluster": {"id": "c-1", "name": "orders"}, "line_items": list(lines)} | fields


def read_bills(**fields: Any) -> list[Bill]:
    """Return the bills of an invoice."""
    return list(PROVIDER.read_bills(save_invoice(INVOICE | fields)))


def read_rows(**fields: Any) -> list[CostAndUsage]:
    """Return the charges of an invoice."""
    return [row for bill in read_bills(**fields) for row in list_rows(bill)]


def make_amount(number: Any, currency: str = "USD") -> dict[str, Any]:
    """Return an amount of money."""
    return {"amount": Decimal(str(number)), "currency": currency}


def make_line(number: Any, currency: str = "USD", **fields: Any) -> dict[str, Any]:
    """Return a line that costs so much."""
    return LINE | {"quantity": 1, "unit_cost": Decimal(str(number)), "total": make_amount(number, currency)} | fields


def book_invoice(directory: Path, **fields: Any) -> list[tuple[Any, ...]]:
    """Collect an invoice into a ledger, and return its current bills: invoice, total, and why it is parked."""
    workspace = Workspace(directory)
    try:
        collected(workspace, codec.encode_json({"invoices": [INVOICE | fields]}))
        with workspace.open_ledger() as db:
            bills = catalog.list_bills(db, query.LedgerFilter())
            return [(bill.invoice_id, bill.total, bill.parked) for bill in bills]
    finally:
        workspace.close()
