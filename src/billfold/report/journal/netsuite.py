"""Vendor bills as NetSuite's CSV import takes them: the expense lines, each with its bill's external id."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from billfold.model.errors import InvalidArgument
from billfold.report.journal.entries import JournalEntry
from billfold.report.journal.files import JournalFile, label_signs, render_csv, shorten_text, write_amount
from billfold.report.journal.mapping import JournalMapping

COLUMNS = (
    *("External ID", "Vendor", "Reference No.", "Date", "Due Date", "Account", "Currency", "Memo", "Created From"),
    *("Expense Account", "Expense Amount", "Expense Memo", "Expense Tax Code", "Expense Department"),
)
MAX_LINES_PER_BILL = 5000
MAX_TEXT_LENGTH = 999


def write_netsuite(name: str, entries: Sequence[JournalEntry], mapping: JournalMapping) -> list[JournalFile]:
    """Write bills, and vendor credits beside them with amounts above 0; raises ``InvalidArgument`` for one of more than 5,000 lines."""
    for entry in entries:
        if len(entry.lines) > MAX_LINES_PER_BILL:
            raise InvalidArgument(
                f"{entry.provider} {entry.number} has {len(entry.lines)} lines; NetSuite takes {MAX_LINES_PER_BILL} a bill: let "
                "fewer rules tell its charges apart"
            )
    return [
        JournalFile(label, render_csv(COLUMNS, [row for entry in signed for row in _build_rows(entry, mapping)]))
        for label, signed in label_signs(name, entries)
    ]


def _build_rows(entry: JournalEntry, mapping: JournalMapping) -> Iterator[dict[str, str]]:
    is_credit = entry.total < 0
    for line in entry.lines:
        amount = line.amount.copy_negate() if is_credit else line.amount
        yield {
            "External ID": entry.key,
            "Vendor": entry.vendor,
            "Reference No.": entry.number,
            "Date": entry.posted_on.strftime(mapping.date_format),
            "Due Date": entry.due_on.strftime(mapping.date_format) if entry.due_on else "",
            "Account": entry.contra_account,
            "Currency": entry.currency,
            "Memo": shorten_text(entry.text, MAX_TEXT_LENGTH),
            "Created From": entry.reference,
            "Expense Account": line.gl_account,
            "Expense Amount": write_amount(amount, entry.currency),
            "Expense Memo": shorten_text(line.description, MAX_TEXT_LENGTH),
            "Expense Tax Code": line.tax_code,
            "Expense Department": line.cost_center,
        }
