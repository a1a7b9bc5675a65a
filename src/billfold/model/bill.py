"""A bill: one invoice, draft or estimate in one currency, with its charges in batches.

This is the value between a provider and everything else. A provider's ``charges.py`` makes bills from what the vendor
answered; its ``scenario.py`` makes them from nothing, as the truth that its twin then tells in the vendor's words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from hashlib import blake2b
from typing import Any, NamedTuple

from billfold.model.digest_set import DigestSet
from billfold.model.finding import Finding
from billfold.model.focus import ContractCommitment, CostAndUsage
from billfold.model.money import exact_sum, format_decimal
from billfold.model.period import Period

KEY_SEPARATOR = "\x1f"
"""Stands between the parts of what a line is about."""


class State(StrEnum):
    """How far a bill has come; it never goes back."""

    ESTIMATE = "estimate"
    DRAFT = "draft"
    ISSUED = "issued"

    @property
    def rank(self) -> int:
        """0 for an estimate, 1 for a draft, 2 for an issued bill."""
        return list(State).index(self)


class BillSource(StrEnum):
    """What a bill was read from. Where two tell one invoice, the one of the higher rank is believed."""

    FULL = "full"
    """The bill with all its lines, by the vendor's current API."""
    LINES_ONLY = "lines only"
    """The lines of an invoice, without the invoice that states its total."""
    INVOICE_ONLY = "invoice only"
    """An invoice as a list has it, without its lines."""
    OLDER_API = "older API"
    """The bill by an API that the vendor has retired, and that says less of it."""
    OLDER_FILE = "older file"
    """A file in place of an older API's answer: it has the lines, and little else."""

    @property
    def rank(self) -> int:
        """How much it says: 0 for all there is, and the less the lower."""
        return {BillSource.FULL: 0, BillSource.OLDER_FILE: -2}.get(self, -1)


class Charges(NamedTuple):
    """Charges by column, where what they share is stored once.

    ``common`` holds the columns that are the same for all. ``columns`` holds those in which charges differ, by name, with a
    value for each charge. ``shared_rows`` are named tuples of the columns that groups of charges have in common, and
    ``shared_index[i]`` is the place in ``shared_rows`` of the row that belongs to charge ``i``: this makes long invoices much
    faster to book. Both are empty where charges are not grouped.
    """

    common: CostAndUsage
    columns: Mapping[str, Sequence[Any]]
    shared_rows: Sequence[Any] = ()
    shared_index: Sequence[int] = ()

    @property
    def line_count(self) -> int:
        """How many charges there are."""
        return len(next(iter(self.columns.values()), ()))

    def iter_values(self, *names: str) -> Iterator[tuple[Any, ...]]:
        """Yield of each charge the values of some of ``columns``."""
        return zip(*(self.columns[name] for name in names), strict=True)

    def iter_rows(self) -> Iterator[CostAndUsage]:
        """Yield every charge with all its columns."""
        for index, values in enumerate(zip(*self.columns.values(), strict=True)):
            shared_columns = self.shared_rows[self.shared_index[index]]._asdict() if self.shared_rows else {}
            yield self.common._replace(**shared_columns, **dict(zip(self.columns, values, strict=True)))

    @classmethod
    def of(cls, rows: Iterable[NamedTuple], common: CostAndUsage | None = None) -> Charges:
        """Hold named tuples of one type, one for each charge, and what all of them share."""
        return cls(common or CostAndUsage(), transpose_rows(list(rows)))


def transpose_rows(rows: Sequence[Any]) -> dict[str, tuple[Any, ...]]:
    """Return the columns of named tuples of one type, by name; none where there are no rows."""
    return dict(zip(rows[0]._fields, zip(*rows, strict=True), strict=True)) if rows else {}


class BillEnd(NamedTuple):
    """What showed only when all lines of a bill were read: how many the vendor lists, and what was found of them."""

    line_count: int
    findings: tuple[Finding, ...] = ()


