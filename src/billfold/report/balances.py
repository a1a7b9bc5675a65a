"""The roll-forward of what is paid for beforehand: opening, bought, used and closing of each month, against the vendor's figure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple

from billfold.ledger.payments import BalanceRow, list_balances
from billfold.ledger.query import LedgerFilter
from billfold.ledger.store import OpenLedger
from billfold.model.balance import BalanceKind
from billfold.model.commitment import CommitmentKind, StatedCommitment
from billfold.model.finding import AccountFinding, make_finding
from billfold.model.finding_codes import FindingCode
from billfold.model.money import EXACT_CONTEXT, ZERO, exact_sum, format_trimmed
from billfold.model.payment import NO_EVIDENCE, PaymentEvidence
from billfold.model.period import Month

BY_VENDOR, BY_CONFIGURATION, AS_LEFT, AS_FIRST = "vendor", "configuration", "as the balance rose", "first month"
"""How it is known what was bought, or that the month is the first one that is known."""


class BalanceMonth(NamedTuple):
    """A balance over a month: opening - used + bought = closing.

    ``stated`` is the closing that the vendor states, ``difference`` how far it is from ours (both None while the month runs and the
    vendor takes nothing off). ``used`` is what the balance paid for; what it did not cover is ``overage``. ``renewed`` is by how much
    the opening differs from the closing before: granted anew, or lapsed. ``source`` says how it is known what was bought.
    """

    provider: str
    account: str
    balance_id: str
    name: str
    unit: str
    month: str
    opening: Decimal
    bought: Decimal
    used: Decimal
    closing: Decimal
    stated: Decimal | None
    difference: Decimal | None
    renewed: Decimal
    overage: Decimal
    source: str
    is_open: bool


def roll_forward(db: OpenLedger, filters: LedgerFilter, evidence: PaymentEvidence = NO_EVIDENCE) -> list[BalanceMonth]:
    """Return the months of all balances that are wanted, by account and balance; one that was always empty is none."""
    rows = list_balances(db, filters._replace(first_month=None, last_month=None))
    months = roll_balances(rows, evidence.commitments)
    return [month for month in months if filters.includes_month(Month.parse(month.month))]


def roll_balances(rows: Iterable[BalanceRow], commitments: Sequence[StatedCommitment] = ()) -> list[BalanceMonth]:
    """Roll balances forward month by month; rows as ``list_balances`` has them."""
    months = list[BalanceMonth]()
    for _, members in groupby(rows, key=lambda row: (row.provider, row.account, row.balance_id, row.unit)):
        balance_rows = [row for row in members if row.kind == BalanceKind.PREPAID]
        if any(row.opening or row.closing or row.bought for row in balance_rows):
            months += _roll_balance(balance_rows, commitments)
    return months


def _roll_balance(rows: Iterable[BalanceRow], commitments: Sequence[StatedCommitment]) -> Iterator[BalanceMonth]:
    earlier: Decimal | None = None
    for row in rows:
        month = _roll_month(row, earlier, commitments)
        yield month
        earlier = month.closing if month.stated is None else month.stated


def _roll_month(row: BalanceRow, earlier: Decimal | None, commitments: Sequence[StatedCommitment]) -> BalanceMonth:
    used, stated = row.used or ZERO, row.closing
    opening = next((value for value in (row.opening, earlier) if value is not None), None)
    source = BY_VENDOR
    if opening is None:
        opening, source = exact_sum((stated or ZERO, ZERO if row.is_open else used)), AS_FIRST
    overage = row.overage if row.overage is not None else _find_overage(row, opening, used)
    drawn = EXACT_CONTEXT.subtract(used, overage)
    left = EXACT_CONTEXT.subtract(opening, drawn)
    if row.is_open and row.bought is None:  # nothing is taken off before the month ends
        stated = None
    bought, purchase_source = _find_bought(row, left, stated, commitments)
    closing = exact_sum((left, bought))
    return BalanceMonth(
        *(row.provider, row.account, row.balance_id, row.name, row.unit),
        str(Month.of(row.period_start)),
        *(opening, bought, drawn, closing, stated),
        None if stated is None else EXACT_CONTEXT.subtract(stated, closing),
        ZERO if earlier is None else EXACT_CONTEXT.subtract(opening, earlier),
        overage,
        source if source == AS_FIRST else purchase_source,
        row.is_open,
    )


def _find_overage(row: BalanceRow, opening: Decimal, used: Decimal) -> Decimal:
    """Return what a balance without a stated overage did not cover: nothing is left, and more was used than there was."""
    is_spent = row.bought is None and row.closing == 0 and not row.is_open
    return max(EXACT_CONTEXT.subtract(used, max(opening, ZERO)), ZERO) if is_spent else ZERO


def _find_bought(
    row: BalanceRow, left: Decimal, stated: Decimal | None, commitments: Sequence[StatedCommitment]
) -> tuple[Decimal, str]:
    """Return what was bought in a month: as the vendor or the configuration states it, else by how much more is left."""
    if row.bought is not None:
        return row.bought, BY_VENDOR
    purchases = [
        commitment.amount
        for commitment in commitments
        if commitment.kind is CommitmentKind.PREPAID_CREDITS
        and (commitment.account, commitment.unit) == (row.account, row.unit)
        and row.period_start <= commitment.period.start < row.period_end
    ]
    risen = ZERO if stated is None else EXACT_CONTEXT.subtract(stated, left)
    if purchases and (stated is None or risen > 0):
        return exact_sum(purchases), BY_CONFIGURATION
    return (risen, AS_LEFT) if risen > 0 else (ZERO, BY_VENDOR)


def find_balance_mismatches(
    db: OpenLedger, filters: LedgerFilter, evidence: PaymentEvidence = NO_EVIDENCE
) -> list[AccountFinding]:
    """Return where a balance's closing is not what its opening, its use and what was bought come to."""
    return [describe_mismatch(month) for month in roll_forward(db, filters, evidence) if month.difference]


def describe_mismatch(month: BalanceMonth) -> AccountFinding:
    """Return the finding of a month whose closing is not as it should be."""
    amounts = {"stated": month.stated or ZERO, "expected": month.closing, "difference": month.difference or ZERO}
    texts = {name: format_trimmed(amount) for name, amount in amounts.items()}
    text = (
        f"is {texts['stated']} {month.unit} at the end of {month.month}, and should be {texts['expected']}: "
        f"{texts['difference']} that nothing explains"
    )
    subject = f"balance {month.name}"
    finding = make_finding(FindingCode.BALANCE_MISMATCH, text, subject, **texts, unit=month.unit)
    return AccountFinding(month.provider, month.account, month.month, finding)
