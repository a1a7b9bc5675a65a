"""Bills as Xero's CSV import takes them: a row a line, grouped by number and contact; credits in a file of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from billfold.report.journal.entries import JournalEntry
from billfold.report.journal.files import (
    JournalFile,
    label_signs,
    render_csv,
    shorten_number,
    shorten_text,
    split_files,
    write_amount,
)
from billfold.report.journal.mapping import JournalMapping

COLUMNS = (
    *("*ContactName", "EmailAddress", "POAddressLine1", "POAddressLine2", "POAddressLine3", "POAddressLine4", "POCity"),
    *("PORegion", "POPostalCode", "POCountry", "*InvoiceNumber", "Reference", "*InvoiceDate", "*DueDate"),
    *("InventoryItemCode", "*Description", "*Quantity", "*UnitAmount", "Discount", "*AccountCode", "*TaxType"),
    *("TrackingName1", "TrackingOption1", "TrackingName2", "TrackingOption2", "Currency"),
)
MAX_INVOICES_PER_FILE = 500
MAX_NUMBER_LENGTH = 255
MAX_TEXT_LENGTH = 4000
TRACKING_NAME = "Cost center"
NO_TAX = "Tax Exempt"
"""Stands where no rule states a tax type: the import refuses an empty one."""


def write_xero(name: str, entries: Sequence[JournalEntry], mapping: JournalMapping) -> list[JournalFile]:
    """Write bills, and credits beside them with amounts below 0, at most 500 invoices a file."""
    return [
        JournalFile(file_name, render_csv(COLUMNS, [row for entry in members for row in _build_rows(entry, mapping)]))
        for label, signed in label_signs(name, entries)
        for file_name, members in split_files(label, signed, MAX_INVOICES_PER_FILE) or [(label, ())]
    ]


def _build_rows(entry: JournalEntry, mapping: JournalMapping) -> Iterator[dict[str, str]]:
    issued, due = (day.strftime(mapping.date_format) for day in (entry.posted_on, entry.due_on or entry.posted_on))
    for line in entry.lines:
        yield {
            "*ContactName": entry.vendor,
            "*InvoiceNumber": shorten_number(entry.number, MAX_NUMBER_LENGTH),
            "Reference": " ".join(filter(None, (entry.key, entry.reference))),
            "*InvoiceDate": issued,
            "*DueDate": due,
            "*Description": shorten_text(f"{line.description}, {entry.period.start:%Y-%m}", MAX_TEXT_LENGTH),
            "*Quantity": "1",
            "*UnitAmount": write_amount(line.amount, entry.currency),
            "*AccountCode": line.gl_account,
            "*TaxType": line.tax_code or NO_TAX,
            "TrackingName1": TRACKING_NAME if line.cost_center else "",
            "TrackingOption1": line.cost_center,
            "Currency": entry.currency,
        }
