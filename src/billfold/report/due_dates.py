"""When invoices are due: as they say, by the terms that were agreed on, or as soon as the account's earlier ones were paid."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from billfold.ledger.catalog import BillRow
from billfold.model.money import exact_sum
from billfold.model.payment_terms import find_due_date
from billfold.report.payment_matching import PaymentShare, read_total

SPARE_TIME = timedelta(days=4)
"""How much later than the latest of the earlier ones an invoice may be paid that states no terms."""
AS_STATED, BY_TERMS, AS_USUAL = "the invoice", "the terms", "as usual"


class DueDate(NamedTuple):
    """When an invoice is due, and what says so; None and "" where nothing does."""

    due_on: datetime | None
    source: str


NO_DUE_DATE = DueDate(None, "")


def find_due(bill: BillRow, agreed_terms: str | None, usual_delay: timedelta | None) -> DueDate:
    """Return when a bill is due; ``usual_delay`` is the longest that an earlier one of the account took."""
    if bill.due_on is not None:
        return DueDate(bill.due_on, AS_STATED)
    if due_on := find_due_date(bill.issued_on, bill.terms or agreed_terms):
        return DueDate(due_on, BY_TERMS)
    if bill.issued_on and usual_delay is not None:
        return DueDate(bill.issued_on + usual_delay + SPARE_TIME, AS_USUAL)
    return NO_DUE_DATE


def find_usual_delay(bills: Iterable[BillRow], shares: Mapping[int, list[PaymentShare]]) -> timedelta | None:
    """Return the longest time after which an account's invoices were paid whole, by its history; None where none was."""
    delays = list[timedelta]()
    for bill in bills:
        times = [share.paid_at for share in shares.get(bill.id, []) if share.paid_at]
        is_whole = exact_sum(share.amount for share in shares.get(bill.id, [])) >= read_total(bill)
        if bill.issued_on and times and is_whole:
            delays.append(max(*times, bill.issued_on) - bill.issued_on)
    return max(delays, default=None)
