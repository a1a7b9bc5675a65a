"""Which invoices are due: what an account or a contract was billed so far says what should be here, and since when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from billfold.ledger.catalog import BillRow, RunRow, find_scope, group_by_account
from billfold.ledger.query import BILLS_JOIN, LedgerFilter, build_filter_condition
from billfold.ledger.store import OpenLedger, make_aware
from billfold.model.finding import AccountFinding, make_finding
from billfold.model.finding_codes import FindingCode
from billfold.model.period import Month

QuietMonth = tuple[str, str, Month, str]
"""A month of an account in which nothing happened, and of which contract that is known; empty: of all of it."""
USUAL_DELAY = timedelta(days=4)
"""How long after its period an invoice may come at least, however soon the earlier ones came."""
SPARE_TIME = timedelta(days=2)
"""How much later than the latest of the earlier ones an invoice may come."""
UNKNOWN_DELAY = timedelta(days=10)
"""How long after its period an estimate may stay where no invoice tells how long they take."""
MIN_BILLS = 2
"""How many invoices make a series that goes on."""
MAX_MONTHS = 36
"""How many months an invoice may cover that is believed to."""


class DueInvoice(NamedTuple):
    """An invoice of a month that is over, which is to come; ``series`` names its contract or purchase order, if there are several.

    ``last_month`` is the last month that was invoiced before (None: none was). ``due`` is when it should be here; it ``is_late``
    if that was over when its account was last collected.
    """

    provider: str
    account: str
    issuer: str
    series: str
    month: Month
    last_month: Month | None
    due: datetime
    is_late: bool
    series_keys: frozenset[str] = frozenset()


class Series(NamedTuple):
    """The invoices that an account has under one contract or purchase order, by each month that they reach into."""

    name: str
    keys: frozenset[str]
    months: Mapping[Month, list[BillRow]]


class Expectation(NamedTuple):
    """What should be in a ledger: the invoices that are due, and the months in which nothing happened, by the vendor's own word."""

    due_invoices: Sequence[DueInvoice] = ()
    quiet_months: Collection[QuietMonth] = ()
    used_months: Collection[QuietMonth] = ()
    """Months of which an estimate said that something is owed."""


NO_EXPECTATION = Expectation()


def find_expectation(
    bills: Iterable[BillRow],
    runs: Iterable[RunRow],
    quiet_months: Iterable[QuietMonth],
    used_months: Collection[QuietMonth] = (),
) -> Expectation:
    """Say what is due of accounts by all their bills, as of their last lists of invoices; lists that did not end say nothing."""
    quiet = set(quiet_months)
    runs_by_account = {(run.provider, run.account): run for run in runs}
    for run in runs_by_account.values():
        quiet |= {(run.provider, run.account, month, "") for month in (run.listing.quiet_months if run.listing else ())}
    due_invoices = [
        due_invoice
        for account_key, account_bills in group_by_account(bills).items()
        if (account_run := runs_by_account.get(account_key)) and account_run.listing
        for due_invoice in _find_due(account_bills, account_run.asked_at)
        if not any((*account_key, due_invoice.month, key) in quiet for key in ("", *due_invoice.series_keys))
    ]
    return Expectation(due_invoices, quiet, used_months)


def read_estimates(db: OpenLedger, filters: LedgerFilter) -> tuple[set[QuietMonth], set[QuietMonth]]:
    """Return the months whose last estimate, of an account or of one of its contracts, was that nothing is owed, and the others.

    That of a contract says nothing of what is bought beforehand: nothing may have been used then, either.
    """
    condition, values = build_filter_condition(filters)
    rows = db.execute(
        f"""SELECT max(b.id) AS id, b.provider, a.name, b.period_start, b.bill_key,
                   coalesce(TRY_CAST(arg_max(b.total, b.id) AS DECIMAL(38, 12)) = 0, false) AS is_zero
            FROM {BILLS_JOIN} WHERE b.state = 'estimate' AND b.from_seq <= $seq AND {condition} GROUP BY ALL""",
        values,
    ).fetchall()
    used_ids = _find_used(db, [row[0] for row in rows if row[5] and find_scope(row[4])])
    quiet_months, used_months = set[QuietMonth](), set[QuietMonth]()
    for bill_id, provider, account, start, bill_key, is_zero in rows:
        months = quiet_months if is_zero and bill_id not in used_ids else used_months
        months.add((provider, account, Month.of(make_aware(start)), find_scope(bill_key)))
    return quiet_months, used_months


def _find_used(db: OpenLedger, bill_ids: Sequence[int]) -> set[int]:
    """Return the bills that have a charge for anything that was used."""
    if not bill_ids:
        return set()
    query = f"""SELECT DISTINCT bill FROM charges WHERE bill IN ({", ".join(map(str, bill_ids))})
                AND coalesce(ConsumedQuantity, PricingQuantity, 0) <> 0"""
    return {row[0] for row in db.execute(query).fetchall()}


def _is_owed(total: str | None) -> bool:
    return total is None or Decimal(total) != 0


