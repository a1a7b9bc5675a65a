"""Hold the invoices' archived PDFs against the invoices: where the text of one has amounts, its invoice's total is among them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal

from billfold.ledger import catalog, query
from billfold.ledger.archive import Archive
from billfold.ledger.catalog import BillRow
from billfold.ledger.document_texts import DocumentTexts
from billfold.ledger.documents import ATTACHMENT, PDF_MEDIA_TYPE, list_latest_documents, read_media_type
from billfold.ledger.entries import Entry
from billfold.ledger.layout import DOCUMENT_TEXTS_FILE
from billfold.ledger.query import LedgerFilter
from billfold.ledger.store import OpenLedger
from billfold.model.code_version import hash_sources
from billfold.model.errors import LedgerError
from billfold.model.finding import AccountFinding, make_finding
from billfold.model.finding_codes import FindingCode
from billfold.model.money import format_amount, format_trimmed
from billfold.report import pdf_text, pdf_worker
from billfold.report.column_sums import has_column_sum, read_table

_AMOUNT_PATTERN = re.compile(r"(?<![\d.,])\d+(?:[.,]\d{3})*[.,]\d{2,}(?![.,]?\d)")
"""The last groups of an amount: what stands before them behind a blank or an apostrophe is not needed to see that it is one.

No two places can begin one amount, so that a text is searched in a time that grows as it does.
"""
_DIGIT_SEPARATOR = r"[\s.,'\N{RIGHT SINGLE QUOTATION MARK}]{0,2}"
"""What may stand between the digits of a whole number: marks of thousands, and blanks that a PDF's layout puts there."""
MIN_INVOICE_ID_LENGTH = 5
"""Letters of an invoice id that is looked for in a document that does not say otherwise whose it is."""


def check_documents(archive: Archive, db: OpenLedger, filters: LedgerFilter) -> Iterator[AccountFinding]:
    """Yield a finding for each invoice whose document does not say its total; one that cannot be read says nothing."""
    pdf_entries = [entry for entry in list_latest_documents(archive, filters.seq) if _is_checkable(entry)]
    if not pdf_entries:
        return
    account_names, selected_ids = (
        query.read_names_by_run(db, filters.seq),
        {bill.id for bill in catalog.list_bills(db, filters)},
    )
    issued_bills = defaultdict[tuple[str, str], list[BillRow]](list)
    for bill in catalog.list_bills(db, LedgerFilter(seq=filters.seq)):  # of all months: a document may be of any
        if bill.state == "issued" and bill.invoice_id and bill.total:
            issued_bills[bill.provider, bill.account].append(bill)
    with open_texts(archive) as texts:
        for pdf_entry in pdf_entries:
            account_key = pdf_entry.provider, account_names.get(pdf_entry.run, "")
            if filters.includes_account(*account_key):
                yield from (
                    _make_finding(bill)
                    for bill in _find_contradicted_bills(archive, texts, pdf_entry, issued_bills[account_key])
                    if bill.id in selected_ids
                )


def open_texts(archive: Archive) -> DocumentTexts:
    """Open the texts that are kept beside an archive."""
    return DocumentTexts(archive.path.with_name(DOCUMENT_TEXTS_FILE), hash_sources(pdf_worker.__name__))


def _is_checkable(entry: Entry) -> bool:
    return entry.operation == ATTACHMENT or read_media_type(entry) == PDF_MEDIA_TYPE


def _read_text(archive: Archive, texts: DocumentTexts, pdf_entry: Entry) -> str:
    """Return the text of a PDF, or of another attached document; raises ``LedgerError`` for a damaged body."""
    if read_media_type(pdf_entry) != PDF_MEDIA_TYPE:
        return archive.read_body(pdf_entry.body).decode("utf-8-sig", "replace")
    return texts.read_text(pdf_entry.body, lambda: pdf_text.extract_text(archive.read_body(pdf_entry.body)))


