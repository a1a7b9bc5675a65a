"""What the tests of Vultr share: its samples, and bills made from answers like them."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from billfold.model.bill import Bill
from billfold.model.focus import CostAndUsage
from billfold.providers import vultr
from billfold.providers.vultr import PROVIDER
from billfold.providers.vultr.api import GetInvoiceItems, ListInvoices
from billfold.wire.operation import Operation
from tests.providers.kit import SavedAnswers, list_rows
from tests.stage import whole

HOME = Path(str(vultr.__file__)).parent
SAMPLES = HOME / "samples"
LINES_REQUEST = GetInvoiceItems(invoice_id="5317720")


def read_sample(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


def read_bills(*answers: tuple[Operation[Any], bytes | dict[str, Any]]) -> list[tuple[Bill, list[CostAndUsage]]]:
    """Return the bills of these answers, each with its charges."""
    bills = [whole(bill) for bill in PROVIDER.read_bills(SavedAnswers(*answers))]
    return [(bill, list_rows(bill)) for bill in bills]


def read_bill(*items: dict[str, Any], amount: Any = Decimal("2.35"), **changes: Any) -> tuple[Bill, list[CostAndUsage]]:
    """Return the first bill of an invoice and these lines, with its charges."""
    return read_bills(make_invoice_answer(amount=amount, **changes), (LINES_REQUEST, make_page(*items)))[0]


def make_item(**changes: Any) -> dict[str, Any]:
    """Return the recorded line of an invoice with these fields; an ellipsis leaves a field out."""
    recorded = json.loads(read_sample("govultr_invoice_items.json"))["invoice_items"][0]
    return {key: value for key, value in {**recorded, **changes}.items() if value is not Ellipsis}


def make_page(*items: dict[str, Any], key: str = "invoice_items", **meta: Any) -> dict[str, Any]:
    """Return a page that is a whole list."""
    return {key: list(items), "meta": {"total": len(items), "links": {"next": "", "prev": ""}, **meta}}


def make_invoice_answer(**changes: Any) -> tuple[Operation[Any], dict[str, Any]]:
    """Return the list of invoices with the recorded invoice alone, with these fields."""
    recorded = json.loads(read_sample("govultr_invoices.json"))["billing_invoices"][0]
    return ListInvoices(), make_page({**recorded, **changes}, key="billing_invoices")
