"""Which payments paid which invoices: by an account's own history, and by a bank's statement.

Each source is matched by itself: a payment in the vendor's history and the same one at the bank are one payment.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from billfold.ledger.catalog import BillRow
from billfold.ledger.payments import PaymentRow
from billfold.model.money import EXACT_CONTEXT, ZERO, exact_sum, find_minor_digits
from billfold.model.payment import BankEntry, PaymentKind

MIN_ID_CHARS = 4
"""Letters and digits that an invoice's id must have to be looked for in a text."""
MAX_WORDS, MAX_ID_WORDS = 200, 8
"""Words of a text that are looked at, and words that an id may be made of, as 4711-2026-10."""
CLOCK_SPREAD = timedelta(days=1)
"""How much earlier than its invoice a payment may be dated that pays it: the zones of two clocks."""
BY_ID, BY_AMOUNT, BY_ORDER, BY_STATUS, BY_BALANCE = (
    "invoice id in the bank's text",
    "exact amount",
    "oldest invoice first",
    "the vendor's status",
    "prepaid balance",
)
"""How it is known that an invoice was paid."""


class PaymentShare(NamedTuple):
    """The part of a payment that paid an invoice: how much, when, and how that is known; ``name`` tells payments apart."""

    name: str
    amount: Decimal
    paid_at: datetime | None
    method: str


class UnbilledPayment(NamedTuple):
    """A payment, or what is left of it, that no invoice is known for; ``account`` is "" where a vendor has several."""

    provider: str
    account: str
    name: str
    currency: str
    amount: Decimal
    left: Decimal
    paid_at: datetime


class PaymentMatch(NamedTuple):
    """The shares by which each invoice was paid, by the bill's number, and the payments that are left."""

    shares: Mapping[int, list[PaymentShare]]
    unbilled: list[UnbilledPayment]


class _OpenBill(NamedTuple):
    """What asks for money: a bill, or a history's invoice that is not booked (``bill`` None: its ``key`` is of no bill)."""

    key: int
    total: Decimal
    issued_at: datetime
    bill: BillRow | None

    def is_before(self, paid_at: datetime) -> bool:
        """Whether it was issued when a payment was made."""
        return self.issued_at <= paid_at + CLOCK_SPREAD


def read_total(bill: BillRow) -> Decimal:
    """Return what a bill states as its total; zero for none."""
    return Decimal(bill.total) if bill.total is not None else ZERO


def _list_open(bills: Iterable[BillRow]) -> list[_OpenBill]:
    """Return the bills that ask for money, the first issued first."""
    open_bills = [
        _OpenBill(bill.id, total, bill.issued_on or bill.period_end, bill)
        for bill in bills
        if (total := read_total(bill)) > 0
    ]
    return sorted(open_bills, key=lambda candidate: candidate.issued_at)


def _list_unbooked(bills: Iterable[BillRow], history: Iterable[PaymentRow]) -> Iterator[_OpenBill]:
    """Yield the invoices of a history that are not booked: of before the first collection, or parked."""
    booked_ids = {bill.invoice_id for bill in bills}
    for number, row in enumerate(history, 1):
        is_invoice = row.kind is PaymentKind.BILLED and row.invoice_id not in booked_ids
        if is_invoice and row.paid_at and row.amount is not None and row.amount > 0:
            yield _OpenBill(-number, row.amount, row.paid_at, None)


