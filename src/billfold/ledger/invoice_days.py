"""When an account's next invoice usually comes, and its document: by the days on which the earlier ones came."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from billfold.ledger.catalog import BillRow, group_by_account
from billfold.ledger.expectation import SPARE_TIME, USUAL_DELAY, Series, group_series, has_rhythm
from billfold.model.period import Month

MAX_AWAITED_TIME = timedelta(days=7)
"""How long an invoice or a document is awaited at most: what comes on any day of a month has no usual day."""
COUNTED_BILLS = 12
"""The last invoices of a series, whose days count."""


class AwaitedInvoice(NamedTuple):
    """What usually comes between two times, and is not there yet: an invoice, or the document of one."""

    month: Month
    start: datetime
    end: datetime
    is_document: bool = False

    @property
    def name(self) -> str:
        """What it is, in some words."""
        return f"{'document' if self.is_document else 'invoice'} of {self.month} due"


def find_awaited_invoices(
    bills: Iterable[BillRow], documented: Collection[tuple[str, str, str | None]] = ()
) -> dict[tuple[str, str], list[AwaitedInvoice]]:
    """Return what is awaited of each account (provider and name) by all its bills.

    ``documented`` are provider, account and id of the invoices that have a document: one that has none is awaited where earlier
    ones of its account have one.
    """
    return {
        account_key: awaited
        for account_key, account_bills in group_by_account(bills).items()
        if (awaited := [*_find_invoices(account_bills), *_find_documents(account_bills, documented)])
    }


def _find_invoices(bills: Sequence[BillRow]) -> Iterator[AwaitedInvoice]:
    """Yield the invoice after the last of each series that goes on month by month."""
    for series in group_series(bills):
        if has_rhythm(series):
            month = max(series.months).add_months(1)
            delays = _list_delays(series) or [timedelta(), USUAL_DELAY - SPARE_TIME]
            start = (month.end + min(delays)).replace(hour=0, minute=0, second=0, microsecond=0)
            end = min(month.end + max(delays) + SPARE_TIME, start + MAX_AWAITED_TIME)
            yield AwaitedInvoice(month, start, end)


def _list_delays(series: Series) -> list[timedelta]:
    """Return how long after their periods the last invoices of a series came."""
    bills = {bill.id: bill for month_bills in series.months.values() for bill in month_bills if bill.issued_on}
    last_bills = sorted(bills.values(), key=lambda bill: bill.period_end)[-COUNTED_BILLS:]
    return [bill.issued_on - bill.period_end for bill in last_bills if bill.issued_on]


def _find_documents(
    bills: Sequence[BillRow], documented: Collection[tuple[str, str, str | None]]
) -> Iterator[AwaitedInvoice]:
    """Yield the document of the last invoice, where earlier ones have one and it has none."""
    invoices = [bill for bill in bills if bill.state == "issued" and not bill.corrects and bill.issued_on]
    if not any(bill[1:4] in documented for bill in invoices):
        return
    last_bill = max(invoices, key=lambda bill: bill.issued_on or bill.period_end)
    if last_bill[1:4] not in documented and last_bill.issued_on:
        start = last_bill.issued_on
        yield AwaitedInvoice(last_bill.month, start, start + MAX_AWAITED_TIME, is_document=True)
