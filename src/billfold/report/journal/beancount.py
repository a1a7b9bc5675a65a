"""A journal for beancount: transactions that bean-check accepts, with the accounts that they need opened."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from billfold.model.money import format_amount
from billfold.report.journal.entries import JournalEntry
from billfold.report.journal.files import HEADLINE, JournalFile, clean_account, shorten_text, write_amount
from billfold.report.journal.mapping import JournalMapping

ROOTS = ("Assets", "Liabilities", "Equity", "Income", "Expenses")
MAX_TEXT_LENGTH = 200


def build_account(text: str, root: str) -> str:
    """Return an account as plain-text accounting spells it: one that begins with a root is taken so, others get ``root``."""
    parts = [clean_account(part) for part in text.split(":") if part.strip()] or ["Unnamed"]
    return ":".join(parts if parts[0] in ROOTS and len(parts) > 1 else [root, *parts])


def find_contra_root(entry: JournalEntry) -> str:
    """Return the root of what an entry is credited to: credits that were bought are an asset."""
    return "Assets" if entry.kind.startswith("Credits") else "Liabilities"


def write_beancount(name: str, entries: Sequence[JournalEntry], mapping: JournalMapping) -> list[JournalFile]:
    """Write entries as one file."""
    lines = [HEADLINE, ""]
    if mapping.has_open_directives and entries:
        first_day = min(entry.posted_on for entry in entries)
        lines += [f"{first_day} open {account}" for account in sorted(_list_accounts(entries))]
    for entry in entries:
        lines += ["", *_write_entry(entry)]
    return [JournalFile(name, ("\n".join(lines) + "\n").encode("utf-8", "backslashreplace"))]


def _list_accounts(entries: Sequence[JournalEntry]) -> set[str]:
    accounts = {build_account(entry.contra_account, find_contra_root(entry)) for entry in entries}
    return accounts | {build_account(line.gl_account, "Expenses") for entry in entries for line in entry.lines}


def _write_entry(entry: JournalEntry) -> Iterator[str]:
    links = " ".join(f"^{_clean_link(number)}" for number in (entry.invoice_id, entry.reference) if number)
    yield f"{entry.posted_on} * {_quote(entry.vendor)} {_quote(entry.text)} {links}"
    for key, value in (
        ("external_id", entry.key),
        ("billing_account", f"{entry.provider} {entry.account}"),
        ("purchase_order", entry.purchase_order),
        ("exact_total", format_amount(entry.exact_total)),
        ("residue", format_amount(entry.residue) if entry.residue else ""),
    ):
        if value:
            yield f"  {key}: {_quote(value)}"
    if entry.due_on:
        yield f"  due: {entry.due_on}"
    for line in entry.lines:
        yield f"  {build_account(line.gl_account, 'Expenses')}  {write_amount(line.amount, entry.currency)} {entry.currency}"
        for key, value in (
            ("services", line.description),
            ("tax_code", line.tax_code),
            ("cost_center", line.cost_center),
        ):
            if value:
                yield f"    {key}: {_quote(value)}"
    contra_account, credit = build_account(entry.contra_account, find_contra_root(entry)), entry.total.copy_negate()
    if entry.total:
        yield f"  {contra_account}  {write_amount(credit, entry.currency)} {entry.currency}"


def _quote(text: str) -> str:
    escaped = shorten_text(text, MAX_TEXT_LENGTH).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _clean_link(number: str) -> str:
    return re.sub(r"[^A-Za-z0-9\-_/.]+", "-", number)