def match_history(bills: Sequence[BillRow], history: Sequence[PaymentRow]) -> PaymentMatch:
    """Match the payments and credits of one account and currency: equal amounts first, then the oldest invoice first.

    A payment that is left and equals one that paid an invoice is a second share of it.
    """
    shares = defaultdict[int, list[PaymentShare]](list)
    open_bills = [*_list_open(bills), *_list_unbooked(bills, history)]
    open_bills.sort(key=lambda candidate: candidate.issued_at)
    rows = [row for row in history if row.amount and (row.kind is not PaymentKind.BILLED or row.amount < 0)]
    left = {row: _read_payment(row) for row in rows}
    for row in rows:
        if row.kind is PaymentKind.PAID and (target := _find_equal(open_bills, shares, left[row], row.paid_at)):
            shares[target.key].append(_share_row(row, left[row], BY_AMOUNT))
            left[row] = ZERO
    refunded = exact_sum(amount for amount in left.values() if amount < 0)
    for row, amount in left.items():
        left[row] = _pay_oldest(open_bills, shares, row, max(amount, ZERO))
    unbilled = []
    for row in reversed([row for row in rows if left[row] > 0]):
        taken_back = min(left[row], -refunded)
        left[row], refunded = left[row] - taken_back, refunded + taken_back
        if row.kind is PaymentKind.PAID and left[row] > 0:
            unbilled.append(row)
    return PaymentMatch(shares, list(_match_doubled(unbilled, left, open_bills, shares)))


def _read_payment(row: PaymentRow) -> Decimal:
    """Return by how much a row lowers what is owed: an invoice below 0 is a credit."""
    amount = row.amount or ZERO
    return ZERO - amount if row.kind is PaymentKind.BILLED else amount


def _find_equal(
    open_bills: Iterable[_OpenBill],
    shares: Mapping[int, list[PaymentShare]],
    amount: Decimal,
    paid_at: datetime | None,
) -> _OpenBill | None:
    """Return the first bill of exactly this amount of which nothing is paid."""
    return next(
        (
            candidate
            for candidate in open_bills
            if candidate.total == amount
            and not shares.get(candidate.key)
            and (paid_at is None or candidate.is_before(paid_at))
        ),
        None,
    )


def _share_row(row: PaymentRow, amount: Decimal, method: str) -> PaymentShare:
    return PaymentShare(row.payment_id, amount, row.paid_at, method)


def _pay_oldest(
    open_bills: Iterable[_OpenBill], shares: dict[int, list[PaymentShare]], row: PaymentRow, amount: Decimal
) -> Decimal:
    """Pay the oldest bills with an amount as far as it goes; returns what is left."""
    for candidate in open_bills:
        if not amount:
            break
        bill_shares = shares.get(candidate.key, [])
        missing = EXACT_CONTEXT.subtract(candidate.total, exact_sum(share.amount for share in bill_shares))
        if missing > 0:
            part = min(missing, amount)
            shares.setdefault(candidate.key, []).append(_share_row(row, part, BY_ORDER))
            amount = EXACT_CONTEXT.subtract(amount, part)
    return amount


def _match_doubled(
    rows: Iterable[PaymentRow],
    left: Mapping[PaymentRow, Decimal],
    open_bills: Sequence[_OpenBill],
    shares: dict[int, list[PaymentShare]],
) -> Iterator[UnbilledPayment]:
    """Give whole payments that are left to the invoice that an equal payment paid; yield the others."""
    for row in rows:
        twin_id = None
        if left[row] == row.amount:
            twin_id = next(
                (
                    candidate.key
                    for candidate in reversed(open_bills)
                    if any(share.amount == row.amount for share in shares.get(candidate.key, []))
                ),
                None,
            )
        if twin_id is not None:
            shares[twin_id].append(_share_row(row, left[row], BY_AMOUNT))
        elif row.paid_at is not None:
            amounts = row.amount or ZERO, left[row]
            yield UnbilledPayment(row.provider, row.account, row.payment_id, row.currency, *amounts, row.paid_at)


