"""What changed: restated invoices, with the lines that moved and the money.

A restatement is another charge, another total or another period than a trusted version had before; what was parked
between the two is passed over. Another due date, term or purchase order is kept as a version of its own, but it restates
nothing that was paid for, and so does the same total told by a source that says more. Where the newest version is parked, or in another currency, no line has moved yet.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from billfold.ledger.query import LedgerFilter, build_filter_condition
from billfold.ledger.store import OpenLedger
from billfold.model.money import EXACT_CONTEXT, format_amount, format_trimmed

_VERSIONS_SQL = """
WITH versions AS (SELECT * FROM bills WHERE state = 'issued' AND from_seq <= $seq),
     trusted AS (SELECT *, lead(id) OVER (PARTITION BY provider, account, bill_key ORDER BY from_seq, id) AS following
                 FROM versions WHERE parked IS NULL),
     newest AS (SELECT * FROM versions
                QUALIFY row_number() OVER (PARTITION BY provider, account, bill_key ORDER BY from_seq DESC, id DESC) = 1)
"""
_CHANGES_SQL = """
SELECT b.provider, a.name AS account, b.invoice_id, b.period_start, b.currency, r.asked AS seen_at, b.total AS old_total,
       new.total AS new_total, new.parked, new.currency AS new_currency, b.id AS old_bill, new.id AS new_bill, new.from_seq
FROM trusted b JOIN accounts a USING (provider, account)
JOIN versions new ON new.provider = b.provider AND new.account = b.account AND new.invoice_id = b.invoice_id
JOIN runs r ON r.run = new.run
WHERE (new.id = b.following AND (
          new.grade <= b.grade
              AND (b.content <> new.content OR b.period_start <> new.period_start OR b.period_end <> new.period_end)
          OR TRY_CAST(b.total AS DECIMAL(38,12)) <> TRY_CAST(new.total AS DECIMAL(38,12)))
       OR b.following IS NULL AND new.parked IS NOT NULL AND new.bill_key = b.bill_key AND new.from_seq > b.from_seq
          AND new.id IN (SELECT id FROM newest) AND (new.until_seq IS NULL OR new.until_seq > $seq)
       OR b.following IS NULL AND new.currency <> b.currency AND new.from_seq = b.until_seq)
"""
"""Trusted versions ``b`` of invoices that are told otherwise: by the next trusted one, or now parked, or in another currency."""

_LINES_SQL = """
SELECT InvoiceDetailId AS detail, ChargeDescription AS description, ChargeCategory AS category,
       CASE WHEN BillingCurrency = $currency THEN BilledCost ELSE PricingCurrencyEffectiveCost END AS cost
FROM ({charges})
"""


class Change(NamedTuple):
    """An issued invoice that is told otherwise than a trusted version had it: when that was seen, by the vendor's time, both totals.

    ``parked`` says why the new version is not counted, where it is not; ``new_currency`` is the one it is told in.
    """

    provider: str
    account: str
    invoice_id: str
    period_start: datetime
    currency: str
    seen_at: datetime
    old_total: str
    new_total: str | None
    parked: str | None
    new_currency: str
    old_bill: int
    new_bill: int
    from_seq: int

    @property
    def incomparable(self) -> str | None:
        """What it is told as now, where that cannot be compared with what it was."""
        if self.parked:
            return f"what it is told as now is parked, not counted: {self.parked}"
        if self.new_currency == self.currency:
            return None
        return f"it is told in {self.new_currency} now: {format_amount(self.new_total)}"


class MovedLine(NamedTuple):
    """A charge that one of two versions of an invoice has and the other has not."""

    detail: str | None
    description: str | None
    category: str | None
    cost: Decimal | None


class Restatement(NamedTuple):
    """A change with the money and the lines that moved; where it cannot be compared, there is no difference and no line."""

    change: Change
    difference: str | None
    gone: list[MovedLine]
    come: list[MovedLine]


def list_changes_since(ledger: OpenLedger, after_seq: int) -> list[Change]:
    """Return every change of an issued invoice that was seen after an archive number and is believed."""
    changes = _select_changes(ledger, LedgerFilter())
    return [change for change in changes if change.from_seq > after_seq and not change.parked]


def list_restatements(ledger: OpenLedger, filters: LedgerFilter | None = None) -> list[Restatement]:
    """Return every change of an issued invoice, with the lines that moved."""
    return [_build_restatement(ledger, change) for change in _select_changes(ledger, filters or LedgerFilter())]


def _select_changes(ledger: OpenLedger, filters: LedgerFilter) -> list[Change]:
    condition, values = build_filter_condition(filters)
    return ledger.select(Change, f"{_VERSIONS_SQL} {_CHANGES_SQL} AND {condition} ORDER BY ALL", values)


def _build_restatement(ledger: OpenLedger, change: Change) -> Restatement:
    if change.incomparable or change.new_total is None:
        return Restatement(change, None, [], [])
    difference = EXACT_CONTEXT.subtract(Decimal(change.new_total), Decimal(change.old_total))
    gone_lines = _subtract_lines(ledger, change.old_bill, change.new_bill, change.currency)
    come_lines = _subtract_lines(ledger, change.new_bill, change.old_bill, change.currency)
    return Restatement(change, format_trimmed(difference), gone_lines, come_lines)


def _subtract_lines(ledger: OpenLedger, bill_id: int, other_bill_id: int, currency: str) -> list[MovedLine]:
    lines_sql, other_lines_sql = (
        _LINES_SQL.format(charges=ledger.build_bill_sql(one_bill_id)) for one_bill_id in (bill_id, other_bill_id)
    )
    query = f"{lines_sql} EXCEPT ALL {other_lines_sql} ORDER BY ALL"
    return ledger.select(MovedLine, query, {"currency": currency})
