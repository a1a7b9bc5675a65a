"""Entries of what a month owes and is not invoiced: an accrual on its last day, and the reversal on the first of the next."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from billfold.model.money import NATIONAL_CURRENCIES, exact_sum, format_decimal
from billfold.model.period import Period
from billfold.report.accrual_rows import AccrualRow
from billfold.report.journal.entries import (
    CodedCharges,
    JournalEntry,
    LineCoding,
    build_key,
    build_lines,
    reverse_entry,
    sum_lines,
)
from billfold.report.journal.invoices import Journal, LeftOutBill, list_group_keys
from billfold.report.journal.mapping import JournalMapping
from billfold.report.line_history import LineKind

KIND, REVERSAL_KIND = "Accrual", "Accrual reversal"
DIGEST_DIGITS = 6


def build_accrual_journal(rows: Iterable[AccrualRow], mapping: JournalMapping) -> Journal:
    """Make a pair of entries for each account and currency; credits that are no money are left out."""
    groups = defaultdict[tuple[str, str, str], list[AccrualRow]](list)
    for row in rows:
        groups[row.provider, row.account, row.currency].append(row)
    pairs = [_build_pair(members, mapping) for key, members in sorted(groups.items()) if key[2] in NATIONAL_CURRENCIES]
    left_out = [
        LeftOutBill(provider, account, "", f"{currency} is no money: what is used of it is no debt", is_wrong=False)
        for provider, account, currency in sorted(groups)
        if currency not in NATIONAL_CURRENCIES
    ]
    entries = [entry for pair in pairs for entry in pair if entry.lines]
    return Journal(sorted(entries, key=lambda entry: (entry.posted_on, entry.provider, entry.key)), left_out)


def _build_pair(rows: Sequence[AccrualRow], mapping: JournalMapping) -> tuple[JournalEntry, JournalEntry]:
    charges = [coded for row in rows for coded in _code_row(row, mapping)]
    first, lines = rows[0], build_lines(charges, rows[0].currency)
    month, exact_total = str(first.month), exact_sum(coded.amount for coded in charges)
    key = build_key("BA-", first.provider, first.account, first.currency, month)
    content = build_key("", *(f"{line.gl_account} {format_decimal(line.amount)}" for line in lines))[:DIGEST_DIGITS]
    accrual = JournalEntry(
        key=f"{key}-{content}",
        kind=KIND,
        provider=first.provider,
        account=first.account,
        vendor=mapping.find_vendor(first.provider, first.provider).name or first.provider,
        invoice_id="",
        number=f"accrual-{first.account}-{month}",
        reference="",
        posted_on=first.last_day,
        due_on=None,
        period=Period(*first.month.period),
        currency=first.currency,
        contra_account=mapping.accrued,
        total=sum_lines(lines),
        exact_total=exact_total,
        lines=lines,
    )
    return accrual, reverse_entry(accrual, first.reversal_on)


def _code_row(row: AccrualRow, mapping: JournalMapping) -> Iterator[CodedCharges]:
    """Yield what an accrual is for, coded as charges of that kind would be; what its parts leave is coded by its method."""
    rest = exact_sum([row.amount, *(amount.copy_negate() for _, amount in row.parts)])
    method = LineKind("", str(row.method), row.text)
    for kind, amount in [*row.parts, *([(method, rest)] if rest else [])]:
        coding = mapping.code_charges(_build_cells(row, kind, mapping))
        line_coding = LineCoding(coding.gl_account or mapping.suspense, coding.tax_code or "", coding.cost_center or "")
        yield CodedCharges(line_coding, kind.service, Decimal(amount), 0, coding.gl_account is None)


def _build_cells(row: AccrualRow, kind: LineKind, mapping: JournalMapping) -> Mapping[str, str]:
    """Return what rules can ask of an accrual: "" of all that only a charge has."""
    return dict.fromkeys(list_group_keys(mapping), "") | {
        "provider": row.provider,
        "account": row.account,
        "service": kind.service,
        "charge-category": kind.category,
        "description": kind.description,
        "currency": row.currency,
    }
