"""What an answer rests on: the invoices and lines that its rows name, or all invoices of what was asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from billfold.model.bill import State
from billfold.serve.fencing import clean_id
from billfold.serve.listings import list_bills
from billfold.serve.questions import Question
from billfold.serve.writing import read_cells

MAX_CITED = 100
"""Invoices, and lines, that are cited of an account."""
ID_FIELDS, LINE_FIELDS = ("invoice_id", "InvoiceId", "invoices"), ("detail", "InvoiceDetailId", "charges")


class Citation(NamedTuple):
    """Invoices of an account, and lines (``InvoiceDetailId``, for `explain_charge`); ``left_out`` counts those not named."""

    provider: str
    account: str
    invoices: list[str]
    lines: list[str]
    left_out: int


def cite_rows(question: Question, rows: Iterable[object]) -> list[Citation]:
    """Return what rows rest on, account by account; where they name no invoice, the issued invoices of what was asked."""
    cells = list(map(read_cells, rows))
    if not any(_list_ids(row, ID_FIELDS) for row in cells):
        filters = question.month_filters if question.month else question.filters
        bills = list_bills(question._replace(filters=filters))
        cells = [read_cells(bill) for bill in bills if bill.state == State.ISSUED]
    return _cite_cells(cells)


def _cite_cells(cells: Sequence[Mapping[str, object]]) -> list[Citation]:
    ids, lines = dict[tuple[str, str], dict[str, None]](), dict[tuple[str, str], dict[str, None]]()
    for row in cells:
        key = clean_id(str(row.get("provider") or "")), clean_id(str(row.get("account") or ""))
        ids.setdefault(key, {}).update(dict.fromkeys(_list_ids(row, ID_FIELDS)))
        lines.setdefault(key, {}).update(dict.fromkeys(_list_ids(row, LINE_FIELDS)))
    return [
        Citation(*key, list(ids[key])[:MAX_CITED], list(lines[key])[:MAX_CITED], _count_rest(ids[key], lines[key]))
        for key in sorted(ids)
        if ids[key] or lines[key]
    ]


def _count_rest(*groups: Mapping[str, None]) -> int:
    return sum(max(0, len(group) - MAX_CITED) for group in groups)


def _list_ids(row: Mapping[str, object], names: Sequence[str]) -> list[str]:
    values = [row.get(name) for name in names]
    texts = [text for value in values for text in (value if isinstance(value, list) else [value])]
    return [clean_id(text) for text in texts if isinstance(text, str) and text]
