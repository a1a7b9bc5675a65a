"""Write the archived documents as files, and say of which invoice each is and which invoices have none."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from billfold.collect.workspace import Workspace
from billfold.ledger import catalog, query
from billfold.ledger.archive import Archive
from billfold.ledger.catalog import BillRow
from billfold.ledger.documents import build_document_key, list_document_versions, list_latest_documents
from billfold.ledger.entries import Entry
from billfold.ledger.query import LedgerFilter
from billfold.ledger.store import OpenLedger
from billfold.model.bill import State
from billfold.model.errors import ConfigurationError, DamagedAnswer
from billfold.report.document_files import build_file_name, name_document, remove_drafts, store_document

WRITTEN, UNCHANGED, MISSING, DAMAGED = "written", "unchanged", "missing", "damaged"
"""What becomes of a document: an invoice's is missing where none came."""
ARCHIVED = "archived"
"""What a document is where it is only listed."""


class DocumentRow(NamedTuple):
    """A document, the invoice that it is of as far as that is known, and what became of it."""

    provider: str
    account: str
    invoice_id: str = ""
    issued_on: str = ""
    total: str = ""
    currency: str = ""
    status: str = MISSING
    file: str = ""
    sha256: str = ""
    seq: int | None = None
    fetched_at: str = ""


def write_documents(
    workspace: Workspace, db: OpenLedger, directory: Path, filters: LedgerFilter, *, all_versions: bool = False
) -> list[DocumentRow]:
    """Write the wanted documents into a directory, where nothing is overwritten; returns one row each, the missing last.

    Months are those of the invoices: a document of no booked invoice is of none. Raises ``ConfigurationError`` where the directory
    cannot be written.
    """
    bills = _index_bills(db, filters)
    list_documents = list_document_versions if all_versions else list_latest_documents
    located_entries = list(_locate_documents(workspace, db, bills, filters, list_documents))
    keys_by_name = defaultdict[str, set[tuple[str, ...]]](set)
    for entry, _, _ in located_entries:
        keys_by_name[build_file_name(entry)].add(build_document_key(entry))
    try:
        directory.mkdir(parents=True, exist_ok=True)
        remove_drafts(directory)
        rows = [
            _write_document(
                workspace,
                directory,
                entry,
                _build_row(entry.provider, account, bill),
                is_shared=len(keys_by_name[build_file_name(entry)]) > 1,
            )
            for entry, account, bill in located_entries
        ]
    except OSError as error:
        raise ConfigurationError(f"{directory} cannot be written: {error.strerror}") from error
    return [*rows, *_list_missing(bills, {(row.provider, row.account, row.invoice_id) for row in rows})]


def list_document_rows(
    workspace: Workspace, db: OpenLedger, filters: LedgerFilter, *, all_versions: bool = False
) -> list[DocumentRow]:
    """Return the wanted documents as they are archived, and last the invoices without one; ``sha256`` is of what came."""
    bills = _index_bills(db, filters)
    list_documents = list_document_versions if all_versions else list_latest_documents
    rows = [
        _build_row(entry.provider, account, bill)._replace(
            status=ARCHIVED,
            file=name_document(entry),
            sha256=entry.body,
            seq=entry.seq,
            fetched_at=entry.fetched_at,
        )
        for entry, account, bill in _locate_documents(workspace, db, bills, filters, list_documents)
    ]
    return [*rows, *_list_missing(bills, {(row.provider, row.account, row.invoice_id) for row in rows})]


def list_documents_of(workspace: Workspace, db: OpenLedger, filters: LedgerFilter) -> list[Entry]:
    """Return every version of the documents of the wanted invoices, the oldest first."""
    located_entries = _locate_documents(workspace, db, _index_bills(db, filters), filters, list_document_versions)
    return [entry for entry, _, bill in located_entries if bill]


def _locate_documents(
    workspace: Workspace,
    db: OpenLedger,
    bills: Mapping[tuple[str, str, str], BillRow],
    filters: LedgerFilter,
    list_documents: Callable[[Archive, int], list[Entry]],
) -> Iterator[tuple[Entry, str, BillRow | None]]:
    """Yield the wanted documents, each with what its account is called now, and its invoice as far as that is known."""
    account_names = query.read_names_by_run(db, filters.seq)
    for entry in list_documents(workspace.archive, filters.seq):
        account = account_names.get(entry.run, entry.account)
        if filters.includes_account(entry.provider, account):
            bill = _find_bill(bills, entry, account)
            if bill or not (filters.first_month or filters.last_month):
                yield entry, account, bill


def count_documents(rows: Collection[DocumentRow]) -> Counter[tuple[str, str]]:
    """Count by provider and account the documents that are in the directory now."""
    return Counter((row.provider, row.account) for row in rows if row.status in {WRITTEN, UNCHANGED})


def _index_bills(db: OpenLedger, filters: LedgerFilter) -> dict[tuple[str, str, str], BillRow]:
    """Return the wanted issued invoices by provider, account and id."""
    return {
        (bill.provider, bill.account, bill.invoice_id): bill
        for bill in catalog.list_bills(db, filters)
        if bill.state == State.ISSUED and bill.invoice_id
    }


def _find_bill(bills: Mapping[tuple[str, str, str], BillRow], entry: Entry, account: str) -> BillRow | None:
    """Find the invoice that a document was asked for by its id."""
    keys = ((entry.provider, account, str(value)) for value in entry.question_fields.values())
    return next((bills[key] for key in keys if key in bills), None)


def _build_row(provider: str, account: str, bill: BillRow | None) -> DocumentRow:
    if bill is None:
        return DocumentRow(provider, account)
    issued_on = bill.issued_on.date().isoformat() if bill.issued_on else ""
    return DocumentRow(provider, account, bill.invoice_id or "", issued_on, bill.total or "", bill.currency)


def _write_document(
    workspace: Workspace, directory: Path, entry: Entry, row: DocumentRow, *, is_shared: bool
) -> DocumentRow:
    """Write one document; one that is damaged in the archive hides no other."""
    row = row._replace(seq=entry.seq, fetched_at=entry.fetched_at, sha256=entry.body, status=DAMAGED)
    try:
        body = workspace.archive.read_body(entry.body)
    except DamagedAnswer:
        return row
    path, is_new = store_document(directory, entry, body, is_shared=is_shared)
    status = WRITTEN if is_new else UNCHANGED
    return row._replace(status=status, file=path.name, sha256=hashlib.sha256(body).hexdigest())


def _list_missing(
    bills: Mapping[tuple[str, str, str], BillRow], documented_keys: Collection[tuple[str, str, str]]
) -> Iterator[DocumentRow]:
    for key, bill in sorted(bills.items()):
        if key not in documented_keys:
            yield _build_row(bill.provider, bill.account, bill)