class Bill(NamedTuple):
    """One invoice, draft or estimate of one account in one currency.

    ``total`` is what the vendor states, or None where it states none; ``line_count`` is how many lines the vendor lists
    (None: as many as there are charges that are not synthetic). ``fingerprint`` is a hash of what the vendor's list
    says of the invoice: while it stays the same, a sync need not collect the invoice again. ``invoice_id`` is None for an
    estimate. ``findings`` say what is the matter with the bill; one that is wrong parks it. ``charges`` may be read once only;
    a generator of them may return a ``BillEnd``, and raises where the bill must not be booked at all.
    """

    state: State
    invoice_id: str | None
    period: Period
    currency: str
    total: Decimal | None
    line_count: int | None
    charges: Iterable[Charges]
    issuer: str
    fingerprint: str = ""
    issued_on: datetime | None = None
    due_on: datetime | None = None
    terms: str | None = None
    purchase_order: str | None = None
    corrects: str | None = None
    commitments: tuple[ContractCommitment, ...] = ()
    findings: tuple[Finding, ...] = ()
    scope: str = ""
    """What of the account an estimate is of, where that is billed apart, as the id of a contract; empty for all of it."""
    replaces_estimates: tuple[str, ...] | None = None
    """The keys of the estimates that an issued bill ends; None for all of its period and currency."""
    source: BillSource = BillSource.FULL
    """What it was read from: it never takes the place of a bill whose source says more."""
    inputs_hash: str = ""
    """A hash of all that it was made of, where a bill that was made of the same need not be made again."""

    @property
    def has_wrong_findings(self) -> bool:
        """Whether anything is wrong with it, as far as is known before its charges are read."""
        return any(finding.is_wrong for finding in self.findings)

    @property
    def key(self) -> str:
        """What this bill is, whatever its state of knowledge: the invoice, or the estimate of a period."""
        if self.invoice_id or self.state is not State.ESTIMATE:
            return f"{self.invoice_id or f'without id {self.period.start.date()}'} {self.currency}"
        return estimate_key(self.period, self.currency, self.scope)


class DerivedTax(NamedTuple):
    """What a trusted invoice has beyond its lines, and was taken for a tax on some of them: ``base`` says on which."""

    invoice_id: str
    customer: str
    amount: Decimal
    base: str
    rate: Decimal


class StatedBill(NamedTuple):
    """A bill as its vendor states it, times and money as text; the object that ``billfold invoices`` and a twin's truth list."""

    provider: str
    account: str
    invoice_id: str | None
    state: str
    period_start: str
    period_end: str
    currency: str
    total: str | None
    lines: int


def merge_estimate_parts(bills: Iterable[StatedBill]) -> list[StatedBill]:
    """Put the parts of an estimate together: one bill an account, period and currency.

    The total is None where that of a part is.
    """
    parts_by_key: dict[StatedBill, list[StatedBill]] = {}
    for bill in bills:
        parts_by_key.setdefault(bill._replace(total=None, lines=0), []).append(bill)
    return [_sum_parts(parts) if len(parts) > 1 else parts[0] for parts in parts_by_key.values()]


def _sum_parts(parts: list[StatedBill]) -> StatedBill:
    totals = [part.total for part in parts if part.total is not None]
    total = format_decimal(exact_sum(map(Decimal, totals))) if len(totals) == len(parts) else None
    return parts[0]._replace(total=total, lines=sum(part.lines for part in parts))


def estimate_key(period: Period, currency: str, scope: str = "") -> str:
    """Return the key of the estimate of a period, or of a part of an account in it."""
    return " ".join(word for word in ("estimate", period.start.date().isoformat(), scope, currency) if word)


class DetailIds:
    """Stable InvoiceDetailIds for the lines of an invoice that have no id of their own.

    A line is known by what it is about, not by where it stands: one that is added elsewhere, or costs another amount,
    leaves the others' ids alone. Lines that are about the same are numbered in the order they come.
    """

    def __init__(self, invoice_id: str) -> None:
        self._invoice_hash = blake2b(f"{invoice_id}{KEY_SEPARATOR}".encode("utf-8", "surrogatepass"), digest_size=10)
        self._digests, self._counts = DigestSet(), dict[bytes, int]()

    def next_id(self, *key_parts: object) -> str:
        """Return the id of the next line that is about this."""
        return self.next_ids([KEY_SEPARATOR.join(map(str, key_parts))])[0]

    def next_ids(self, line_keys: Iterable[str]) -> list[str]:
        """Return the ids of the next lines, each of which is about what its key says, its parts joined by ``KEY_SEPARATOR``."""
        copy_hash, digests = self._invoice_hash.copy, list[bytes]()
        for line_key in line_keys:
            line_hash = copy_hash()
            line_hash.update(line_key.encode("utf-8", "surrogatepass"))
            digests.append(line_hash.digest())
        ids = [digest.hex() for digest in digests]
        for place in self._digests.add_digests(digests):
            number = self._counts[digests[place]] = self._counts.get(digests[place], 1) + 1
            ids[place] += f"-{number}"
        return ids
