"""What the tests of Fastly share: its samples, and bills made from answers like them."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from billfold.model.bill import Bill
from billfold.model.money import exact_sum
from billfold.providers import fastly
from billfold.providers.fastly import PROVIDER
from billfold.providers.fastly.api import GetInvoiceByInvoiceId
from billfold.providers.fastly.api_v2 import GetInvoiceById
from billfold.wire.operation import Operation
from tests.providers.kit import SavedAnswers, list_rows

HOME = Path(str(fastly.__file__)).parent
SAMPLES = HOME / "samples"
V2_REQUEST = GetInvoiceById(customer_id="c", invoice_id=1)
V3_REQUEST = GetInvoiceByInvoiceId(invoice_id=1)


def read_sample(name: str) -> Any:
    return json.loads((SAMPLES / name).read_bytes(), parse_float=Decimal)


def read_bills(op: Operation[Any], body: Any) -> list[Bill]:
    """Return the bills of a single answer."""
    return list(PROVIDER.read_bills(SavedAnswers((op, body))))


def sum_costs(bill: Bill) -> Decimal:
    """Return the sum of a bill's charges."""
    return exact_sum([row.BilledCost or Decimal(0) for row in list_rows(bill)])


def make_invoice(**fields: Any) -> dict[str, Any]:
    """Return the sample of a v3 invoice with these fields; the value absent leaves a field out."""
    body = read_sample("synthetic/v3_invoice.json")
    return {key: value for key, value in {**body, **fields}.items() if value != "absent"}


def make_v2_invoice(**fields: Any) -> dict[str, Any]:
    """Return the sample of a v2 invoice with these fields."""
    return {**read_sample("synthetic/v2_invoice.json"), **fields}
