"""The taxes that booked invoices do not show in any line: at which rates they were derived, as evidence for later ones."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal

from billfold.ledger.store import OpenLedger
from billfold.model.bill import DerivedTax

MAX_CONFIRMING_BILLS = 64
"""The latest bills are asked: a rate that is not among theirs is none of today."""


def list_derived_taxes(db: OpenLedger, bill_ids: Sequence[int]) -> list[DerivedTax]:
    """Return what the latest of these bills have beyond their lines and was taken for tax, with its rate."""
    latest_ids = sorted(bill_ids)[-MAX_CONFIRMING_BILLS:]
    for bill_id in latest_ids:
        db.close_part_of(bill_id)
    if not latest_ids:
        return []
    query = f"""SELECT "InvoiceId", "BillingAccountId", "BilledCost", "x_Details" FROM charges
                WHERE bill IN ({", ".join(map(str, latest_ids))}) AND "x_Synthetic" AND "ChargeCategory" = 'Tax' ORDER BY ALL"""
    return [
        DerivedTax(invoice_id, customer, cost, details["TaxBase"], Decimal(details["TaxRate"]))
        for invoice_id, customer, cost, details_text in db.execute(query).fetchall()
        if "TaxRate" in (details := json.loads(details_text or "{}"))
    ]
