"""What the writers of journals share: files by what their names end in, tables in CSV, texts cut to a program's length."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from billfold.model.csv_text import guard_formula
from billfold.model.money import EXACT_CONTEXT, find_minor_digits, format_decimal
from billfold.model.plain_text import format_line
from billfold.report.journal.entries import JournalEntry

HEADLINE_MARK = "; written by billfold;"
HEADLINE = f"{HEADLINE_MARK} the same entries have the same external_id whenever they are written"
"""The first line of a journal in plain text."""


class JournalFile(NamedTuple):
    """A file to be written; ``name`` is that of the file that was asked for, or one beside it."""

    name: str
    content: bytes


def write_amount(amount: Decimal, currency: str) -> str:
    """Write a rounded amount with as many decimals as its currency has."""
    return format_decimal(amount.quantize(Decimal(1).scaleb(-find_minor_digits(currency)), context=EXACT_CONTEXT))


def shorten_text(text: str, length: int) -> str:
    """Return a text on one line, cut to a length."""
    return format_line(text)[:length]


def shorten_number(number: str, length: int) -> str:
    """Return a document's number, or where it is too long its beginning and a hash: the same for the same number always."""
    if len(number) <= length:
        return number
    digest = hashlib.sha256(number.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"{number[: length - 13]}-{digest}"


def name_beside(name: str, label: str) -> str:
    """Return the name of a further file: ``bills.csv`` and ``credits`` make ``bills-credits.csv``."""
    path = Path(name)
    return f"{path.stem}-{label}{path.suffix}"


def render_csv(columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> bytes:
    """Write rows as CSV in UTF-8; a text that a spreadsheet would run has a quote in front."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([guard_formula(format_line(row.get(column, ""))) for column in columns] for row in rows)
    return text.getvalue().encode("utf-8", "backslashreplace")


def split_signs(entries: Iterable[JournalEntry]) -> tuple[list[JournalEntry], list[JournalEntry]]:
    """Return what is owed, and what a vendor owes: programs take bills and credits of vendors by forms of their own."""
    all_entries = list(entries)
    return [entry for entry in all_entries if entry.total >= 0], [entry for entry in all_entries if entry.total < 0]


def clean_account(text: str) -> str:
    """Return a text as a part of an account's name in plain-text accounting: letters, digits and hyphens."""
    part = re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-") or "Unnamed"
    return part[0].upper() + part[1:]


def split_files(
    name: str, entries: Sequence[JournalEntry], max_entries: int
) -> list[tuple[str, Sequence[JournalEntry]]]:
    """Return entries in files of at most so many, each with its name."""
    starts = range(0, len(entries), max_entries)
    return [
        (name if not start else name_beside(name, str(number)), entries[start : start + max_entries])
        for number, start in enumerate(starts, 1)
    ]


def label_signs(name: str, entries: Iterable[JournalEntry]) -> list[tuple[str, list[JournalEntry]]]:
    """Return the bills under a file's name, and the credits, if there are any, under one beside it."""
    bills, vendor_credits = split_signs(entries)
    return [(name, bills), *([(name_beside(name, "credits"), vendor_credits)] if vendor_credits else [])]
