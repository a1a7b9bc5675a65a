"""Whether a month's invoices are like those of the months before: no sum that is far off, no tax that is missing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from statistics import median
from typing import NamedTuple

from billfold.ledger.month_sums import MonthSum
from billfold.model.finding import AccountFinding, make_finding
from billfold.model.finding_codes import FindingCode, Severity
from billfold.model.money import EXACT_CONTEXT, ZERO, exact_sum, format_amount, format_trimmed
from billfold.model.period import Month

COMPARED_MONTHS = 6
"""How many months before one its sum is held against."""
MIN_MONTHS = 3
"""How many there must be to say what is usual."""


class JumpLimits(NamedTuple):
    """What is far off: at least so many percent of the median, and so much in the currency of the invoices."""

    percent: Decimal = Decimal(50)
    amount: Decimal = Decimal(100)


class MonthHistory(NamedTuple):
    """What something came to in a month (None: nothing), and in the months before that it was invoiced for, newest first."""

    provider: str
    account: str
    name: str
    current: Decimal | None
    earlier: tuple[Decimal, ...]

    @property
    def is_known(self) -> bool:
        """Whether there are enough months before to say what is usual."""
        return len(self.earlier) >= MIN_MONTHS


def list_totals(sums: Iterable[MonthSum], month: Month) -> list[MonthHistory]:
    """Return what each account was invoiced in a month and before it, by currency."""
    totals = defaultdict[tuple[str, str, str], dict[Month, Decimal]](dict)
    for row in sums:
        by_month, row_month = totals[row.provider, row.account, row.currency], Month.of(row.month)
        by_month[row_month] = exact_sum((by_month.get(row_month, ZERO), row.total))
    return [
        MonthHistory(*key, by_month.get(month), _list_earlier(by_month, month))
        for key, by_month in sorted(totals.items())
    ]


def _list_earlier(by_month: Mapping[Month, Decimal], month: Month) -> tuple[Decimal, ...]:
    first_month = month.add_months(-COMPARED_MONTHS)
    return tuple(by_month[other] for other in sorted(by_month, reverse=True) if first_month <= other < month)


def find_jumps(sums: Iterable[MonthSum], month: Month, limits: JumpLimits) -> Iterator[AccountFinding]:
    """Yield the accounts whose invoices of a month are far off the median of the months before."""
    for history in list_totals(sums, month):
        if history.is_known and history.current is not None:
            usual = median(history.earlier)
            difference = EXACT_CONTEXT.subtract(history.current, usual)
            is_far = abs(difference) >= limits.amount and abs(difference) * 100 >= limits.percent * abs(usual)
            if is_far:
                yield _describe_jump(history, month, usual, difference)


def _describe_jump(history: MonthHistory, month: Month, usual: Decimal, difference: Decimal) -> AccountFinding:
    direction = "above" if difference > 0 else "below"
    share = f"{(abs(difference) * 100 / abs(usual)).quantize(Decimal(1))} % " if usual else ""
    text = (
        f"{month} comes to {format_amount(history.current)} {history.name}, {share}{direction} the median "
        f"{format_amount(usual)} of the {len(history.earlier)} months before"
    )
    names = {"total": history.current, "median": format_trimmed(usual), "currency": history.name}
    finding = make_finding(FindingCode.AMOUNT_JUMP, text, **names)
    return AccountFinding(history.provider, history.account, str(month), finding)


class _TaxHistory(NamedTuple):
    """Of which months the invoices under one order were taxed."""

    provider: str
    account: str
    order: str
    is_taxed: Mapping[Month, bool]


def _list_tax_histories(sums: Iterable[MonthSum]) -> list[_TaxHistory]:
    taxed_months = defaultdict[tuple[str, str, str], dict[Month, bool]](dict)
    for row in sums:
        by_month, row_month = taxed_months[row.provider, row.account, row.order], Month.of(row.month)
        by_month[row_month] = by_month.get(row_month, False) or row.tax != 0
    return [_TaxHistory(*key, by_month) for key, by_month in sorted(taxed_months.items())]


def find_missing_taxes(sums: Iterable[MonthSum], month: Month) -> Iterator[AccountFinding]:
    """Yield what is billed without tax in a month, where each of the last three before had it, or all that there are.

    That is wrong where all that are compared had it, three at least, else only to know: tax that comes and goes is no news.
    """
    for history in _list_tax_histories(sums):
        earlier = [
            history.is_taxed[other]
            for other in sorted(history.is_taxed, reverse=True)
            if month.add_months(-COMPARED_MONTHS) <= other < month
        ]
        if not history.is_taxed.get(month, True) and earlier and all(earlier[:MIN_MONTHS]):
            yield _describe_tax(history, month, earlier)


def _describe_tax(history: _TaxHistory, month: Month, earlier: list[bool]) -> AccountFinding:
    is_steady = len(earlier) >= MIN_MONTHS and all(earlier)
    text = f"{month} has no tax, {sum(earlier)} of the {len(earlier)} months before have"
    finding = make_finding(FindingCode.TAX_MISSING, text, history.order, taxed=sum(earlier), months=len(earlier))
    if not is_steady:
        finding = replace(finding, severity=Severity.NOTICE)
    return AccountFinding(history.provider, history.account, str(month), finding)
