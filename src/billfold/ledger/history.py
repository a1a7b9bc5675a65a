"""What changed: restated invoices, with the lines that moved and the money.

A restatement is another charge, another total or another period. Another due date, term or purchase order is kept as a
version of its own, but it restates nothing that was paid for; nor does what follows a bill that was parked. Of a newer
version that is parked no line has moved yet: what it says is not believed.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import duckdb

from billfold.ledger.query import Filter, dicts
from billfold.model.money import EXACT, least

_CHANGES = """
SELECT old.provider, a.name AS account, old.invoice_id, old.period_start, old.currency, r.ended AS seen_at, old.total AS was, new.total AS "is", new.parked,
       old.id AS old_bill, new.id AS new_bill, new.from_seq
FROM bills old JOIN bills new ON new.provider = old.provider AND new.account = old.account AND new.bill_key = old.bill_key
     AND new.from_seq = old.until_seq
JOIN accounts a ON a.provider = old.provider AND a.account = old.account JOIN runs r ON r.run = new.run
WHERE old.state = 'issued' AND new.state = 'issued' AND old.parked IS NULL AND new.from_seq <= $seq AND (
          old.content <> new.content OR old.period_start <> new.period_start OR old.period_end <> new.period_end
          OR new.total IS NULL OR TRY_CAST(old.total AS DECIMAL(38,12)) <> TRY_CAST(new.total AS DECIMAL(38,12)))
      AND old.provider = coalesce($provider, old.provider) AND a.name = coalesce($account, a.name)
      AND old.period_start >= coalesce($first, old.period_start) AND old.period_end <= coalesce($last, old.period_end)
ORDER BY ALL
"""

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
    first, last = (wanted.first and wanted.first.start), (wanted.last and wanted.last.end)
    values: dict[str, Any] = {"seq": wanted.seq, "provider": wanted.provider, "account": wanted.account}
    values |= {"first": first and first.replace(tzinfo=None), "last": last and last.replace(tzinfo=None)}
    return dicts(db.execute(_CHANGES, values))


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
