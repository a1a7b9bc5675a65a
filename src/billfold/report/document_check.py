"""Hold the invoices' archived PDFs against the invoices: where the text of one has amounts, its invoice's total is among them."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal
from typing import Any

import duckdb

from billfold.ledger import query
from billfold.ledger.archive import Archive
from billfold.ledger.documents import PDF_MEDIA_TYPE, list_latest_documents, read_media_type
from billfold.ledger.entries import Entry
from billfold.ledger.query import LedgerFilter
from billfold.model.errors import LedgerError
from billfold.model.money import format_amount, format_trimmed
from billfold.model.period import Month
from billfold.report import pdf_text
from billfold.report.reconcile import Finding

_AMOUNT = re.compile(r"(?<![\d.,])\d+(?:[.,'\N{RIGHT SINGLE QUOTATION MARK}\s]\d{3})*[.,]\d{2,}(?![.,]?\d)")
_BETWEEN = r"[\s.,'\N{RIGHT SINGLE QUOTATION MARK}]{0,2}"
"""What may stand between the digits of a whole number: marks of thousands, and blanks that a PDF's layout puts there."""
SHORTEST = 5
"""Letters of an invoice id that is looked for in a document that does not say otherwise whose it is."""


def unlike(archive: Archive, db: duckdb.DuckDBPyConnection, wanted: LedgerFilter) -> Iterator[Finding]:
    """Yield a finding for each invoice whose document does not say its total; one that cannot be read says nothing."""
    papers = [one for one in list_latest_documents(archive, wanted.seq) if read_media_type(one) == PDF_MEDIA_TYPE]
    if not papers:
        return
    names, chosen = query.read_names_by_run(db, wanted.seq), {bill["id"] for bill in query.list_bills(db, wanted)}
    issued = defaultdict(list)
    for bill in query.list_bills(db, LedgerFilter(seq=wanted.seq)):  # of all months: a document may be of any
        if bill["state"] == "issued" and bill["invoice_id"] and bill["total"]:
            issued[bill["provider"], bill["account"]].append(bill)
    for paper in papers:
        who = paper.provider, names.get(paper.run, "")
        if wanted.includes_account(*who):
            yield from (_finding(bill) for bill in _unsaid(archive, paper, issued[who]) if bill["id"] in chosen)


def _unsaid(archive: Archive, paper: Entry, bills: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the bills that a document is of, where it says the total of none of them."""
    asked = set(map(str, json.loads(paper.question).values()))
    try:
        text = pdf_text.text(archive.read_body(paper.body)) if bills else ""
    except LedgerError:  # a damaged body: `billfold verify` names it
        return []
    named = [bill for bill in bills if bill["invoice_id"] in asked]
    about = named or [bill for bill in bills if _names(text, bill["invoice_id"])]
    said = not _AMOUNT.search(text) or any(says(text, Decimal(bill["total"])) for bill in about)
    return [] if said else about


def _names(text: str, invoice_id: str) -> bool:
    return len(invoice_id) >= SHORTEST and re.search(rf"(?<!\w){re.escape(invoice_id)}(?!\w)", text) is not None


def says(text: str, total: Decimal) -> bool:
    """Tell whether a text has an amount, in full or to the cent, whatever its sign and however it is spelled."""
    cents = (total.quantize(Decimal("0.01"), way, Context(prec=400)) for way in (ROUND_HALF_EVEN, ROUND_HALF_UP))
    return any(re.search(_spelled(abs(amount)), text) for amount in {total, *cents})


def _spelled(amount: Decimal) -> str:
    whole, _, part = format_trimmed(amount).partition(".")
    tail = r"\s?[.,]\s?" + r"\s?".join(part) + r"(?:\s?0)*" if part else r"(?:\s?[.,]\s?0+)?"
    return rf"(?<!\d)(?<!\d[.,])(?:{_BETWEEN.join(whole)}){tail}(?![.,]?\d)"


def _finding(bill: dict[str, Any]) -> Finding:
    stated = f"{format_amount(bill['total'])} {bill['currency']}"
    words = f"{bill['invoice_id']}: its document does not say its total {stated}: `billfold documents DIR` writes it, to compare"
    return Finding(bill["provider"], bill["account"], str(Month.of(bill["period_start"])), True, words)
