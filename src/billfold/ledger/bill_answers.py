"""The archived answers that bills were made from: those that their charges point at, and those that name the invoice."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from billfold.ledger.archive import Archive
from billfold.ledger.documents import FILE_SUFFIXES, read_media_type
from billfold.ledger.entries import Entry
from billfold.ledger.query import BILLS_JOIN, CHARGES_JOIN, LedgerFilter, build_filter_condition
from billfold.ledger.store import OpenLedger
from billfold.model.errors import DamagedAnswer


def list_bill_answers(archive: Archive, db: OpenLedger, filters: LedgerFilter) -> list[Entry]:
    """Return the answers of every version of the bills that are wanted, superseded and parked ones too, without documents."""
    condition, values = build_filter_condition(filters)
    condition = f"{condition} AND b.from_seq <= $seq"
    seqs = {
        row[0]
        for row in db.execute(
            f"SELECT DISTINCT c.x_ArchiveSeq FROM {CHARGES_JOIN} WHERE {condition}", values
        ).fetchall()
        if row[0] is not None
    }
    query = f"SELECT DISTINCT b.run, b.invoice_id FROM {BILLS_JOIN} WHERE {condition} AND b.invoice_id IS NOT NULL"
    ids_by_run = dict[int, set[bytes]]()
    for run, invoice_id in db.execute(query, values).fetchall():
        ids_by_run.setdefault(run, set()).add(invoice_id.encode())
    seqs |= {entry.seq for run, ids in ids_by_run.items() for entry in _iter_naming(archive, run, ids)}
    return [archive.read_entry(seq) for seq in sorted(seqs)]


def _iter_naming(archive: Archive, run: int, invoice_ids: Collection[bytes]) -> Iterator[Entry]:
    """Yield the answers of a run in whose question or body an invoice is named; one that is damaged names nothing."""
    for entry in archive.iter_answers(run):
        if entry.status != 200 or read_media_type(entry) in FILE_SUFFIXES:
            continue
        try:
            content = entry.question.encode() + archive.read_body(entry.body)
        except DamagedAnswer:
            continue
        if any(invoice_id in content for invoice_id in invoice_ids):
            yield entry
