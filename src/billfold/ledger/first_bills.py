"""When each invoice was first there: the first version of it that was counted, and the run that brought it."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from billfold.ledger.query import BILLS_JOIN, LedgerFilter, build_filter_condition
from billfold.ledger.store import OpenLedger

_FIRST_SQL = f"""
SELECT b.provider, a.name AS account, b.invoice_id, b.period_start, b.period_end, b.currency, b.total, b.due_on, b.corrects,
       r.asked AS asked_at
FROM {BILLS_JOIN} JOIN runs r ON r.run = b.run
WHERE b.state = 'issued' AND b.parked IS NULL AND b.invoice_id IS NOT NULL AND b.from_seq <= $seq AND {{condition}}
QUALIFY row_number() OVER (PARTITION BY b.provider, b.account, b.bill_key ORDER BY b.from_seq, b.id) = 1
ORDER BY ALL"""


class FirstBill(NamedTuple):
    """An invoice as it was first counted; ``asked_at`` is the vendor's time of the run that brought it."""

    provider: str
    account: str
    invoice_id: str
    period_start: datetime
    period_end: datetime
    currency: str
    total: str | None
    due_on: datetime | None
    corrects: str | None
    asked_at: datetime


def list_first_bills(db: OpenLedger, filters: LedgerFilter) -> list[FirstBill]:
    """Return every invoice that was ever counted, as it was first."""
    condition, values = build_filter_condition(filters)
    return db.select(FirstBill, _FIRST_SQL.format(condition=condition), values)
