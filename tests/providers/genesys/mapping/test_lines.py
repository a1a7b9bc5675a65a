"""The price of a line of Genesys Cloud."""

from __future__ import annotations

import json
from decimal import Decimal

import msgspec
import pytest

from billfold.providers.genesys.api import GetBillingContracts, GetBillingContractsInvoices
from tests.providers.genesys.kit import LINES_REQUEST, OPERATIONS, make_seats_line, read_bills, read_sample
from tests.providers.kit import list_rows


@pytest.mark.parametrize("is_reversed", [False, True])
def test_price_follows_service_date(is_reversed: bool) -> None:
    """Where a position's price changed, the price on the days of the service counts."""
    contract = read_sample("contract.v269")
    item = contract["plans"][0]["items"][0] | {"dateEffectiveStart": "2026-01-01", "discountAmount": Decimal("2.50")}
    old = item | {"itemNumber": "10", "price": 100, "overagePrice": 120, "dateEffectiveEnd": "2026-09-30"}
    new = item | {
        "itemNumber": "11",
        "price": 195,
        "dateEffectiveStart": "2026-10-01",
        "dateEffectiveEnd": "2026-12-31",
    }
    contract["plans"][0]["items"] = [new, old] if is_reversed else [old, new]
    september_seats = make_seats_line(dateStart="2026-09-01", dateEnd="2026-09-30", amount=Decimal("8000.00"), id="L2")
    invoice = {"id": "INV7", "dateInvoiced": "2026-11-01", "currencyIsoCode": "USD", "customerPoNumber": "PO-2026-011"}
    answers = (
        (GetBillingContracts(), {"entities": [contract]}),
        (GetBillingContractsInvoices(), {"entities": [invoice | {"amount": Decimal("23600.00")}]}),
        (msgspec.structs.replace(LINES_REQUEST, invoice_id="INV7"), {"entities": [make_seats_line(), september_seats]}),
    )
    rows = list_rows(read_bills(*answers)[0])
    assert [(row.x_UnitPrice, row.SkuPriceId) for row in rows] == [
        (Decimal(195), "GC-170-NV-CX3@prepay"),
        (Decimal(100), "GC-170-NV-CX3@prepay"),
    ]
    details = [json.loads(row.x_Details or "") for row in rows]
    assert [detail["PlanItem"] for detail in details] == ["11", "10"]
    assert details[0]["DiscountAmount"] == "2.50"
    (estimate,) = read_bills(answers[0], (OPERATIONS["billingperiod"], read_sample("billingperiod.v269")))
    assert list_rows(estimate)[0].SkuPriceId == "GC-170-NV-CX3@use"
