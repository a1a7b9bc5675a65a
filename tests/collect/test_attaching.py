"""An attached document is in the chain of its account, is kept by rebuild, and its total is checked as any other's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from billfold.collect.attaching import attach_document
from billfold.collect.redact import redact_workspace
from billfold.collect.workspace import Workspace
from billfold.ledger.catalog import BillRow, list_bills
from billfold.ledger.query import LedgerFilter
from billfold.ledger.verify import find_archive_damage
from billfold.model.errors import InvalidArgument
from billfold.model.finding_codes import FindingCode
from billfold.report.document_check import check_documents
from billfold.tasks.documents import write_documents
from tests import stage
from tests.ledger.kit import collected, invoice, invoices


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Workspace]:
    with closing(Workspace(tmp_path / "ledger")) as workspace:
        collected(workspace, invoices(invoice(total="12.5", lines=("10", "2.5"))))
        yield workspace


def bill_of(books: Workspace) -> BillRow:
    with books.open_ledger() as db:
        (bill,) = list_bills(db, LedgerFilter())
    return bill


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def find_mismatches(books: Workspace) -> list[FindingCode]:
    with books.open_ledger() as db:
        return [located.finding.code for located in check_documents(books.archive, db, LedgerFilter())]


def test_a_document_is_kept_and_changes_no_number(books: Workspace, tmp_path: Path) -> None:
    bill, digest = bill_of(books), stage.read_digest(books)
    attachment = attach_document(books, bill, write(tmp_path / "a.csv", b"what,amount\nx,10.0\ny,2.50\n"))
    again = attach_document(books, bill, tmp_path / "a.csv")
    assert (attachment.is_new, again.is_new, again.entry) == (True, False, attachment.entry)
    assert (bill_of(books), stage.read_digest(books)) == (bill, digest)
    books.rebuild()
    assert (bill_of(books)[1:9], stage.read_digest(books)) == (bill[1:9], digest)
    assert redact_workspace(books) == 0
    assert list(find_archive_damage(books.archive)) == []
    assert find_mismatches(books) == []


def test_documents_writes_what_was_attached(books: Workspace, tmp_path: Path) -> None:
    body = json.dumps({"total": "12.50"}).encode()
    attach_document(books, bill_of(books), write(tmp_path / "a.json", body))
    with books.open_ledger() as db:
        (row,) = write_documents(books, db, tmp_path / "out", LedgerFilter())
    assert (row.invoice_id, row.total, row.status) == ("i1", "12.5", "written")
    assert (tmp_path / "out" / row.file).read_bytes() == body
    assert row.file.endswith("_i1.json")


@pytest.mark.parametrize("content", [b"what,amount\nx,10.0\ny,2.60\n", b'{"total": 12.51}'])
def test_another_total_is_found_until_it_is_mended(books: Workspace, tmp_path: Path, content: bytes) -> None:
    attach_document(books, bill_of(books), write(tmp_path / "a", content))
    assert find_mismatches(books) == [FindingCode.DOCUMENT_MISMATCH]
    attach_document(
        books, bill_of(books), write(tmp_path / "a", content.replace(b"2.60", b"2.50").replace(b"51", b"50"))
    )
    assert find_mismatches(books) == []


@pytest.mark.parametrize("content", [b"", b"\x89PNG\x00", b"a,\x00b"])
def test_what_is_no_document_is_refused(books: Workspace, tmp_path: Path, content: bytes) -> None:
    bill, last_seq = bill_of(books), books.archive.read_last_seq()
    with pytest.raises(InvalidArgument):
        attach_document(books, bill, write(tmp_path / "a", content))
    assert books.archive.read_last_seq() == last_seq
