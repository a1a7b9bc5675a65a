"""Completeness as a fact: for each account and month, whether all is here, may still change, or does not add up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from billfold.ledger import catalog
from billfold.ledger.acknowledgements import is_accepted, quieten
from billfold.ledger.catalog import BillRow, ListingRow, RunRow, group_by_account
from billfold.ledger.duplicates import find_duplicates
from billfold.ledger.expectation import (
    NO_EXPECTATION,
    DueInvoice,
    Expectation,
    QuietMonth,
    describe_due,
    find_expectation,
    group_by_covered_month,
    group_series,
    read_estimates,
)
from billfold.ledger.query import LedgerFilter
from billfold.ledger.store import OpenLedger
from billfold.model.finding import AccountFinding, Finding, describe_unlisted, make_finding
from billfold.model.finding_codes import FindingCode, Severity
from billfold.model.period import Month

DOUBTFUL_CODES = frozenset(
    {
        FindingCode.INVOICE_LATE,
        FindingCode.INVOICE_VANISHED,
        FindingCode.MONTH_EMPTY,
        FindingCode.DUPLICATE_SUSPECTED,
    }
)
"""Codes of what says that the sum of a month may not be what is owed for it."""
COMPLETE, PROVISIONAL, LATE, DISPUTED = "complete", "provisional", "late", "disputed"


class Completeness(NamedTuple):
    """What is known of one account and month; ``findings`` say why it is not complete, those that are wrong first."""

    provider: str
    account: str
    month: Month
    state: str
    bills: int
    findings: tuple[Finding, ...]


def judge_ledger(db: OpenLedger, filters: LedgerFilter) -> list[Completeness]:
    """Judge every account and month that is wanted, by all that the ledger has of it."""
    records = _judge_accounts(db, filters._replace(first_month=None, last_month=None))
    return [record for record in records if filters.includes_month(record.month)]


def _judge_accounts(db: OpenLedger, account_filters: LedgerFilter) -> list[Completeness]:
    """Judge every month of accounts; it takes its time where they are many, and several parts of one report ask for it."""
    key = "judged months", account_filters
    if key not in db.cache:
        db.cache[key] = _judge_anew(db, account_filters)
    return db.cache[key]  # type: ignore[no-any-return]


def _judge_anew(db: OpenLedger, account_filters: LedgerFilter) -> list[Completeness]:
    bills, runs = catalog.list_bills(db, account_filters), catalog.list_last_runs(db, account_filters.seq)
    expectation = find_expectation(bills, runs, *read_estimates(db, account_filters))
    duplicates = list(find_duplicates(db, bills))
    return judge_months(bills, runs, expectation, account_filters.acknowledged_ids, duplicates)


def find_doubtful_months(db: OpenLedger, filters: LedgerFilter) -> list[AccountFinding]:
    """Return what is missing, or there twice, of the months that are wanted; what is wrong with a bill is the bill's own."""
    return list_doubtful(judge_ledger(db, filters))


def list_doubtful(records: Iterable[Completeness]) -> list[AccountFinding]:
    """Return what of judged months says that their sums may not be what is owed."""
    return [
        AccountFinding(record.provider, record.account, str(record.month), finding)
        for record in records
        for finding in record.findings
        if finding.code in DOUBTFUL_CODES
    ]


def select_shown(
    gaps: Iterable[AccountFinding], shown: Collection[tuple[str, str, str]], *, has_invoices: bool = True
) -> list[AccountFinding]:
    """Return the gaps that are of what a command shows of all months: an old one elsewhere is nothing to it.

    ``shown`` are provider, account and month. Gaps of accounts as a whole and invoices that are due count always, and a duplicate
    only where invoices are shown.
    """
    return [
        gap
        for gap in gaps
        if not gap.month
        or gap.finding.code is FindingCode.INVOICE_LATE
        or (gap[:3] in shown and (has_invoices or gap.finding.code is not FindingCode.DUPLICATE_SUSPECTED))
    ]


def judge_months(
    bills: Iterable[BillRow],
    runs: Iterable[RunRow],
    expectation: Expectation = NO_EXPECTATION,
    acknowledged_ids: Collection[str] = (),
    duplicates: Iterable[AccountFinding] = (),
) -> list[Completeness]:
    """Judge every account and month from its first bill to its last, or to the last invoice that is due.

    Bills and runs as ``ledger.catalog`` gives them. A month between them without any bill is disputed, unless the vendor shows
    that nothing happened in it: a bill is missing, or the account was not charged. ``duplicates`` are bills that may be others.
    """
    duplicates_by_month = defaultdict[tuple[str, str, str], list[Finding]](list)
    for located in duplicates:
        duplicates_by_month[located[:3]].append(located.finding)
    bills_by_account = group_by_account(bills)
    latest_runs = {(run.provider, run.account): run for run in runs}
    due_by_account = defaultdict[tuple[str, str], defaultdict[Month, list[DueInvoice]]](lambda: defaultdict(list))
    for due_invoice in expectation.due_invoices:
        due_by_account[due_invoice.provider, due_invoice.account][due_invoice.month].append(due_invoice)
    records = list[Completeness]()
    for account_key, account_bills in sorted(bills_by_account.items()):
        months = _group_by_month(account_bills)
        covered_months = group_by_covered_month(account_bills).keys()
        invoiced_months = {month for series in group_series(account_bills) for month in series.months}
        holes = _find_series_holes(account_key, account_bills, expectation.used_months)
        due_by_month = due_by_account[account_key]
        for month in min(months).iter_until(max({*months, *due_by_month})):
            evidence = _MonthEvidence(
                months.get(month, []),
                holes.get(month, []),
                due_by_month.get(month, []),
                month in covered_months or (*account_key, month, "") in expectation.quiet_months,
                duplicates_by_month.get((*account_key, str(month)), []),
                max((earlier for earlier in invoiced_months if earlier < month), default=None),
            )
            record = _judge_month(*account_key, month, evidence, latest_runs.get(account_key))
            records.append(_accept_findings(record, acknowledged_ids) if acknowledged_ids else record)
    return records