def keep_texts(archive: Archive, entries: Iterable[Entry]) -> None:
    """Read the PDFs among some answers, so that whoever checks them later need not; damaged ones are left to him."""
    pdf_entries = [entry for entry in entries if entry.status == 200 and read_media_type(entry) == PDF_MEDIA_TYPE]
    if not pdf_entries or archive.read_only:
        return
    with open_texts(archive) as texts:
        for pdf_entry in pdf_entries:
            with suppress(LedgerError):
                _read_text(archive, texts, pdf_entry)


def _find_contradicted_bills(
    archive: Archive, texts: DocumentTexts, pdf_entry: Entry, bills: list[BillRow]
) -> list[BillRow]:
    """Return the bills that a document is of, where it says the total of none of them."""
    question_values = set(map(str, pdf_entry.question_fields.values()))
    try:
        text = _read_text(archive, texts, pdf_entry) if bills else ""
    except LedgerError:  # a damaged body: `billfold verify` names it
        return []
    requested_bills = [bill for bill in bills if bill.invoice_id in question_values]
    candidate_bills = requested_bills or [bill for bill in bills if _names_invoice(text, bill.name)]
    totals = [Decimal(bill.total or 0) for bill in candidate_bills]
    return candidate_bills if states_total(text, totals, _is_table(pdf_entry)) is False else []


def compare_document(archive: Archive, entry: Entry, totals: Sequence[Decimal]) -> bool | None:
    """Tell whether a document says one of the totals; None where it cannot be read, or has no amounts."""
    with open_texts(archive) as texts:
        return states_total(_read_text(archive, texts, entry), totals, _is_table(entry))


def _is_table(entry: Entry) -> bool:
    return read_media_type(entry) == "text/csv"


def states_total(text: str, totals: Sequence[Decimal], is_table: bool) -> bool | None:
    """Tell whether a text says one of the totals, or is a table with a column of that sum; None where it has no amounts."""
    table = read_table(text) if is_table else []
    text = "\n".join(cell for row in table for cell in row) if is_table else text
    if not _AMOUNT_PATTERN.search(text):
        return None
    return any(states_amount(text, total) for total in totals) or has_column_sum(table, totals)


def _names_invoice(text: str, invoice_id: str) -> bool:
    return (
        len(invoice_id) >= MIN_INVOICE_ID_LENGTH
        and re.search(rf"(?<!\w){re.escape(invoice_id)}(?!\w)", text) is not None
    )


def states_amount(text: str, total: Decimal) -> bool:
    """Tell whether a text has an amount, in full or to the cent, whatever its sign and however it is spelled."""
    rounded_totals = (
        total.quantize(Decimal("0.01"), rounding, Context(prec=400)) for rounding in (ROUND_HALF_EVEN, ROUND_HALF_UP)
    )
    return any(re.search(_build_amount_pattern(abs(amount)), text) for amount in {total, *rounded_totals})


def _build_amount_pattern(amount: Decimal) -> str:
    whole_digits, _, fraction_digits = format_trimmed(amount).partition(".")
    fraction_pattern = (
        r"\s?[.,]\s?" + r"\s?".join(fraction_digits) + r"(?:\s?0)*" if fraction_digits else r"(?:\s?[.,]\s?0+)?"
    )
    return rf"(?<!\d)(?<!\d[.,])(?:{_DIGIT_SEPARATOR.join(whole_digits)}){fraction_pattern}(?![.,]?\d)"


def _make_finding(bill: BillRow) -> AccountFinding:
    stated_total = f"{format_amount(bill.total or '')} {bill.currency}"
    text = f"its document does not say its total {stated_total}: `billfold documents DIR` writes it, to compare"
    finding = make_finding(FindingCode.DOCUMENT_MISMATCH, text, bill.name, stated=bill.total, currency=bill.currency)
    return AccountFinding(bill.provider, bill.account, str(bill.month), finding)
