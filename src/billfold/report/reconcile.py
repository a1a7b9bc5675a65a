"""Does everything add up: lines = invoice = what the vendor says elsewhere = FOCUS sums, and no month is missing."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import NamedTuple

import duckdb

from billfold.ledger import query
from billfold.ledger.query import LedgerFilter
from billfold.model.money import EXACT_CONTEXT, format_decimal, format_trimmed
from billfold.model.period import Month
from billfold.report.completeness import Completeness, judge_months
from billfold.report.gaps import Gap, find_unbooked

_MORE_PATTERN = re.compile(r"(\d+) more like these")
"""How a provider's checks end that name only the first of many."""


class ReconcileFinding(NamedTuple):
    """Something that does not add up, or cannot be known yet; ``wrong`` tells which.

    ``problem`` is what a collection brought that could not be booked, where that is it.
    """

    provider: str
    account: str
    month: str
    wrong: bool
    words: str
    problem: str = ""


class EstimateDrift(NamedTuple):
    """How far the last estimate of a month was from what was then invoiced."""

    provider: str
    account: str
    month: str
    currency: str
    estimated: str
    invoiced: str
    difference: str


def find_mismatches(db: duckdb.DuckDBPyConnection, filters: LedgerFilter) -> list[ReconcileFinding]:
    """Return everything that does not add up, worst first."""
    last_runs = query.list_last_runs(db, filters.seq)
    mismatches = [
        finding
        for record in judge_months(query.list_bills(db, filters), last_runs)
        for finding in _convert_record(record)
    ]
    mismatches += [
        ReconcileFinding(run["provider"], run["account"], "", True, message)
        for run in last_runs
        for message in json.loads(run["checks"])
        if filters.includes_account(run["provider"], run["account"])
    ]
    mismatches += map(convert_gap, find_unbooked(db, filters))
    mismatches += _find_wrong_sums(db, filters)
    return sorted(mismatches, key=lambda finding: (not finding.wrong, *finding[:3]))


def convert_gap(gap: Gap) -> ReconcileFinding:
    """Say of an account as a whole what is not here."""
    return ReconcileFinding(gap.provider, gap.account, "", gap.wrong, gap.words, gap.problem)


def drop_repeated(all_findings: list[ReconcileFinding]) -> list[ReconcileFinding]:
    """Leave out the doubts of months that only say again what an account's collection could not book."""
    account_problems = {
        (finding.provider, finding.account, finding.problem) for finding in all_findings if not finding.month
    }
    return [
        finding
        for finding in all_findings
        if not finding.problem
        or not finding.month
        or (finding.provider, finding.account, finding.problem) not in account_problems
    ]


def count_wrong(all_findings: list[ReconcileFinding]) -> int:
    """Count what is wrong; a finding that stands for many more like it counts as these."""
    more_matches = (_MORE_PATTERN.fullmatch(finding.words) for finding in all_findings if finding.wrong)
    return sum(int(more_match[1]) if more_match else 1 for more_match in more_matches)


def _convert_record(record: Completeness) -> list[ReconcileFinding]:
    month_key = record.provider, record.account, str(record.month)
    problems = ("",) * (len(record.reasons) - len(record.problems)) + record.problems
    numbered_reasons = enumerate(zip(record.reasons, problems, strict=True))
    return [
        ReconcileFinding(*month_key, number < record.wrong_count, reason, problem)
        for number, (reason, problem) in numbered_reasons
    ]


def _find_wrong_sums(db: duckdb.DuckDBPyConnection, filters: LedgerFilter) -> list[ReconcileFinding]:
    """Add the charges of every invoice up anew, from the rows as they are exported."""
    return [
        ReconcileFinding(
            row["provider"],
            row["account"],
            str(Month.of(row["period_start"])),
            True,
            f"{row['invoice_id'] or 'the estimate'}: its charges sum to {format_decimal(row['cost'])} {row['currency']}, stated is {row['total']}",
        )
        for row in query.sum_by_bill(db, filters)
        if row["cost"] != Decimal(row["total"])
    ]


def compare_estimates(db: duckdb.DuckDBPyConnection, filters: LedgerFilter) -> list[EstimateDrift]:
    """Return for each invoiced month the last estimate that there was of it."""
    return [
        EstimateDrift(
            row["provider"],
            row["account"],
            str(Month.of(row["period_start"])),
            row["currency"],
            format_trimmed(row["estimated"]),
            format_trimmed(row["invoiced"]),
            format_trimmed(EXACT_CONTEXT.subtract(row["invoiced"], row["estimated"])),
        )
        for row in query.compare_estimates(db, filters)
        if row["estimated"] is not None and row["invoiced"] is not None  # its last estimate stated no total
    ]
