"""Bills that came into a month which was invoiced long before: its sum is another now, though no invoice of it changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from billfold.ledger.query import BILLS_JOIN
from billfold.ledger.store import OpenLedger
from billfold.model.finding import AccountFinding, make_finding
from billfold.model.finding_codes import FindingCode
from billfold.model.money import format_amount
from billfold.model.period import Month

LATE_AFTER_DAYS = 10
"""How many days after the end of its period a bill is issued at least that comes late."""
_LATE_SQL = f"""
SELECT b.provider, a.name AS account, b.invoice_id, b.period_start, b.issued_on, b.total, b.currency, b.corrects
FROM {BILLS_JOIN}
WHERE b.state = 'issued' AND b.parked IS NULL AND b.until_seq IS NULL AND b.from_seq > $seq
  AND (b.corrects IS NOT NULL OR starts_with(b.total, '-')
       OR b.issued_on >= b.period_end + INTERVAL {LATE_AFTER_DAYS} DAY)
  AND NOT EXISTS (FROM bills e WHERE e.provider = b.provider AND e.account = b.account AND e.bill_key = b.bill_key
                  AND e.from_seq <= $seq)
  AND EXISTS (FROM bills o WHERE o.provider = b.provider AND o.account = b.account AND o.period_start = b.period_start
              AND o.state = 'issued' AND o.parked IS NULL AND o.from_seq <= $seq)
ORDER BY ALL"""


class _LateBill(NamedTuple):
    provider: str
    account: str
    invoice_id: str
    period_start: datetime
    issued_on: datetime
    total: str
    currency: str
    corrects: str | None


def find_late_posts(db: OpenLedger, after_seq: int) -> Iterator[AccountFinding]:
    """Yield the bills that came after an archive number, into a month that had a trusted invoice before it."""
    for bill in db.select(_LateBill, _LATE_SQL, {"seq": after_seq}):
        month, issued_on = Month.of(bill.period_start), bill.issued_on.date()
        kind = f"corrects invoice {bill.corrects}" if bill.corrects else "is of a month that was invoiced before"
        text = f"{kind}: {format_amount(bill.total)} {bill.currency} for {month}, issued on {issued_on}"
        names = {"month": month, "issued_on": issued_on, "total": bill.total, "currency": bill.currency}
        finding = make_finding(FindingCode.BILL_POSTED_LATE, text, bill.invoice_id, **names)
        yield AccountFinding(bill.provider, bill.account, str(month), finding)
