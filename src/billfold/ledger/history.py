"""What changed: restated invoices, with the lines that moved and the money."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import duckdb

from billfold.ledger.query import FOREVER, dicts
from billfold.model.money import EXACT, plain

_CHANGES = """
SELECT old.provider, a.name AS account, old.invoice_id, old.currency, r.ended AS seen_at, old.total AS was, new.total AS "is",
       old.id AS old_bill, new.id AS new_bill
FROM bills old JOIN bills new ON new.provider = old.provider AND new.account = old.account AND new.bill_key = old.bill_key
     AND new.from_seq = old.until_seq
JOIN accounts a ON a.provider = old.provider AND a.account = old.account JOIN runs r ON r.run = new.run
WHERE old.state = 'issued' AND new.state = 'issued' AND new.from_seq <= $seq AND old.content <> new.content ORDER BY ALL
"""

_LINES = """
SELECT InvoiceDetailId AS detail, ChargeDescription AS description, ChargeCategory AS category,
       CASE WHEN BillingCurrency = $currency THEN BilledCost ELSE PricingCurrencyEffectiveCost END AS cost
FROM charges WHERE bill = $bill
"""


def restatements(db: duckdb.DuckDBPyConnection, seq: int = FOREVER) -> list[dict[str, Any]]:
    """Return every change of an issued invoice: when it was seen, its total before and after, the lines that moved."""
    return [_event(db, row) for row in dicts(db.execute(_CHANGES, {"seq": seq}))]


def _event(db: duckdb.DuckDBPyConnection, row: dict[str, Any]) -> dict[str, Any]:
    old, new = row.pop("old_bill"), row.pop("new_bill")
    moved = {
        "gone": _difference(db, old, new, row["currency"]),
        "come": _difference(db, new, old, row["currency"]),
    }
    return row | {"difference": plain(EXACT.subtract(Decimal(row["is"]), Decimal(row["was"])))} | moved


def _difference(db: duckdb.DuckDBPyConnection, one: int, other: int, currency: str) -> list[dict[str, Any]]:
    mine, theirs = _LINES.replace("$bill", "$one"), _LINES.replace("$bill", "$other")
    values = {"one": one, "other": other, "currency": currency}
    return dicts(db.execute(f"{mine} EXCEPT ALL {theirs} ORDER BY ALL", values))
