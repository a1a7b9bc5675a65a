"""Bills for QuickBooks Online's importers: a row a line, document numbers of at most 21 characters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from billfold.report.journal.entries import JournalEntry
from billfold.report.journal.files import (
    JournalFile,
    label_signs,
    render_csv,
    shorten_number,
    shorten_text,
    write_amount,
)
from billfold.report.journal.mapping import JournalMapping

COLUMNS = (
    *("Doc Number", "Txn Date", "Due Date", "Vendor", "AP Account", "Currency", "Exchange Rate", "Terms"),
    *("Line Account", "Line Description", "Line Amount", "Class", "Tax Code", "Private Note"),
)
MAX_NUMBER_LENGTH = 21
MAX_TEXT_LENGTH = 4000


def write_quickbooks(name: str, entries: Sequence[JournalEntry], mapping: JournalMapping) -> list[JournalFile]:
    """Write bills, and vendor credits beside them with amounts above 0."""
    return [
        JournalFile(label, render_csv(COLUMNS, [row for entry in signed for row in _build_rows(entry, mapping)]))
        for label, signed in label_signs(name, entries)
    ]


def _build_rows(entry: JournalEntry, mapping: JournalMapping) -> Iterator[dict[str, str]]:
    note = ", ".join(filter(None, (entry.text, f"id {entry.key}", entry.reference and f"of {entry.reference}")))
    for line in entry.lines:
        amount = line.amount.copy_negate() if entry.total < 0 else line.amount
        yield {
            "Doc Number": shorten_number(entry.number, MAX_NUMBER_LENGTH),
            "Txn Date": entry.posted_on.strftime(mapping.date_format),
            "Due Date": entry.due_on.strftime(mapping.date_format) if entry.due_on else "",
            "Vendor": entry.vendor,
            "AP Account": entry.contra_account,
            "Currency": entry.currency,
            "Line Account": line.gl_account,
            "Line Description": shorten_text(line.description, MAX_TEXT_LENGTH),
            "Line Amount": write_amount(amount, entry.currency),
            "Class": line.cost_center,
            "Tax Code": line.tax_code,
            "Private Note": shorten_text(note, MAX_TEXT_LENGTH),
        }