def _find_due(bills: Sequence[BillRow], asked_at: datetime) -> Iterator[DueInvoice]:
    all_series = group_series(bills)
    late_months = set[Month]()
    for series in all_series:
        for due_invoice in _find_trailing(series, asked_at):
            late_months |= {due_invoice.month} if due_invoice.is_late else set()
            yield due_invoice if len(all_series) > 1 else due_invoice._replace(series="")
    invoiced_months = sorted(month for series in all_series for month in series.months)
    last_month = invoiced_months[-1] if invoiced_months else None
    for bill in _list_staying(bills, asked_at):
        is_before_billing = bool(invoiced_months) and bill.month < invoiced_months[0]
        if bill.month not in late_months and not is_before_billing:
            late_months.add(bill.month)
            due = bill.period_end + UNKNOWN_DELAY
            yield DueInvoice(*bill[1:3], bill.issuer, "", bill.month, last_month, due, is_late=True)


def _list_staying(bills: Iterable[BillRow], asked_at: datetime) -> list[BillRow]:
    """Return the drafts and estimates of something that stay long after their period."""
    staying_bills = (bill for bill in bills if bill.state != "issued" and not bill.parked and _is_owed(bill.total))
    return [bill for bill in staying_bills if bill.period_end + UNKNOWN_DELAY <= asked_at]


def _find_trailing(series: Series, asked_at: datetime) -> Iterator[DueInvoice]:
    """Yield the invoices that are to come after the last one of a series that was billed month by month."""
    last_month = max(series.months)
    if not has_rhythm(series):
        return
    series_bills = [bill for month_bills in series.months.values() for bill in month_bills]
    delays = [bill.issued_on - bill.period_end for bill in series_bills if bill.issued_on]
    delay = max([USUAL_DELAY, *(one_delay + SPARE_TIME for one_delay in delays)])
    month, newest_bill = last_month.add_months(1), series.months[last_month][-1]
    while month.end <= asked_at:
        due = month.end + delay
        place = *newest_bill[1:3], newest_bill.issuer, series.name
        yield DueInvoice(*place, month, last_month, due, due <= asked_at, series.keys)
        month = month.add_months(1)


def has_rhythm(series: Series) -> bool:
    """Tell whether a series of invoices was billed month by month up to its last one, so that the next is to be expected."""
    bill_ids = {bill.id for month_bills in series.months.values() for bill in month_bills}
    return max(series.months).add_months(-1) in series.months and len(bill_ids) >= MIN_BILLS


def group_series(bills: Iterable[BillRow]) -> list[Series]:
    """Group an account's invoices by what they are billed under, then by month; credit memos are no part of a series.

    Two invoices belong together where they share a purchase order or a contract.
    """
    keys_by_name, bills_by_name = dict[str, set[str]](), defaultdict[str, list[BillRow]](list)
    for bill in bills:
        if bill.state != "issued" or bill.corrects or bill.is_disputing:
            continue
        bill_keys = {bill.purchase_order or "", *bill.scopes} - {""} or {""}
        names = [name for name, keys in keys_by_name.items() if keys & bill_keys]
        name = names[0] if names else min(bill_keys)
        for other_name in names[1:]:
            keys_by_name[name] |= keys_by_name.pop(other_name)
            bills_by_name[name] += bills_by_name.pop(other_name)
        keys_by_name.setdefault(name, set()).update(bill_keys)
        bills_by_name[name].append(bill)
    return [
        Series(name, frozenset(keys_by_name[name]), group_by_covered_month(series_bills))
        for name, series_bills in bills_by_name.items()
    ]


def assign_series(all_series: list[Series], scope: str) -> Series:
    """Return the series that an estimate is of, a new one where no invoice was under its contract.

    One of a whole account is of the first; so is one of a contract where the invoices name none.
    """
    series = next((series for series in all_series if scope in series.keys), None)
    names_contracts = len(all_series) > 1 or any(all_series[0].keys - {""} for _ in all_series[:1])
    if series is None and all_series and not (scope and names_contracts):
        series = all_series[0]
    if series is None:
        series = Series(scope, frozenset({scope}), {})
        all_series.append(series)
    return series


def group_by_covered_month(bills: Iterable[BillRow]) -> dict[Month, list[BillRow]]:
    """Group bills by each month that their period reaches into."""
    bills_by_month = defaultdict[Month, list[BillRow]](list)
    for bill in bills:
        first_month = bill.month
        last_month = min(Month.of(bill.period_end - timedelta(microseconds=1)), first_month.add_months(MAX_MONTHS))
        for month in first_month.iter_until(max(first_month, last_month)):
            bills_by_month[month].append(bill)
    return dict(bills_by_month)


def describe_due(due_invoice: DueInvoice) -> AccountFinding:
    """Say what is to come, or late, of which account and month."""
    place = due_invoice.provider, due_invoice.account, str(due_invoice.month)
    last_month, due_on = due_invoice.last_month, due_invoice.due.date()
    data = {"due_on": due_on, "last_month": last_month}
    if not due_invoice.is_late:
        text = f"the invoice of {due_invoice.month} is not there yet: it is due on {due_on}, as those before it came"
        return AccountFinding(*place, make_finding(FindingCode.MONTH_OPEN, text, due_invoice.series, **data))
    if last_month is None:
        text = f"the invoice of {due_invoice.month} is missing: its period ended long ago, it was due on {due_on}"
    else:
        text = (
            f"the invoice of {due_invoice.month} is missing: it was due on {due_on}, as those until {last_month} came"
        )
    return AccountFinding(*place, make_finding(FindingCode.INVOICE_LATE, text, due_invoice.series, **data))
