"""What the screens about bills show: invoices, one with its lines and documents, the charges behind a number, restatements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from billfold.ledger import catalog
from billfold.ledger.catalog import BillRow
from billfold.ledger.charge_lines import ChargeLine, list_charge_lines, sum_charge_lines
from billfold.ledger.documents import PDF_MEDIA_TYPE, read_media_type
from billfold.ledger.entries import Entry
from billfold.ledger.invoice_lines import (
    BillVersion,
    InvoiceLine,
    LineSum,
    list_bill_versions,
    list_invoice_lines,
    sum_invoice_lines,
)
from billfold.model.bill import State
from billfold.model.errors import InvalidArgument
from billfold.model.finding import describe_labelled
from billfold.report.cost_tree import CostLeaf, build_tree
from billfold.report.costs import NO_VALUE
from billfold.serve import listings
from billfold.serve.questions import Question, read_month
from billfold.serve.screen_rows import DocumentEntryRow
from billfold.tasks.documents import list_documents_of

MAX_LINES = 500
"""Rows that a screen shows of one table: the links under it have all."""
MAX_DATA_LINES = 1_000_000
CHARGE_WORDS = {
    "state": "state",
    "currency": "currency",
    "service": "service",
    "category": "charge-category",
    "customer": "sub-account",
}
"""The words of a URL that narrow charges, and the ledger's keys for them."""
GROUPINGS = {"service": ("service", "category"), "category": ("category", "service")}
Values = dict[str, object]


def show_invoices(question: Question) -> Values:
    """Show invoices, drafts and estimates, the newest month first."""
    bills = sorted(listings.list_bills(question), key=lambda bill: bill.period_start, reverse=True)
    return {"bills": bills[:MAX_LINES], "left_out": max(0, len(bills) - MAX_LINES)}


def show_invoice(question: Question) -> Values:
    """Show one bill: its lines by service and category, its versions through time, its documents, and what is found of it."""
    bill = find_bill(question)
    documents = find_documents(question, bill)
    grouping = question.values.get("group", "service")
    keys = GROUPINGS.get(grouping, GROUPINGS["service"])
    lines = list_invoice_lines(question.view.db, bill.id, MAX_LINES)
    members = defaultdict[tuple[str, ...], list[InvoiceLine]](list)
    for line in lines:
        members[tuple((line.service or "", line.category or "")[:: 1 if keys[0] == "service" else -1])].append(line)
    return {
        "bill": bill,
        "tree": build_tree(_list_leaves(sum_invoice_lines(question.view.db, bill.id), keys), keys),
        "members": members,
        "keys": keys,
        "line_count": len(lines),
        "versions": list_versions(question),
        "documents": documents,
        "shown_document": next((entry for entry in documents if read_media_type(entry) == PDF_MEDIA_TYPE), None),
        "findings": [describe_labelled(finding) for finding in bill.findings],
    }


def _list_leaves(sums: Sequence[LineSum], keys: Sequence[str]) -> list[CostLeaf]:
    return [CostLeaf(tuple(getattr(row, key) for key in keys), row.cost, row.lines) for row in sums]


def find_bill(question: Question) -> BillRow:
    """Find the bill that the words name; raises ``InvalidArgument`` where there is none."""
    name, currency = question.values.get("id", ""), question.values.get("currency", "")
    month = read_month(question.values["month"]) if question.values.get("month") else None
    bills = [
        bill
        for bill in catalog.list_bills(question.view.db, question.filters)
        if bill.name == name and month in {None, bill.month} and currency in {"", bill.currency}
    ]
    if not bills:
        raise InvalidArgument(f"no invoice is called {name[:60]!r} there, or was known then")
    return min(bills, key=lambda bill: (bill.is_disputing, bool(bill.parked)))


def find_documents(question: Question, bill: BillRow) -> list[Entry]:
    """Return the archived documents of an issued invoice; none of a draft or an estimate."""
    if bill.invoice_id is None or bill.state != State.ISSUED:
        return []
    filters = question.filters._replace(
        provider=bill.provider, account=bill.account, first_month=bill.month, last_month=bill.month
    )
    entries = list_documents_of(question.view.workspace, question.view.db, filters)
    return [entry for entry in entries if bill.invoice_id in map(str, entry.question_fields.values())]


def list_lines(question: Question) -> list[InvoiceLine]:
    """Return all lines of the bill that the words name."""
    return list_invoice_lines(question.view.db, find_bill(question).id, MAX_DATA_LINES)


def list_versions(question: Question) -> list[BillVersion]:
    """Return every version of the bill that the words name, the oldest first."""
    return list_bill_versions(question.view.db, find_bill(question).id, question.filters.seq)


def list_documents(question: Question) -> list[DocumentEntryRow]:
    """Return the archived documents of the bill that the words name."""
    return [
        DocumentEntryRow(entry.seq, entry.operation, read_media_type(entry), entry.fetched_at, entry.body)
        for entry in find_documents(question, find_bill(question))
    ]


def show_charges(question: Question) -> Values:
    """Show the charges behind a number: what they come to, and the dearest of them, each with the place it was read from."""
    narrowing = read_narrowing(question)
    return {
        "totals": sum_charge_lines(question.view.db, question.filters, narrowing),
        "lines": list_charge_lines(question.view.db, question.filters, narrowing, MAX_LINES),
        "narrowing_words": {word: question.values[word] for word in CHARGE_WORDS if question.values.get(word)},
        "max_lines": MAX_LINES,
    }


def read_narrowing(question: Question) -> Mapping[str, str]:
    """Return what charges are narrowed to besides accounts and months."""
    stated = {key: question.values[word] for word, key in CHARGE_WORDS.items() if question.values.get(word)}
    return {key: "" if value == NO_VALUE else value for key, value in stated.items()}


def list_narrowed_charges(question: Question) -> list[ChargeLine]:
    """Return the charges behind a number, the dearest first."""
    return list_charge_lines(question.view.db, question.filters, read_narrowing(question), MAX_DATA_LINES)


def show_restatements(question: Question) -> Values:
    """Show every issued invoice that changed, with its lines before and after."""
    restatements = listings.list_restatements(question)
    return {"restatements": restatements[:MAX_LINES], "left_out": max(0, len(restatements) - MAX_LINES)}
