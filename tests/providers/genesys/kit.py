"""What the tests of Genesys Cloud share: its samples, and bills made from answers like them."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from billfold.model.bill import Bill
from billfold.model.period import Month
from billfold.providers import genesys
from billfold.providers.genesys import PROVIDER
from billfold.providers.genesys.api import (
    GetBillingContract,
    GetBillingContractBillingperiod,
    GetBillingContracts,
    GetBillingContractsInvoiceDocument,
    GetBillingContractsInvoiceLines,
    GetBillingContractsInvoices,
    GetBillingReportsBillableusage,
    GetBillingTrusteebillingoverviewTrustorOrgId,
)
from billfold.wire import codec
from billfold.wire.operation import Operation
from tests.providers.kit import NOW, SavedAnswers

SAMPLES = Path(str(genesys.__file__)).parent / "samples"
SEPTEMBER, OCTOBER = Month(2026, 9).period, Month(2026, 10).period
CONTRACT_ID = "c0ffee00-0000-4000-8000-000000000001"
LINES_REQUEST = GetBillingContractsInvoiceLines(invoice_id="INV0000002")
OPERATIONS: dict[str, Operation[Any]] = {
    "billableusage": GetBillingReportsBillableusage(start_date=NOW, end_date=NOW),
    "billingperiod": GetBillingContractBillingperiod(contract_id=CONTRACT_ID, billing_period_id="202609"),
    "contract": GetBillingContract(contract_id=CONTRACT_ID),
    "contracts": GetBillingContracts(),
    "invoice_document": GetBillingContractsInvoiceDocument(invoice_id="INV0000002"),
    "invoice_lines": LINES_REQUEST,
    "invoices": GetBillingContractsInvoices(),
    "trusteebillingoverview": GetBillingTrusteebillingoverviewTrustorOrgId(trustor_org_id="9d750d63"),
}


def read_sample(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"), parse_float=Decimal)
    return content


def decode_page(op: Operation[Any], body: Any) -> Any:
    """Return the record of an answer with this body."""
    return codec.decode_record(codec.encode_json(body), op.reply)


def read_bills(*answers: tuple[Operation[Any], Any]) -> list[Bill]:
    return list(PROVIDER.read_bills(SavedAnswers(*answers)))


def make_line(number: int, amount: str, **fields: Any) -> dict[str, Any]:
    """Make a line of an invoice."""
    product = {"sku": "GC-1", "name": "Genesys Cloud CX 1", "unitOfMeasure": "User"}
    defaults = {
        "product": product,
        "description": "Genesys Cloud CX 1",
        "dateStart": "2026-10-01",
        "dateEnd": "2026-10-31",
    }
    return {"id": f"L{number}", "quantity": 10, "amount": Decimal(amount), **defaults, **fields}


def make_seats_line(**fields: Any) -> dict[str, Any]:
    """Make a line of seats that are bought in advance."""
    product = {"sku": "GC-170-NV-CX3", "name": "Genesys Cloud CX 3 Concurrent", "unitOfMeasure": "User"}
    defaults = {"product": product, "description": "Genesys Cloud CX 3 Concurrent - Prepay", "quantity": 80}
    return make_line(1, "15600.00", **defaults) | fields


def make_bill(total: str | None, *items: dict[str, Any], **fields: Any) -> Bill:
    """Make the bill of an invoice of November 1 under a single contract."""
    invoice: dict[str, Any] = {
        "id": "INV7",
        "dateInvoiced": "2026-11-01",
        "currencyIsoCode": "USD",
        "paymentTerms": "Net 30",
    }
    invoice |= {"customerPoNumber": "PO-2026-011", "amount": None if total is None else Decimal(total), **fields}
    return read_bills(
        (GetBillingContracts(), {"entities": [read_sample("contract.v269")]}),
        (GetBillingContractsInvoices(), {"entities": [invoice]}),
        (msgspec.structs.replace(LINES_REQUEST, invoice_id="INV7"), {"entities": list(items)}),
    )[0]