def match_bank(bills: Iterable[BillRow], entries: Iterable[BankEntry]) -> PaymentMatch:
    """Match a bank's statement: by an invoice's id in the text, else by the exact amount where the text names the vendor.

    Entries that name neither are of nobody here.
    """
    sorted_entries = sorted(entries, key=lambda item: item.paid_at)
    shares, unbilled = defaultdict[int, list[PaymentShare]](list), list[UnbilledPayment]()
    open_bills = _list_open(bills) if sorted_entries else []
    bills_by_id = defaultdict[tuple[str, str], list[_OpenBill]](list)
    bills_by_vendor = defaultdict[tuple[str, str], list[_OpenBill]](list)
    for candidate in open_bills:
        if bill := candidate.bill:
            bills_by_id[(bill.invoice_id or "").casefold(), bill.currency].append(candidate)
            bills_by_vendor[bill.provider.casefold(), bill.issuer.casefold()].append(candidate)
    unmatched = list[BankEntry]()
    for entry in sorted_entries:
        named_bills = [
            candidate for text in _iter_ids(entry.text) for candidate in bills_by_id.get((text, entry.currency), [])
        ]
        if named_bills:
            _pay_named(named_bills, shares, entry)
        else:
            unmatched.append(entry)
    for entry in unmatched:
        text = f"{entry.counterparty} {entry.text}".casefold()
        vendors = [key for key in bills_by_vendor if key[0] in text or (key[1] and key[1] in text)]
        if entry.amount > 0 and vendors:
            vendor_bills = [candidate for key in vendors for candidate in bills_by_vendor[key]]
            unbilled += _pay_equal(vendor_bills, shares, entry)
    return PaymentMatch(shares, unbilled)


def _iter_ids(text: str) -> Iterator[str]:
    """Yield what may be an invoice's id in a text, in its order: words, and words with whatever joins them."""
    spans = [match.span() for match in re.finditer(r"[0-9A-Za-z]+", text)][:MAX_WORDS]
    folded = text.casefold()
    for index, (start, _) in enumerate(spans):
        for _, end in spans[index : index + MAX_ID_WORDS]:
            if end - start >= MIN_ID_CHARS:
                yield folded[start:end]


def _pay_named(named_bills: Sequence[_OpenBill], shares: dict[int, list[PaymentShare]], entry: BankEntry) -> None:
    amount = entry.amount
    for candidate in named_bills[:-1]:
        part = min(amount, _round_total(candidate))
        shares[candidate.key].append(_share_entry(entry, part, BY_ID, candidate))
        amount = EXACT_CONTEXT.subtract(amount, part)
    shares[named_bills[-1].key].append(_share_entry(entry, amount, BY_ID, named_bills[-1]))


def _pay_equal(
    vendor_bills: Sequence[_OpenBill], shares: dict[int, list[PaymentShare]], entry: BankEntry
) -> Iterator[UnbilledPayment]:
    """Pay the first bill of the entry's amount that is not paid, else once more one that is; yields what fits none."""
    equal_bills = [
        candidate
        for candidate in vendor_bills
        if candidate.bill
        and candidate.bill.currency == entry.currency
        and _round_total(candidate) == entry.amount
        and candidate.is_before(entry.paid_at)
    ]
    target = next((candidate for candidate in equal_bills if not shares.get(candidate.key)), None)
    target = target or (equal_bills[-1] if equal_bills else None)
    if target is not None:
        shares[target.key].append(_share_entry(entry, entry.amount, BY_AMOUNT, target))
        return
    places = sorted({(candidate.bill.provider, candidate.bill.account) for candidate in vendor_bills if candidate.bill})
    account = places[0][1] if len(places) == 1 else ""
    amounts = entry.amount, entry.amount
    name = f"line {entry.line} of the bank's file"
    yield UnbilledPayment(places[0][0], account, name, entry.currency, *amounts, entry.paid_at)


def _share_entry(entry: BankEntry, amount: Decimal, method: str, candidate: _OpenBill) -> PaymentShare:
    """Return a share; one of a total to the cent is the whole total, whatever digits that has."""
    is_total = amount == _round_total(candidate)
    return PaymentShare(f"line {entry.line}", candidate.total if is_total else amount, entry.paid_at, method)


def _round_total(candidate: _OpenBill) -> Decimal:
    return round(candidate.total, find_minor_digits(candidate.bill.currency)) if candidate.bill else candidate.total
