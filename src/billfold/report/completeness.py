"""Completeness as a fact: for each account and month, whether all is here, may still change, or does not add up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from billfold.ledger.catalog import BillRow, ListingRow, RunRow, group_by_account
from billfold.model.finding import Finding, make_finding
from billfold.model.finding_codes import FindingCode, Severity
from billfold.model.period import Month

COMPLETE, PROVISIONAL, DISPUTED = "complete", "provisional", "disputed"


class Completeness(NamedTuple):
    """What is known of one account and month; ``findings`` say why it is not complete, those that are wrong first."""

    provider: str
    account: str
    month: Month
    state: str
    bills: int
    findings: tuple[Finding, ...]


def judge_months(bills: Iterable[BillRow], runs: Iterable[RunRow]) -> list[Completeness]:
    """Judge every account and month from its first bill to its last; bills and runs as ``ledger.catalog`` gives them.

    A month between them without any bill is disputed: a bill is missing, or the account was not charged.
    """
    by_account = {account_key: _group_by_month(rows) for account_key, rows in group_by_account(bills).items()}
    latest_runs = {(run.provider, run.account): run for run in runs}
    return [
        _judge_month(*account_key, month, months.get(month, []), latest_runs.get(account_key))
        for account_key, months in sorted(by_account.items())
        for month in min(months).iter_until(max(months))
    ]


def _group_by_month(bills: Iterable[BillRow]) -> dict[Month, list[BillRow]]:
    bills_by_month = defaultdict[Month, list[BillRow]](list)
    for bill in bills:
        bills_by_month[bill.month].append(bill)
    return bills_by_month


def find_vanished_invoices(bills: Iterable[BillRow], run: RunRow) -> Iterator[Finding]:
    """Yield the issued invoices of an account that the vendor listed no longer in a run."""
    if not run.listing or not run.listing.has_end_mark:
        return
    covered_ids = {bill.invoice_id for bill in bills if bill.state == "issued" and _is_covered(bill, run.listing)}
    for invoice_id in sorted(invoice_id for invoice_id in covered_ids - run.listing.ids if invoice_id):
        yield make_finding(FindingCode.INVOICE_VANISHED, "is no longer listed", invoice_id)


def _is_covered(bill: BillRow, listing: ListingRow) -> bool:
    return listing.since is None or bill.period_start >= listing.since


def find_unbooked_invoices(run: RunRow, bills: Iterable[BillRow]) -> tuple[list[str], list[Month]]:
    """Return the invoices that a run lists and its account has no bill of, and the months of those older than any it has.

    What could not be booked is told by the run's findings; what was brought in from files says nothing of how far
    collections reach.
    """
    if run.listing is None:
        return [], []
    account_bills = list(bills)
    reported_ids = {finding.data.get("invoice_id") for finding in run.booking_findings}
    first_start = min((bill.period_start for bill in account_bills if not bill.is_imported), default=None)
    missing_ids = run.listing.ids - {bill.invoice_id for bill in account_bills} - reported_ids
    older_months = {
        invoice_id: month
        for invoice_id, month in run.listing.months.items()
        if invoice_id and invoice_id in missing_ids and (first_start is None or month.start < first_start)
    }
    return sorted(missing_ids - set(older_months)), list(older_months.values())


def _judge_month(provider: str, account: str, month: Month, bills: list[BillRow], run: RunRow | None) -> Completeness:
    disputes = [finding for bill in bills for finding in bill.findings if finding.is_wrong]
    if not bills:
        disputes.append(make_finding(FindingCode.MONTH_EMPTY, "there is no bill for this month"))
    disputes += find_vanished_invoices(bills, run) if run else []
    delays = [*_find_open_states(bills), *(_find_delays(run) if run and bills else [])]
    state = DISPUTED if disputes else PROVISIONAL if delays else COMPLETE
    bill_count = sum(not bill.is_disputing for bill in bills)
    return Completeness(provider, account, month, state, bill_count, (*disputes, *delays))


def _find_open_states(bills: Iterable[BillRow]) -> Iterator[Finding]:
    for state in sorted({bill.state for bill in bills if not bill.is_disputing} - {"issued"}):
        text = f"there is only {'an estimate' if state == 'estimate' else 'a draft'}"
        yield make_finding(FindingCode.MONTH_OPEN, text, state=state)


def _find_delays(run: RunRow) -> Iterator[Finding]:
    """Yield what keeps a month from being complete after its account's last collection: an unbooked bill may belong to any month."""
    if run.listing and not run.listing.has_end_mark:
        yield make_finding(FindingCode.NO_END_MARK, "the list of invoices had no end mark")
    yield from (replace(finding, severity=Severity.OPEN) for finding in run.booking_findings)