class _MonthEvidence(NamedTuple):
    """What there is of an account and month; ``holes`` are contracts that were billed before and after it."""

    bills: list[BillRow]
    holes: list[Finding]
    due_invoices: list[DueInvoice]
    is_quiet: bool
    """Whether it needs no bill of its own: one reaches into it, or nothing happened in it."""
    duplicates: list[Finding]
    last_month: Month | None
    """The last month before it that an invoice reaches into."""


def _accept_findings(record: Completeness, acknowledged_ids: Collection[str]) -> Completeness:
    """Judge a month without what is accepted: it is told, and is nothing that keeps the month from being complete."""
    located_findings = [AccountFinding(*record[:2], str(record.month), finding) for finding in record.findings]
    findings = tuple(located.finding for located in quieten(located_findings, acknowledged_ids))
    return record._replace(findings=findings, state=_choose_state(findings))


def _choose_state(findings: Collection[Finding]) -> str:
    wrong_codes = {finding.code for finding in findings if finding.is_wrong}
    if wrong_codes - {FindingCode.INVOICE_LATE}:
        return DISPUTED
    is_open = any(finding.severity is Severity.OPEN for finding in findings)
    return LATE if wrong_codes else PROVISIONAL if is_open else COMPLETE


def _find_series_holes(
    account_key: tuple[str, str], bills: Iterable[BillRow], used_months: Collection[QuietMonth]
) -> dict[Month, list[Finding]]:
    """Return of each month the contracts that were billed before and after it, and in it only estimated."""
    all_series, holes = group_series(bills), defaultdict[Month, list[Finding]](list)
    for series in all_series if len(all_series) > 1 else ():
        for month in min(series.months).iter_until(max(series.months)):
            if month not in series.months and any((*account_key, month, key) in used_months for key in series.keys):
                last_month = max(earlier for earlier in series.months if earlier < month)
                holes[month].append(describe_empty(series.name, last_month))
    return holes


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
        yield describe_unlisted(invoice_id)


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


def _judge_month(
    provider: str, account: str, month: Month, evidence: _MonthEvidence, run: RunRow | None
) -> Completeness:
    bills = evidence.bills
    disputes = [finding for bill in bills for finding in bill.findings if finding.is_wrong or is_accepted(finding)]
    if not bills and not evidence.due_invoices and not evidence.is_quiet:
        disputes.append(describe_empty("", evidence.last_month))
    elif bills:
        disputes += evidence.holes
    disputes += [*(find_vanished_invoices(bills, run) if run else []), *evidence.duplicates]
    due_findings = [describe_due(due_invoice).finding for due_invoice in evidence.due_invoices]
    delays = [*_find_open_states(bills), *(_find_delays(run) if run and bills else [])]
    bill_count = sum(not bill.is_disputing for bill in bills)
    findings = (*disputes, *due_findings, *delays)
    return Completeness(provider, account, month, _choose_state(findings), bill_count, findings)


def describe_empty(series_name: str = "", last_month: Month | None = None) -> Finding:
    """Return that a month has no bill of an account, or of one of its contracts; ``last_month`` is the last before it that has."""
    text = "there is no bill for this month"
    return make_finding(FindingCode.MONTH_EMPTY, text, series_name, last_month=last_month)


def _find_open_states(bills: Iterable[BillRow]) -> Iterator[Finding]:
    for state in sorted({bill.state for bill in bills if not bill.is_disputing} - {"issued"}):
        text = f"there is only {'an estimate' if state == 'estimate' else 'a draft'}"
        yield make_finding(FindingCode.MONTH_OPEN, text, state=state)


def _find_delays(run: RunRow) -> Iterator[Finding]:
    """Yield what keeps a month from being complete after its account's last collection: an unbooked bill may belong to any month."""
    if run.listing and not run.listing.has_end_mark:
        yield make_finding(FindingCode.NO_END_MARK, "the list of invoices had no end mark")
    yield from (replace(finding, severity=Severity.OPEN) for finding in run.booking_findings)
