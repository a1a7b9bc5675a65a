"""Journal entries without any program's form: an invoice each, its lines rounded so that they sum to its rounded total.

Amounts have all their digits everywhere else; here they are rounded to the currency's subunit, by the largest remainder.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from billfold.model.money import EXACT_CONTEXT, exact_sum, find_minor_digits, round_to_sum
from billfold.model.period import Period

KEY_DIGITS = 12
MAX_SERVICES = 3
"""Services that a line's description names."""


class LineCoding(NamedTuple):
    """What the charges of one line have in common."""

    gl_account: str
    tax_code: str
    cost_center: str


class CodedCharges(NamedTuple):
    """Charges of one service that are coded alike, with what they come to exactly."""

    line_coding: LineCoding
    service: str
    amount: Decimal
    charges: int = 1
    is_suspended: bool = False


class JournalLine(NamedTuple):
    """One side of an entry: ``amount`` is debited (below 0: credited), ``exact`` is what it was before it was rounded."""

    gl_account: str
    tax_code: str
    cost_center: str
    description: str
    amount: Decimal
    exact: Decimal
    charges: int
    is_suspended: bool = False


class JournalEntry(NamedTuple):
    """An invoice, a credit memo, an accrual or the reversal of one of them, in one currency.

    ``key`` is the same whenever the same is written again. The lines are debits; their sum ``total`` is credited to
    ``contra_account``. ``reference`` is the invoice that a credit memo corrects or the document that is reversed.
    """

    key: str
    kind: str
    provider: str
    account: str
    vendor: str
    invoice_id: str
    number: str
    reference: str
    posted_on: date
    due_on: date | None
    period: Period
    currency: str
    contra_account: str
    total: Decimal
    exact_total: Decimal
    lines: tuple[JournalLine, ...]
    purchase_order: str = ""

    @property
    def residue(self) -> Decimal:
        """What rounding took away: the exact total less the rounded one."""
        return EXACT_CONTEXT.subtract(self.exact_total, self.total)

    @property
    def text(self) -> str:
        """What it is, in a few words."""
        return f"{self.kind} {self.number}, {self.period.start:%Y-%m}"


def build_key(prefix: str, *parts: str) -> str:
    """Return an external key of at most 21 characters that depends on nothing but its parts."""
    digest = hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
    return f"{prefix}{digest[:KEY_DIGITS]}"


def build_lines(charges: Iterable[CodedCharges], currency: str) -> tuple[JournalLine, ...]:
    """Return a line for each way of coding, rounded together; one that comes to nothing is left out."""
    groups = defaultdict[LineCoding, list[CodedCharges]](list)
    for coded in charges:
        groups[coded.line_coding].append(coded)
    members = [groups[key] for key in sorted(groups)]
    exact_amounts = [exact_sum(coded.amount for coded in group) for group in members]
    rounded_amounts = round_to_sum(exact_amounts, find_minor_digits(currency))
    return tuple(
        JournalLine(
            *group[0].line_coding,
            describe_services(coded.service for coded in group),
            amount,
            exact,
            sum(coded.charges for coded in group),
            any(coded.is_suspended for coded in group),
        )
        for group, amount, exact in zip(members, rounded_amounts, exact_amounts, strict=True)
        if amount
    )


def describe_services(services: Iterable[str]) -> str:
    """Name the services of a line, the first few of many."""
    names = sorted({service for service in services if service}) or ["charges"]
    more = f" and {len(names) - MAX_SERVICES} more" if len(names) > MAX_SERVICES else ""
    return ", ".join(names[:MAX_SERVICES]) + more


def sum_lines(lines: Sequence[JournalLine]) -> Decimal:
    """Return what is debited."""
    return exact_sum(line.amount for line in lines)


def reverse_entry(entry: JournalEntry, posted_on: date) -> JournalEntry:
    """Return the entry that takes another back, on a day."""
    lines = tuple(line._replace(amount=_negate(line.amount), exact=_negate(line.exact)) for line in entry.lines)
    return entry._replace(
        key=f"{entry.key}R",
        kind=f"{entry.kind} reversal",
        number=f"{entry.number}-R",
        reference=entry.number,
        posted_on=posted_on,
        due_on=None,
        total=_negate(entry.total),
        exact_total=_negate(entry.exact_total),
        lines=lines,
    )


class CurrencySum(NamedTuple):
    """What the entries of an account come to in a currency: rounded, exact, and the residue between the two."""

    provider: str
    account: str
    currency: str
    entries: int
    lines: int
    amount: Decimal
    exact: Decimal
    residue: Decimal
    suspended: Decimal
    suspended_lines: int


def sum_entries(entries: Iterable[JournalEntry]) -> list[CurrencySum]:
    """Sum entries by provider, account and currency: two currencies are never added."""
    groups = defaultdict[tuple[str, str, str], list[JournalEntry]](list)
    for entry in entries:
        groups[entry.provider, entry.account, entry.currency].append(entry)
    return [
        CurrencySum(
            *key,
            len(members),
            sum(len(entry.lines) for entry in members),
            exact_sum(entry.total for entry in members),
            exact_sum(entry.exact_total for entry in members),
            exact_sum(entry.residue for entry in members),
            exact_sum(line.amount for entry in members for line in entry.lines if line.is_suspended),
            sum(line.is_suspended for entry in members for line in entry.lines),
        )
        for key, members in sorted(groups.items())
    ]


def _negate(amount: Decimal) -> Decimal:
    """Turn a debit into a credit, with all its digits."""
    return EXACT_CONTEXT.minus(amount)
