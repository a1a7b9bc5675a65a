"""What changed: restated invoices, with the lines that moved and the money.

A restatement is another charge, another total or another period than a trusted version had before; what was parked
between the two is passed over. Another due date, term or purchase order is kept as a version of its own, but it restates
nothing that was paid for, and so does the same total told by a source that says more. Where the newest version is parked, or in another currency, no line has moved yet.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import duckdb

from billfold.ledger.query import LedgerFilter, build_filter_condition, fetch_dicts
from billfold.model.money import EXACT_CONTEXT, format_amount, format_trimmed

_VERSIONS_SQL = """
WITH versions AS (SELECT * FROM bills WHERE state = 'issued' AND from_seq <= $seq),
     trusted AS (SELECT *, lead(id) OVER (PARTITION BY provider, account, bill_key ORDER BY from_seq, id) AS following
                 FROM versions WHERE parked IS NULL),
     newest AS (SELECT * FROM versions
                QUALIFY row_number() OVER (PARTITION BY provider, account, bill_key ORDER BY from_seq DESC, id DESC) = 1)
"""
_CHANGES_SQL = """
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

_INTERNAL_COLUMNS = {"old_bill", "new_bill", "from_seq", "parked", "told_in"}
_LINES_SQL = """
SELECT InvoiceDetailId AS detail, ChargeDescription AS description, ChargeCategory AS category,
       CASE WHEN BillingCurrency = $currency THEN BilledCost ELSE PricingCurrencyEffectiveCost END AS cost
FROM charges WHERE bill = $bill
"""


def list_changes_since(db: duckdb.DuckDBPyConnection, after_seq: int) -> list[dict[str, Any]]:
    """Return every change of an issued invoice that was seen after an archive number and is believed, without the lines."""
    return [row for row in _select_changes(db, LedgerFilter()) if row["from_seq"] > after_seq and not row["parked"]]


def list_restatements(db: duckdb.DuckDBPyConnection, filters: LedgerFilter | None = None) -> list[dict[str, Any]]:
    """Return every change of an issued invoice: when it was seen, its total before and after, the lines that moved.

    ``instead`` says what it is told as now where that cannot be compared; ``difference`` is None then, and no line moved.
    """
    return [_build_restatement(db, row) for row in _select_changes(db, filters or LedgerFilter())]


def _select_changes(db: duckdb.DuckDBPyConnection, filters: LedgerFilter) -> list[dict[str, Any]]:
    condition, values = build_filter_condition(filters)
    rows = fetch_dicts(db.execute(f"{_VERSIONS_SQL} {_CHANGES_SQL} AND {condition} ORDER BY ALL", values))
    return [row | {"instead": _explain_incomparable(row)} for row in rows]


def _explain_incomparable(row: dict[str, Any]) -> str | None:
    if row["parked"]:
        return f"what it is told as now is parked, not counted: {row['parked']}"
    return (
        None if row["told_in"] == row["currency"] else f"it is told in {row['told_in']} now: {format_amount(row['is'])}"
    )


def _build_restatement(db: duckdb.DuckDBPyConnection, row: dict[str, Any]) -> dict[str, Any]:
    old_bill, new_bill = row["old_bill"], row["new_bill"]
    row = {name: value for name, value in row.items() if name not in _INTERNAL_COLUMNS}
    if row["instead"]:
        return row | {"difference": None, "gone": [], "come": []}
    moved_lines = {
        "gone": _subtract_lines(db, old_bill, new_bill, row["currency"]),
        "come": _subtract_lines(db, new_bill, old_bill, row["currency"]),
    }
    return (
        row
        | {"difference": format_trimmed(EXACT_CONTEXT.subtract(Decimal(row["is"]), Decimal(row["was"])))}
        | moved_lines
    )


def _subtract_lines(
    db: duckdb.DuckDBPyConnection, bill_id: int, other_bill_id: int, currency: str
) -> list[dict[str, Any]]:
    lines_sql, other_lines_sql = _LINES_SQL.replace("$bill", "$one"), _LINES_SQL.replace("$bill", "$other")
    values = {"one": bill_id, "other": other_bill_id, "currency": currency}
    return fetch_dicts(db.execute(f"{lines_sql} EXCEPT ALL {other_lines_sql} ORDER BY ALL", values))
