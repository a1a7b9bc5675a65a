"""Journals of tiny ledgers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path

from billfold.ledger.query import LedgerFilter
from billfold.model.money import exact_sum
from billfold.model.period import Month, Period, parse_instant
from billfold.report.journal.entries import CodedCharges, JournalEntry, LineCoding, build_lines
from billfold.report.journal.invoices import Journal
from billfold.report.journal.mapping import Coding, JournalMapping, JournalRule, VendorAccounts
from billfold.tasks.journal import make_journal
from tests.ledger.kit import Ledger

ALL = JournalMapping(
    rules=[JournalRule({}, Coding("6400"))], vendor_fallback=VendorAccounts(None, "2000", "1400"), suspense="9999"
)
"""A mapping in which one account takes all charges."""


def journal(
    books: Ledger,
    mapping: JournalMapping = ALL,
    filters: LedgerFilter | None = None,
    rates: Mapping[str, Decimal] | None = None,
    terms: Mapping[tuple[str, str], str] | None = None,
) -> Journal:
    """Make the journal of a ledger."""
    return make_journal(books.db, filters or LedgerFilter(), mapping, rates or {}, terms or {})


def entry(
    *amounts: str, number: str = "i1", currency: str = "USD", day: str = "2026-06-01", **more: object
) -> JournalEntry:
    """Make an entry with a line for each amount, coded to an account of its own."""
    charges = [
        CodedCharges(LineCoding(str(6400 + index), "", ""), "a service", Decimal(amount))
        for index, amount in enumerate(amounts)
    ]
    lines = build_lines(charges, currency)
    plain = JournalEntry(
        key=f"BF-{number}",
        kind="Invoice",
        provider="vendor",
        account="me",
        vendor="Vendor",
        invoice_id=number,
        number=number,
        reference="",
        posted_on=parse_instant(day).date(),
        due_on=date(2026, 6, 30),
        period=Period(*Month(2026, 5).period),
        currency=currency,
        contra_account="2000",
        total=exact_sum(line.amount for line in lines),
        exact_total=exact_sum(map(Decimal, amounts)),
        lines=lines,
    )
    return plain._replace(**more)  # type: ignore[arg-type]


def write_text(path: Path, content: bytes) -> Path:
    """Write a file and return its path."""
    path.write_bytes(content)
    return path
