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
from billfold.report.completeness import Completeness, records
from billfold.report.gaps import Gap, unbooked

_MORE = re.compile(r"(\d+) more like these")
"""How a provider's checks end that name only the first of many."""


class Finding(NamedTuple):
    """Something that does not add up, or cannot be known yet; ``wrong`` tells which.

    ``problem`` is what a collection brought that could not be booked, where that is it.
    """

    provider: str
    account: str
    month: str
    wrong: bool
    words: str
    problem: str = ""


class Drift(NamedTuple):
    """How far the last estimate of a month was from what was then invoiced."""

    provider: str
    account: str
    month: str
    currency: str
    estimated: str
    invoiced: str
    difference: str


def findings(db: duckdb.DuckDBPyConnection, wanted: LedgerFilter) -> list[Finding]:
    """Return everything that does not add up, worst first."""
    listed = query.list_last_runs(db, wanted.seq)
    found = [finding for record in records(query.list_bills(db, wanted), listed) for finding in _of(record)]
    found += [
        Finding(run["provider"], run["account"], "", True, words)
        for run in listed
        for words in json.loads(run["checks"])
        if wanted.includes_account(run["provider"], run["account"])
    ]
    found += map(of_gap, unbooked(db, wanted))
    found += _sums(db, wanted)
    return sorted(found, key=lambda one: (not one.wrong, *one[:3]))


def of_gap(gap: Gap) -> Finding:
    """Say of an account as a whole what is not here."""
    return Finding(gap.provider, gap.account, "", gap.wrong, gap.words, gap.problem)


def once(found: list[Finding]) -> list[Finding]:
    """Leave out the doubts of months that only say again what an account's collection could not book."""
    told = {(one.provider, one.account, one.problem) for one in found if not one.month}
    return [
        one for one in found if not one.problem or not one.month or (one.provider, one.account, one.problem) not in told
    ]


def wrongs(found: list[Finding]) -> int:
    """Count what is wrong; a finding that stands for many more like it counts as these."""
    many = (_MORE.fullmatch(one.words) for one in found if one.wrong)
    return sum(int(more[1]) if more else 1 for more in many)


def _of(record: Completeness) -> list[Finding]:
    who = record.provider, record.account, str(record.month)
    problems = ("",) * (len(record.reasons) - len(record.problems)) + record.problems
    said = enumerate(zip(record.reasons, problems, strict=True))
    return [Finding(*who, number < record.wrong, reason, problem) for number, (reason, problem) in said]


def _sums(db: duckdb.DuckDBPyConnection, wanted: LedgerFilter) -> list[Finding]:
    """Add the charges of every invoice up anew, from the rows as they are exported."""
    return [
        Finding(
            row["provider"],
            row["account"],
            str(Month.of(row["period_start"])),
            True,
            f"{row['invoice_id'] or 'the estimate'}: its charges sum to {format_decimal(row['cost'])} {row['currency']}, stated is {row['total']}",
        )
        for row in query.sum_by_bill(db, wanted)
        if row["cost"] != Decimal(row["total"])
    ]


def drifts(db: duckdb.DuckDBPyConnection, wanted: LedgerFilter) -> list[Drift]:
    """Return for each invoiced month the last estimate that there was of it."""
    return [
        Drift(
            row["provider"],
            row["account"],
            str(Month.of(row["period_start"])),
            row["currency"],
            format_trimmed(row["estimated"]),
            format_trimmed(row["invoiced"]),
            format_trimmed(EXACT_CONTEXT.subtract(row["invoiced"], row["estimated"])),
        )
        for row in query.compare_estimates(db, wanted)
        if row["estimated"] is not None and row["invoiced"] is not None  # its last estimate stated no total
    ]
