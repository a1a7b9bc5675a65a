"""What is another now than it was: issued bills of closed months that appeared, changed, vanished, were parked or disputed since.

Two states are compared, not what happened between them: a change that was undone is none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from billfold.ledger.closings import RegisterLine
from billfold.ledger.issued_bills import IssuedBill
from billfold.model.finding import LISTED_FIELD, AccountFinding, Finding, make_finding
from billfold.model.finding_codes import FindingCode
from billfold.model.money import EXACT_CONTEXT, ZERO, format_amount
from billfold.model.period import Month

APPEARED, CHANGED, VANISHED, PARKED, DISPUTED = "appeared", "changed", "vanished", "parked", "disputed"
"""What can have happened to a bill of a closed month."""
CONTENT_DIGITS = 6
"""Digits of the fingerprint of a bill's lines that tell one version of it from another of the same total."""
MIN_RANK = -100
"""Ranks a register below every source: it says nothing of lines."""
BillKey = tuple[str, str, Month, str]
"""A provider, an account, a month, and what a bill of it is called in the ledger."""


class BillState(NamedTuple):
    """What is known of a bill at a time: the version that is counted, the one that is not, and whether the vendor lists it."""

    counted: IssuedBill | None = None
    uncounted: IssuedBill | None = None
    is_listed: bool = True


class BillChange(NamedTuple):
    """A bill that is told otherwise than before: both totals as the vendor states them (None: there is no such bill).

    ``moved`` is what the month's counted sum moved by: 0 where the ledger keeps counting what it did. ``id`` is what it is
    acknowledged by.
    """

    change: str
    provider: str
    account: str
    invoice_id: str
    month: str
    currency: str
    before: Decimal | None
    after: Decimal | None
    moved: Decimal
    text: str
    id: str
    acknowledged: bool = False

    @property
    def is_unlisted(self) -> bool:
        """Whether nothing moved but that the vendor lists the bill no longer."""
        return self.change == VANISHED and not self.moved

    @property
    def located(self) -> AccountFinding:
        """The change as what is found of its account and month."""
        return AccountFinding(self.provider, self.account, self.month, self._make_finding())

    def _make_finding(self) -> Finding:
        data: dict[str, object] = {"before": self.before, "after": self.after, "currency": self.currency}
        data |= {"moved": self.moved, LISTED_FIELD: "no" if self.is_unlisted else None}
        return make_finding(
            FindingCode.MONTH_CHANGED, self.text, self.invoice_id, change=self.change, month=self.month, **data
        )


def collect_states(
    bills: Iterable[IssuedBill], unlisted: Collection[tuple[str, str, str]] = ()
) -> dict[BillKey, BillState]:
    """Return what is known of each bill; ``unlisted`` are provider, account and id of invoices that are listed no longer."""
    states = defaultdict[BillKey, BillState](BillState)
    for bill in bills:
        is_listed = (*bill.account_key, bill.invoice_id or "") not in unlisted
        state = states[bill.key]._replace(is_listed=is_listed)
        states[bill.key] = state._replace(uncounted=bill) if bill.parked else state._replace(counted=bill)
    return dict(states)


def restrict_to_registers(
    states: Mapping[BillKey, BillState], month: Month, registers: Mapping[tuple[str, str], Iterable[RegisterLine]]
) -> dict[BillKey, BillState]:
    """Return the states that were signed: of the month only what the registers of its accounts have, with its totals there.

    What a merge brought since, of times before the month was signed, nobody had seen.
    """
    signed = {key: state for key, state in states.items() if key[2] != month or key[:2] not in registers}
    for account_key, lines in registers.items():
        for line in lines:
            key = (*account_key, month, f"{line.invoice_id} {line.currency}")
            state = states.get(key, BillState())
            bill = state.counted or _build_registered(account_key, month, line)
            signed[key] = state._replace(counted=bill._replace(total=line.total))
    for key, state in states.items():
        if key not in signed and state.uncounted is not None:
            signed[key] = state._replace(counted=None)
    return signed


def _build_registered(account_key: tuple[str, str], month: Month, line: RegisterLine) -> IssuedBill:
    """Return a bill of which there is nothing but its line in a register."""
    bill_key, period = f"{line.invoice_id} {line.currency}", month.period
    identity = *account_key, bill_key, line.invoice_id
    return IssuedBill(*identity, *period, line.currency, line.total, None, MIN_RANK, None, False, None, False)


def compare_states(
    before: Mapping[BillKey, BillState], after: Mapping[BillKey, BillState], acknowledged_ids: Collection[str] = ()
) -> list[BillChange]:
    """Return what is another in the second of two states of the ledger, by account and month."""
    return [
        change._replace(acknowledged=change.located.is_accepted_by(acknowledged_ids))
        for key in sorted(before.keys() | after.keys())
        for change in compare_bill(before.get(key, BillState()), after.get(key, BillState()))
    ]


