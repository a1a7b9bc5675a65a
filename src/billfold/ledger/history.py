"""What changed: restated invoices, with the lines that moved and the money.

A restatement is another charge, another total or another period. Another due date, term or purchase order is kept as a
version of its own, but it restates nothing that was paid for; nor does what follows a bill that was parked. Of a newer
version that is parked no line has moved yet: what it says is not believed.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import duckdb

from billfold.ledger.query import BILLED, Filter, dicts, narrowed
from billfold.model.money import EXACT, least

_CHANGES = f"""
SELECT b.provider, a.name AS account, b.invoice_id, b.period_start, b.currency, r.ended AS seen_at, b.total AS was, new.total AS "is", new.parked,
       b.id AS old_bill, new.id AS new_bill, new.from_seq
FROM {BILLED} JOIN bills new ON new.provider = b.provider AND new.account = b.account AND new.bill_key = b.bill_key
     AND new.from_seq = b.until_seq
JOIN runs r ON r.run = new.run
WHERE b.state = 'issued' AND new.state = 'issued' AND b.parked IS NULL AND new.from_seq <= $seq AND (
          b.content <> new.content OR b.period_start <> new.period_start OR b.period_end <> new.period_end
          OR new.total IS NULL OR TRY_CAST(b.total AS DECIMAL(38,12)) <> TRY_CAST(new.total AS DECIMAL(38,12)))
"""
"""Bills ``b`` that another one followed."""

_LINES = """
SELECT InvoiceDetailId AS detail, ChargeDescription AS description, ChargeCategory AS category,
       CASE WHEN BillingCurrency = $currency THEN BilledCost ELSE PricingCurrencyEffectiveCost END AS cost
FROM charges WHERE bill = $bill
"""


def changed(db: duckdb.DuckDBPyConnection, since: int) -> list[dict[str, Any]]:
    """Return every change of an issued invoice that was seen after an archive number, without the lines."""
    return [row for row in _changes(db, Filter()) if row["from_seq"] > since]


def restatements(db: duckdb.DuckDBPyConnection, wanted: Filter | None = None) -> list[dict[str, Any]]:
    """Return every change of an issued invoice: when it was seen, its total before and after, the lines that moved.

    ``difference`` is None, and no line has moved, where the newer version is parked; ``parked`` says why it is.
    """
    return [_event(db, row) for row in _changes(db, wanted or Filter())]


def _changes(db: duckdb.DuckDBPyConnection, wanted: Filter) -> list[dict[str, Any]]:
    condition, values = narrowed(wanted)
    return dicts(db.execute(f"{_CHANGES} AND {condition} ORDER BY ALL", values))


def _event(db: duckdb.DuckDBPyConnection, row: dict[str, Any]) -> dict[str, Any]:
    old, new, _ = row.pop("old_bill"), row.pop("new_bill"), row.pop("from_seq")
    if row["parked"]:
        return row | {"difference": None, "gone": [], "come": []}
    moved = {
        "gone": _difference(db, old, new, row["currency"]),
        "come": _difference(db, new, old, row["currency"]),
    }
    return row | {"difference": least(EXACT.subtract(Decimal(row["is"]), Decimal(row["was"])))} | moved


def _difference(db: duckdb.DuckDBPyConnection, one: int, other: int, currency: str) -> list[dict[str, Any]]:
    mine, theirs = _LINES.replace("$bill", "$one"), _LINES.replace("$bill", "$other")
    values = {"one": one, "other": other, "currency": currency}
    return dicts(db.execute(f"{mine} EXCEPT ALL {theirs} ORDER BY ALL", values))
