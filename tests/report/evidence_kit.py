"""Evidence for tests: written, signed, and changed as whoever forges would."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from billfold.collect.workspace import Workspace
from billfold.ledger.acknowledgements import add_acknowledgement
from billfold.ledger.closings import Closing, RegisterLine, add_closing
from billfold.ledger.digest import compute_digest
from billfold.ledger.mapping_versions import read_booking_code
from billfold.ledger.query import LedgerFilter
from billfold.ledger.register import RegisterRow, list_register
from billfold.model.finding import AccountFinding
from billfold.model.period import Month
from billfold.report.evidence_verifier import verify
from billfold.tasks.changes import find_changes, find_closed_baseline, load_closings
from billfold.tasks.evidence import EvidenceRequest, EvidenceSummary, write_evidence

MONTH = Month(2026, 10)
OF_MONTH = LedgerFilter(None, None, MONTH, MONTH)
NOW = datetime(2026, 11, 20, tzinfo=UTC)
Change = Callable[[dict[str, bytes], dict[str, Any]], object]
"""Changes files by name, and the manifest."""


def write(books: Workspace, path: Path, month: Month = MONTH, **narrowed: Any) -> EvidenceSummary:
    """Write a month's evidence."""
    with books.open_ledger() as db:
        return write_evidence(books, db, EvidenceRequest(month, LedgerFilter(**narrowed)), path)


def find_defects(path: Path, head: str = "") -> list[str]:
    """Return what is wrong with evidence of a month, or of a part."""
    return verify(str(path), head, is_part_wanted=True).defects


def list_issued(books: Workspace) -> list[RegisterRow]:
    """Return the invoices of the month."""
    with books.open_ledger() as db:
        return [row for row in list_register(db, OF_MONTH) if row.state == "issued"]


def sign(books: Workspace, rows: list[RegisterRow], by: str = "Ann", scope: tuple[str, str] = ("", "")) -> None:
    """Sign the month as if its invoices were these."""
    accounts = [(row.provider, row.account) for row in (*list_issued(books), *rows) if scope[0] in {"", row.provider}]
    registers: dict[tuple[str, str], list[RegisterLine]] = {key: [] for key in accounts}
    for row in [row for row in rows if scope[0] in {"", row.provider}]:
        line = RegisterLine(row.invoice_id or "", row.currency, str(row.gross))
        registers[row.provider, row.account].append(line)
    with books.open_ledger() as db:
        digest = compute_digest(db, OF_MONTH._replace(provider=scope[0] or None))
        code, parts = read_booking_code(db), {key: tuple(lines) for key, lines in registers.items()}
        closing = Closing(MONTH, by, "", "", digest, books.archive.read_head(), code, (), scope, 0, parts)
    add_closing(books.archive, closing, NOW)


def accept_changes(books: Workspace) -> list[AccountFinding]:
    """Accept whatever changed since the month was signed, as `billfold acknowledge` does."""
    with books.open_ledger() as db:
        baseline = find_closed_baseline(load_closings(books, db, 10**9), MONTH)
        changes = [change.located for change in find_changes(db, baseline, OF_MONTH)]
    for located in changes:
        add_acknowledgement(books.archive, located, "booked in December", "Bea", NOW)
    return changes


def rewrite(source: Path, target: Path, change: Callable[[dict[str, bytes]], object]) -> Path:
    """Write the same zip with its files changed."""
    with zipfile.ZipFile(source) as old:
        files = {name: old.read(name) for name in old.namelist()}
    change(files)
    with zipfile.ZipFile(target, "w") as new:
        for name, body in files.items():
            new.writestr(name, body)
    return target


def forge(source: Path, target: Path, change: Change) -> Path:
    """Change files, and recompute the manifest as whoever forges would."""

    def rewrite_all(files: dict[str, bytes]) -> None:
        manifest = json.loads(files.pop("manifest.json"))
        change(files, manifest)
        manifest["files"] = {name: hashlib.sha256(body).hexdigest() for name, body in files.items()}
        files["manifest.json"] = json.dumps(manifest).encode()

    return rewrite(source, target, rewrite_all)


def edit_rows(files: dict[str, bytes], name: str, change: Callable[[dict[str, str]], Mapping[str, str] | None]) -> None:
    """Put other rows in the place of those of a CSV file, or none."""
    rows = list(csv.DictReader(io.StringIO(files[name].decode())))
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, rows[0])
    writer.writeheader()
    writer.writerows(new_row for row in rows if (new_row := change(row)) is not None)
    files[name] = buffer.getvalue().encode()


def keep_vendor(files: dict[str, bytes], name: str) -> None:
    """Leave only the invoices and charges of accounts that are called as their vendor."""
    edit_rows(files, "register.csv", lambda row: row if row["account"].startswith(name) else None)
    edit_rows(files, "charges.csv", lambda row: row if row["x_AccountName"].startswith(name) else None)


def find_invoice_id(files: Mapping[str, bytes], provider: str) -> str:
    """Return the id of a vendor's first invoice."""
    rows = csv.DictReader(io.StringIO(files["register.csv"].decode()))
    return next(row["invoice_id"] for row in rows if row["provider"] == provider)


def raise_total(row: RegisterRow, amount: int) -> RegisterRow:
    """Return an invoice as if its total were another."""
    return row._replace(gross=(row.gross or Decimal(0)) + amount)
