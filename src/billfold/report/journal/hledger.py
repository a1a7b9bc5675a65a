"""A journal for hledger: the postings of the beancount file, in hledger's text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from billfold.model.money import format_amount
from billfold.report.journal.beancount import build_account, find_contra_root
from billfold.report.journal.entries import JournalEntry
from billfold.report.journal.files import HEADLINE, JournalFile, shorten_text, write_amount
from billfold.report.journal.mapping import JournalMapping

MAX_TEXT_LENGTH = 200
MARKS = str.maketrans({";": " ", "|": "/", ",": " ", "(": " ", ")": " "})
"""Characters that begin a comment, a note, a tag or a code in hledger's text."""


def write_hledger(name: str, entries: Sequence[JournalEntry], mapping: JournalMapping) -> list[JournalFile]:
    """Write entries as one file."""
    lines = [HEADLINE]
    for entry in entries:
        lines += ["", *_write_entry(entry)]
    return [JournalFile(name, ("\n".join(lines) + "\n").encode("utf-8", "backslashreplace"))]


def _write_entry(entry: JournalEntry) -> Iterator[str]:
    yield f"{entry.posted_on} * ({_clean(entry.number)}) {_clean(entry.vendor)} | {_clean(entry.text)}"
    yield f"    ; external_id: {entry.key}, billing_account: {_clean(f'{entry.provider} {entry.account}')}"
    if entry.reference:
        yield f"    ; reference: {_clean(entry.reference)}"
    if entry.due_on:
        yield f"    ; due: {entry.due_on}"
    if entry.residue:
        yield f"    ; exact_total: {format_amount(entry.exact_total)}, residue: {format_amount(entry.residue)}"
    for line in entry.lines:
        codes = [("services", line.description), ("tax_code", line.tax_code), ("cost_center", line.cost_center)]
        tags = ", ".join(f"{key}: {_clean(value)}" for key, value in codes if value)
        account = build_account(line.gl_account, "Expenses")
        yield f"    {account}  {write_amount(line.amount, entry.currency)} {_quote(entry.currency)}  ; {tags}"
    if entry.total:
        account, credit = build_account(entry.contra_account, find_contra_root(entry)), entry.total.copy_negate()
        yield f"    {account}  {write_amount(credit, entry.currency)} {_quote(entry.currency)}"


def _clean(text: str) -> str:
    return shorten_text(text.translate(MARKS), MAX_TEXT_LENGTH)


def _quote(currency: str) -> str:
    """Return a currency as hledger's text has commodities: with anything but letters it stands in quotes."""
    return currency if currency.isalpha() else f'"{currency}"'
