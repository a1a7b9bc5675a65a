"""A month that is far off those before it is told, and a tax that is missing; nothing is where too little is known."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest

from billfold.ledger.month_sums import MonthSum
from billfold.model.finding_codes import FindingCode, Severity
from billfold.model.period import Month
from billfold.report.month_jumps import JumpLimits, find_jumps, find_missing_taxes

MONTH = Month(2026, 10)
LIMITS = JumpLimits(Decimal(50), Decimal(100))


def make_sums(*totals: str, taxes: Sequence[int] = (), order: str = "") -> list[MonthSum]:
    """Make the sums of months up to the one that is looked at, the last one; a total of "" is a month without an invoice."""
    return [
        MonthSum(
            "vultr", "me", order, "USD", MONTH.add_months(index + 1 - len(totals)).start, Decimal(total), Decimal(tax)
        )
        for index, (total, tax) in enumerate(zip(totals, taxes or [0] * len(totals), strict=True))
        if total
    ]


@pytest.mark.parametrize(
    ("totals", "is_jump"),
    [
        (("1000", "1100", "900", "2000"), True),
        (("1000", "1100", "900", "1500"), True),
        (("1000", "1100", "900", "1499.99"), False),
        (("1000", "1100", "900", "500"), True),
        (("10", "11", "9", "50"), False),
        (("0", "0", "0", "100"), True),
        (("1000", "1100", "2000"), False),
        (("12000", "1000", "1000", "1000", "1000", "1000"), False),
        (("1000", "1000", "1000", ""), False),
        (("9", "9", "9", "9", "2000", "2000", "2000", "2000", "2000", "2000", "2000"), False),
    ],
)
def test_a_jump_is_far_off_in_percent_and_in_money(totals: Sequence[str], is_jump: bool) -> None:
    """Both limits must be reached, and three months must be known; only the six before count."""
    findings = list(find_jumps(make_sums(*totals), MONTH, LIMITS))
    assert [located.finding.code for located in findings] == [FindingCode.AMOUNT_JUMP] * is_jump


def test_a_jump_says_how_far_it_is() -> None:
    """Orders of one account and currency count together, as one number with its median."""
    sums = [*make_sums("1000", "1100", "900", "1900"), *make_sums("5", "5", "5", "5", order="PO")]
    (located,) = find_jumps(sums, MONTH, LIMITS)
    assert located.finding.text == (
        "2026-10 comes to 1905.00 USD, 90 % above the median 1005.00 of the 3 months before"
    )
    assert (located.place, located.finding.data["total"]) == ("vultr me 2026-10", "1905")


@pytest.mark.parametrize(
    ("taxes", "severities"),
    [
        ((7, 7, 7, 0), [Severity.WRONG]),
        ((7, 0, 7, 0), []),
        ((0, 7, 7, 0), []),
        ((0, 7, 7, 7, 0), [Severity.NOTICE]),
        ((7, 7, 0), [Severity.NOTICE]),
        ((0, 0, 0, 0), []),
        ((7, 7, 7, 7), []),
    ],
)
def test_a_missing_tax_is_wrong_where_it_was_steady(taxes: Sequence[int], severities: list[Severity]) -> None:
    """Tax that came in each of the last months is told, what comes and goes is no news; another order's tax says nothing."""
    sums = [*make_sums(*["100"] * len(taxes), taxes=taxes, order="PO"), *make_sums(*["9"] * 4, taxes=[1] * 4)]
    findings = [located.finding for located in find_missing_taxes(sums, MONTH)]
    assert [(finding.severity, finding.subject) for finding in findings] == [
        (severity, "PO") for severity in severities
    ]
