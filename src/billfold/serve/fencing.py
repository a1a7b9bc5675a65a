"""Rows for a language model: money as text, and whatever a vendor may have written set apart as data that is not to be believed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum

from billfold.model.period import Month
from billfold.model.plain_text import make_printable
from billfold.serve.writing import is_row, read_cells, write_value

UNTRUSTED = "untrusted"
"""The field of a row that holds what a vendor or another user may have written."""
MAX_TEXT_CHARS = 500
MAX_ID_CHARS = 80
_TOKEN = re.compile(r"[A-Za-z0-9$][][\w.:/+@-]{0,79}", re.ASCII)
_NUMBER_OR_TIME = re.compile(r"-?\d{1,60}(\.\d{1,60})?|\d{4}-\d\d(-\d\d(T[\d:.]{8,15}Z)?)?", re.ASCII)
_NO_TOKEN = re.compile(r"[^\w.:/+@-]", re.ASCII)
PLAIN_FIELDS = frozenset(
    [
        "account",
        "body",
        "category",
        "change",
        "charges",
        "check",
        "code",
        "commitment_id",
        "contract",
        "currency",
        "detail",
        "due_by",
        "finding",
        "hash",
        "id",
        "invoice_id",
        "invoices",
        "kind",
        "method",
        "operation",
        "outcome",
        "path",
        "provider",
        "severity",
        "signed_by",
        "state",
        "subject",
        "type",
        "unit",
        "BillingAccountId",
        "BillingCurrency",
        "ChargeCategory",
        "InvoiceDetailId",
        "InvoiceId",
        "InvoiceIssuerName",
        "ProviderName",
    ]
)
"""Fields that hold a word of ours or an id; a text in them that has spaces or signs is fenced all the same."""


def fence_row(row: object) -> dict[str, object]:
    """Return a row's fields as JSON, its texts of unknown origin under ``untrusted``: one line each, cut, no control characters."""
    plain, fenced = dict[str, object](), dict[str, object]()
    for name, value in read_cells(row).items():
        if is_row(value) or _is_rows(value):
            plain[name] = [fence_row(item) for item in value] if isinstance(value, list) else fence_row(value)
        elif _is_plain(name, value):
            plain[name] = write_value(value)
        else:
            fenced[name] = clean_value(write_value(value))
    return plain | ({UNTRUSTED: fenced} if fenced else {})


def _is_rows(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(map(is_row, value))


def _is_plain(name: str, value: object) -> bool:
    """Tell whether a value cannot be a sentence: no text at all, or an empty one, or a token where one is expected."""
    if isinstance(value, list | tuple):
        return all(_is_plain(name, item) for item in value)
    if value is None or isinstance(value, bool | int | Decimal | date | datetime | Month | Enum):
        return True
    if not isinstance(value, str):
        return False
    return not value or bool(_NUMBER_OR_TIME.fullmatch(value) or (name in PLAIN_FIELDS and _TOKEN.fullmatch(value)))


def clean_value(value: object) -> object:
    """Return JSON whose texts, names of fields included, are single lines of limited length without control characters."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, Mapping):
        return {clean_text(str(name)): clean_value(item) for name, item in value.items()}
    return list(map(clean_value, value)) if isinstance(value, list) else value


def clean_text(text: str) -> str:
    """Return a text as one line, cut where it is long."""
    line = make_printable(text)
    return line if len(line) <= MAX_TEXT_CHARS else f"{line[: MAX_TEXT_CHARS - 1]}…"


def clean_id(text: str) -> str:
    """Return an id to be cited: a sentence in its place cannot be read as one."""
    return _NO_TOKEN.sub("_", text)[:MAX_ID_CHARS]
