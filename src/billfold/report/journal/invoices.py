"""Entries of issued invoices: one a version, and a reversal of each version that another took the place of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import NamedTuple

from billfold.ledger.grouping import ChargeGroup
from billfold.ledger.posted_bills import PostedBill
from billfold.ledger.query import LedgerFilter
from billfold.model.money import NATIONAL_CURRENCIES, exact_product, exact_sum
from billfold.model.payment_terms import find_due_date
from billfold.model.period import Month, Period
from billfold.report.journal.entries import (
    CodedCharges,
    JournalEntry,
    LineCoding,
    build_key,
    build_lines,
    reverse_entry,
    sum_lines,
)
from billfold.report.journal.mapping import JournalMapping

BASE_KEYS = ("bill", "provider", "account", "service", "charge-category", "billing-currency")
"""What charges are grouped by whatever the rules ask for."""
ZERO_REASON = "it comes to nothing"
INVOICE, MEMO, DRAWDOWN = "Invoice", "Credit memo", "Credits used"


class LeftOutBill(NamedTuple):
    """A bill that is in no entry, and why; ``is_wrong`` tells that it should be in some."""

    provider: str
    account: str
    invoice_id: str
    reason: str
    is_wrong: bool


class Journal(NamedTuple):
    """Entries in the order of their dates, and the bills that are in none."""

    entries: list[JournalEntry]
    left_out: list[LeftOutBill]


class InvoiceVersion(NamedTuple):
    """A version of an invoice, the first of it being number 1; ``is_unique`` tells that no other account has its id."""

    bill: PostedBill
    number: int
    is_unique: bool


def list_versions(bills: Iterable[PostedBill], filters: LedgerFilter) -> list[InvoiceVersion]:
    """Return the versions of wanted months; those that say the same of charges and period are one, as last told."""
    histories, accounts = defaultdict[tuple[str, str, str], list[PostedBill]](list), defaultdict[object, set[str]](set)
    for bill in bills:
        history = histories[bill.provider, bill.identity, bill.bill_key]
        accounts[bill.provider, bill.bill_key].add(bill.identity)
        if history and _is_same_bill(history[-1], bill):
            history.pop()
        history.append(bill)
    return [
        InvoiceVersion(bill, number, len(accounts[bill.provider, bill.bill_key]) == 1)
        for history in histories.values()
        for number, bill in enumerate(history, 1)
        if filters.includes_month(Month.of(bill.period_start))
    ]


def _is_same_bill(bill: PostedBill, later: PostedBill) -> bool:
    names = ("content", "period_start", "period_end", "total")
    return all(getattr(bill, name) == getattr(later, name) for name in names)


def list_group_keys(mapping: JournalMapping) -> list[str]:
    """Return what charges must be grouped by for a mapping."""
    return [*BASE_KEYS, *(key for key in mapping.keys if key not in BASE_KEYS)]


def build_journal(
    versions: Sequence[InvoiceVersion],
    groups: Iterable[ChargeGroup],
    mapping: JournalMapping,
    rates: Mapping[str, Decimal],
    terms: Mapping[tuple[str, str], str],
) -> Journal:
    """Make the entries of versions; ``groups`` are their charges by ``list_group_keys``.

    ``rates`` value virtual currencies; ``terms`` are the configured ones by provider and account.
    """
    keys, groups_by_bill = list_group_keys(mapping), defaultdict[int, list[ChargeGroup]](list)
    for group in groups:
        groups_by_bill[int(group.values[0])].append(group)
    entries, left_out = list[JournalEntry](), list[LeftOutBill]()
    for version in versions:
        bill, cells = version.bill, [_read_cells(keys, group) for group in groups_by_bill[version.bill.id]]
        rate = None if bill.currency in NATIONAL_CURRENCIES else rates.get(bill.currency, Decimal(0))
        if rate == 0:
            reason = f"{bill.currency} is no money: give it a rate in [rates] to book what was used"
            left_out.append(LeftOutBill(bill.provider, bill.account, bill.invoice_id or "", reason, is_wrong=True))
            continue
        charges = [_code_group(mapping, values, group, rate) for values, group in cells]
        currency = bill.currency if rate is None else next((values["billing-currency"] for values, _ in cells), "USD")
        entry = _build_entry(version, charges, currency, mapping, terms.get((bill.provider, bill.account)))
        if not entry.lines:
            left_out.append(
                LeftOutBill(bill.provider, bill.account, bill.invoice_id or "", ZERO_REASON, is_wrong=False)
            )
        entries += _add_reversal(version, entry) if entry.lines else ()
    return Journal(sorted(entries, key=lambda entry: (entry.posted_on, entry.provider, entry.key)), left_out)


def _read_cells(keys: Sequence[str], group: ChargeGroup) -> tuple[dict[str, str], ChargeGroup]:
    return dict(zip(keys, group.values, strict=True)), group


def _code_group(
    mapping: JournalMapping, cells: Mapping[str, str], group: ChargeGroup, rate: Decimal | None
) -> CodedCharges:
    coding = mapping.code_charges(cells)
    line_coding = LineCoding(coding.gl_account or mapping.suspense, coding.tax_code or "", coding.cost_center or "")
    amount = group.cost if rate is None else exact_product(group.cost, rate)
    return CodedCharges(line_coding, cells["service"], amount, group.charges, coding.gl_account is None)


def _build_entry(
    version: InvoiceVersion,
    charges: Sequence[CodedCharges],
    currency: str,
    mapping: JournalMapping,
    configured_terms: str | None,
) -> JournalEntry:
    bill, lines = version.bill, build_lines(charges, currency)
    vendor = mapping.find_vendor(bill.provider, bill.issuer)
    is_virtual, total = bill.currency not in NATIONAL_CURRENCIES, sum_lines(lines)
    kind = DRAWDOWN if is_virtual else MEMO if bill.corrects or total < 0 else INVOICE
    invoice_id = bill.invoice_id or f"without number {bill.period_start:%Y-%m}"
    issued_at = bill.issued_on or bill.period_end - timedelta(days=1)
    due_at = bill.due_on or find_due_date(bill.issued_on, bill.terms or configured_terms)
    identity = "" if version.is_unique and bill.invoice_id else bill.identity
    return JournalEntry(
        key=f"{build_key('BF-', bill.provider, identity, bill.bill_key)}-{version.number}",
        kind=kind,
        provider=bill.provider,
        account=bill.account,
        vendor=vendor.name or bill.provider,
        invoice_id=invoice_id,
        number=invoice_id if version.number == 1 else f"{invoice_id}-{version.number}",
        reference=bill.corrects or "",
        posted_on=(issued_at if version.number == 1 else max(issued_at, bill.seen_at or issued_at)).date(),
        due_on=due_at.date() if due_at and not is_virtual else None,
        period=Period(bill.period_start, bill.period_end),
        currency=currency,
        contra_account=(vendor.prepaid if is_virtual else vendor.payable) or "",
        total=total,
        exact_total=exact_sum(coded.amount for coded in charges),
        lines=lines,
        purchase_order=bill.purchase_order or "",
    )


def _add_reversal(version: InvoiceVersion, entry: JournalEntry) -> Iterator[JournalEntry]:
    """Yield an entry, and what takes it back where its version is believed no longer, on the day that was seen."""
    yield entry
    if not version.bill.is_current:
        ended_at = version.bill.ended_at
        yield reverse_entry(entry, max(entry.posted_on, ended_at.date()) if ended_at else entry.posted_on)