def compare_bill(before: BillState, after: BillState) -> Iterator[BillChange]:
    """Yield what is another with one bill; that it does not add up, or is listed no longer, is told beside what it counts."""
    if before.counted is None and after.counted is not None:
        yield _build_change(APPEARED, after.counted, None, after.counted.amount)
    elif before.counted is not None and after.counted is None and after.uncounted is None:
        yield _build_change(VANISHED, before.counted, before.counted.amount, None)
    elif before.counted is not None and after.counted is not None and _is_other(before.counted, after.counted):
        yield _build_change(CHANGED, after.counted, before.counted.amount, after.counted.amount)
    if after.uncounted is not None and not _is_same_doubt(before.uncounted, after.uncounted):
        yield _describe_doubt(before.counted, after.counted, after.uncounted)
    if before.is_listed and not after.is_listed and before.counted is not None and after.counted is not None:
        yield _build_change(VANISHED, after.counted, after.counted.amount, None, is_counted=True)


def _is_other(old: IssuedBill, new: IssuedBill) -> bool:
    """Tell whether a later version restates one: another source that says more of the same total does not."""
    is_moved = (old.period_start, old.period_end) != (new.period_start, new.period_end)
    has_other_lines = None not in {old.content, new.content} and old.content != new.content
    return old.amount != new.amount or (new.source_rank <= old.source_rank and (is_moved or has_other_lines))


def _is_same_doubt(old: IssuedBill | None, new: IssuedBill) -> bool:
    return old is not None and (old.amount, old.parked) == (new.amount, new.parked)


def _describe_doubt(old: IssuedBill | None, standing: IssuedBill | None, new: IssuedBill) -> BillChange:
    if standing is not None:
        return _build_change(DISPUTED, new, standing.amount, new.amount, is_counted=True)
    change = _build_change(PARKED, new, old.amount if old else None, new.amount)
    moved = EXACT_CONTEXT.minus((old.amount if old else None) or ZERO)
    return change._replace(moved=moved)


def _build_change(
    name: str, bill: IssuedBill, before: Decimal | None, after: Decimal | None, *, is_counted: bool = False
) -> BillChange:
    """Return a change; ``is_counted`` says that what the ledger counts stays as it was."""
    moved = ZERO if is_counted else EXACT_CONTEXT.subtract(after or ZERO, before or ZERO)
    place = bill.provider, bill.account, bill.invoice_id or "", str(bill.month), bill.currency
    text = _describe_change(name, bill, before, after, is_counted=is_counted)
    change = BillChange(name, *place, before, after, moved, text, "")
    return change._replace(id=change.located.id)


def _describe_change(
    name: str, bill: IssuedBill, before: Decimal | None, after: Decimal | None, *, is_counted: bool
) -> str:
    """Say what happened without saying when: it is the same finding whenever it is looked for."""
    old, new = (f"{format_amount(amount) or 'no amount'} {bill.currency}" for amount in (before, after))
    if name == APPEARED:
        kind = f"corrects invoice {bill.corrects}, " if bill.corrects else ""
        return f"{kind}appeared in {bill.month}: {new}"
    if name == CHANGED and before == after:
        lines = (bill.content or "").rpartition("/")[2][:CONTENT_DIGITS]
        return f"changed in {bill.month}: other lines for the same {new}{f' (version {lines})' if lines else ''}"
    if name == CHANGED:
        return f"changed in {bill.month}: was {old}, is {new}"
    if name == DISPUTED:
        return f"is disputed in {bill.month}: counted stays {old}, it is told as {new} now"
    if name == PARKED:
        return f"is parked in {bill.month}, not counted: it states {new}"
    return (
        f"is listed no longer in {bill.month}: {old} stays counted"
        if is_counted
        else f"vanished from {bill.month}: was {old}"
    )


def list_possible_changes(
    versions: Iterable[IssuedBill], unlisted: Collection[tuple[str, str, str]]
) -> list[BillChange]:
    """Return the changes that may be told now, since whatever time: of each bill against nothing, and against each version."""
    versions_by_key = defaultdict[BillKey, list[IssuedBill]](list)
    for version in versions:
        versions_by_key[version.key].append(version)
    changes = dict[str, BillChange]()
    for key, bill_versions in versions_by_key.items():
        current_bills = [version for version in bill_versions if version.is_current]
        state = collect_states(current_bills, unlisted).get(key, BillState())
        for before in (BillState(), *(BillState(version) for version in bill_versions if not version.parked)):
            changes |= {change.id: change for change in compare_bill(before, state)}
    return list(changes.values())
