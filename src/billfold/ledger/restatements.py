"""What changed: restated invoices, with the lines that moved and the money.

A restatement is another charge, another total or another period than a trusted version had before; what was parked
between the two is passed over. Another due date, term or purchase order is kept as a version of its own, but it restates
nothing that was paid for, and so does the same total told by a source that says more. Where the newest version is parked, or in another currency, no line has moved yet.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import duckdb

from billfold.ledger.query import Filter, dicts, narrowed
from billfold.model.money import EXACT, least, shown

_VERSIONS = """
WITH versions AS (SELECT * FROM bills WHERE state = 'issued' AND from_seq <= $seq),
     trusted AS (SELECT *, lead(id) OVER (PARTITION BY provider, account, bill_key ORDER BY from_seq, id) AS following
                 FROM versions WHERE parked IS NULL),
     newest AS (SELECT * FROM versions
                QUALIFY row_number() OVER (PARTITION BY provider, account, bill_key ORDER BY from_seq DESC, id DESC) = 1)
"""
_CHANGES = """
SELECT b.provider, a.name AS account, b.invoice_id, b.period_start, b.currency, r.ended AS seen_at, b.total AS was, new.total AS "is",
       new.parked, new.currency AS told_in, b.id AS old_bill, new.id AS new_bill, new.from_seq
FROM trusted b JOIN accounts a USING (provider, account)
JOIN versions new ON new.provider = b.provider AND new.account = b.account AND new.invoice_id = b.invoice_id
JOIN runs r ON r.run = new.run
WHERE (new.id = b.following AND (
          new.grade <= b.grade
              AND (b.content <> new.content OR b.period_start <> new.period_start OR b.period_end <> new.period_end)
          OR TRY_CAST(b.total AS DECIMAL(38,12)) <> TRY_CAST(new.total AS DECIMAL(38,12)))
       OR b.following IS NULL AND new.parked IS NOT NULL AND new.bill_key = b.bill_key AND new.from_seq > b.from_seq
          AND new.id IN (SELECT id FROM newest)
       OR b.following IS NULL AND new.currency <> b.currency AND new.from_seq = b.until_seq)
"""
"""Trusted versions ``b`` of invoices that are told otherwise: by the next trusted one, or now parked, or in another currency."""

_INNER = {"old_bill", "new_bill", "from_seq", "parked", "told_in"}
_LINES = """
SELECT InvoiceDetailId AS detail, ChargeDescription AS description, ChargeCategory AS category,
       CASE WHEN BillingCurrency = $currency THEN BilledCost ELSE PricingCurrencyEffectiveCost END AS cost
FROM charges WHERE bill = $bill
"""


def changed(db: duckdb.DuckDBPyConnection, since: int) -> list[dict[str, Any]]:
    """Return every change of an issued invoice that was seen after an archive number and is believed, without the lines."""
    return [row for row in _changes(db, Filter()) if row["from_seq"] > since and not row["parked"]]


def restatements(db: duckdb.DuckDBPyConnection, wanted: Filter | None = None) -> list[dict[str, Any]]:
    """Return every change of an issued invoice: when it was seen, its total before and after, the lines that moved.

    ``instead`` says what it is told as now where that cannot be compared; ``difference`` is None then, and no line moved.
    """
    return [_event(db, row) for row in _changes(db, wanted or Filter())]


def _changes(db: duckdb.DuckDBPyConnection, wanted: Filter) -> list[dict[str, Any]]:
    condition, values = narrowed(wanted)
    rows = dicts(db.execute(f"{_VERSIONS} {_CHANGES} AND {condition} ORDER BY ALL", values))
    return [row | {"instead": _instead(row)} for row in rows]


def _instead(row: dict[str, Any]) -> str | None:
    if row["parked"]:
        return f"what it is told as now is parked, not counted: {row['parked']}"
    return None if row["told_in"] == row["currency"] else f"it is told in {row['told_in']} now: {shown(row['is'])}"


def _event(db: duckdb.DuckDBPyConnection, row: dict[str, Any]) -> dict[str, Any]:
    old, new = row["old_bill"], row["new_bill"]
    row = {name: value for name, value in row.items() if name not in _INNER}
    if row["instead"]:
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
