"""Does everything add up: lines = invoice = what the vendor says elsewhere = FOCUS sums, and no month is missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from billfold.ledger import catalog, query
from billfold.ledger.estimate_history import compare_usage
from billfold.ledger.query import LedgerFilter
from billfold.ledger.store import OpenLedger
from billfold.model.finding import AccountFinding, make_finding
from billfold.model.finding_codes import FindingCode, Severity
from billfold.model.money import EXACT_CONTEXT, format_decimal
from billfold.model.period import Month
from billfold.report.completeness import judge_ledger
from billfold.report.gaps import find_unbooked


class EstimateDrift(NamedTuple):
    """How far the usage by the last estimate of a month was from the usage that was then invoiced."""

    provider: str
    account: str
    month: str
    currency: str
    estimated: Decimal
    invoiced: Decimal
    difference: Decimal


def find_mismatches(db: OpenLedger, filters: LedgerFilter) -> list[AccountFinding]:
    """Return everything that does not add up, worst first."""
    last_runs = catalog.list_last_runs(db, filters.seq)
    mismatches = [
        AccountFinding(record.provider, record.account, str(record.month), finding)
        for record in judge_ledger(db, filters)
        for finding in record.findings
    ]
    mismatches += [
        AccountFinding(run.provider, run.account, "", finding)
        for run in last_runs
        for finding in run.check_findings
        if filters.includes_account(run.provider, run.account)
    ]
    mismatches += find_unbooked(db, filters)
    mismatches += _find_wrong_sums(db, filters)
    return sorted(mismatches, key=lambda located: (not located.finding.is_wrong, *located[:3]))


def describe_nothing(db: OpenLedger, filters: LedgerFilter) -> AccountFinding:
    """Say that there is no bill to check: that proves nothing, unless the vendors say that there is none."""
    months = filters.first_month or filters.last_month
    runs = [
        run for run in catalog.list_last_runs(db, filters.seq) if filters.includes_account(run.provider, run.account)
    ]
    is_empty = not months and bool(runs) and all(run.listing and run.listing.has_end_mark for run in runs)
    finding = make_finding(FindingCode.NOTHING_CHECKED, "there is no bill that could add up")
    return AccountFinding("", "", "", replace(finding, severity=Severity.NOTICE) if is_empty else finding)


def drop_repeated(all_findings: Iterable[AccountFinding]) -> list[AccountFinding]:
    """Leave out what is said of a month and only says again what is said of its account as a whole."""
    findings = list(all_findings)
    account_keys = {_repetition_key(located) for located in findings if not located.month}
    return [located for located in findings if not located.month or _repetition_key(located) not in account_keys]


def _repetition_key(located: AccountFinding) -> tuple[str, ...]:
    finding = located.finding
    return located.provider, located.account, finding.code, finding.subject, finding.text


def count_wrong(all_findings: Iterable[AccountFinding]) -> int:
    """Count what is wrong; a finding that stands for many more like it counts as these."""
    return sum(located.finding.count for located in all_findings if located.finding.is_wrong)


def _find_wrong_sums(db: OpenLedger, filters: LedgerFilter) -> Iterator[AccountFinding]:
    """Add the charges of every invoice up anew, from the rows as they are exported."""
    for row in query.sum_by_bill(db, filters):
        if row.cost != Decimal(row.total):
            amounts = {"sum": format_decimal(row.cost), "stated": row.total}
            text = f"its charges sum to {amounts['sum']} {row.currency}, stated is {row.total}"
            name = row.invoice_id or "estimate"
            finding = make_finding(FindingCode.SUM_CHANGED, text, name, **amounts, currency=row.currency)
            yield AccountFinding(row.provider, row.account, str(Month.of(row.period_start)), finding)


def compare_estimates(db: OpenLedger, filters: LedgerFilter) -> list[EstimateDrift]:
    """Return for each invoiced month the usage by its last estimate or draft, against the usage that was invoiced."""
    return [
        EstimateDrift(
            row.provider,
            row.account,
            str(Month.of(row.period_start)),
            row.currency,
            row.estimated,
            row.invoiced,
            EXACT_CONTEXT.subtract(row.invoiced, row.estimated),
        )
        for row in compare_usage(db, filters)
    ]
