"""The invoices' documents against the invoices: a PDF that says another total is named, one that says nothing is not."""

from __future__ import annotations

import subprocess
import sys
import zlib
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from threading import Event
from typing import Any
from unittest import mock

import pytest
from pypdf import PdfReader, PdfWriter

from billfold.collect.importing import import_files
from billfold.collect.workspace import Workspace
from billfold.ledger import catalog, documents, query
from billfold.ledger.catalog import BillRow
from billfold.ledger.entries import ArchivedResponse
from billfold.ledger.query import LedgerFilter
from billfold.model.finding import describe_finding
from billfold.providers import invoice_pdf, provider
from billfold.providers.fastly.api_v2 import GetInvoiceFile
from billfold.providers.genesys.api import GetBillingContractsInvoiceDocument
from billfold.report import document_check, pdf_text
from billfold.report.pdf_worker import ReadingOrder
from billfold.wire.operation import operation_name, question_text
from tests import stage
from tests.cli.terminal import Terminal

EVERY = LedgerFilter()
VENDOR = "genesys"


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Workspace]:
    workspace = Workspace(tmp_path / "ledger")
    stage.collected(stage.twin(months=2), workspace, VENDOR)
    yield workspace
    workspace.close()


def invoice(books: Workspace) -> BillRow:
    with books.open_ledger() as db:
        return next(bill for bill in catalog.list_bills(db, EVERY) if bill.state == "issued")


def document(number: str, total: str) -> bytes:
    facts, lines = {"Date": "2026-11-01"}, [["licences", "3", "7.25"], ["calls", "1", "0.50"]]
    return invoice_pdf.render_pdf(
        invoice_pdf.make_paper(VENDOR, f"Invoice {number}", facts, ("What", "Many", "Amount"), lines, total, stage.AT)
    )


def came(books: Workspace, body: bytes, number: str) -> None:
    """Let a document of an invoice come by another collection."""
    op, when = GetBillingContractsInvoiceDocument(invoice_id=number), stage.AT + timedelta(days=1)
    run = books.archive.start_run(VENDOR, VENDOR, "import", when)
    books.archive.add_responses(
        run,
        ArchivedResponse(
            operation_name(op), question_text(op), 200, {"content-type": documents.PDF_MEDIA_TYPE}, body, when
        ),
    )
    books.archive.end_run(run, "imported", when)


def brought(books: Workspace, body: bytes) -> None:
    """Import a saved document that nobody says the invoice of."""
    file = books.directory / "saved.pdf"
    file.write_bytes(body)
    assert not import_files(books, provider.find_provider("fastly"), "fastly", [file], None, {}).is_doubtful


def list_sentences(books: Workspace, filters: LedgerFilter = EVERY) -> list[str]:
    with books.open_ledger() as db:
        findings = list(document_check.check_documents(books.archive, db, filters))
    assert all(finding.finding.is_wrong for finding in findings)
    return [describe_finding(finding.finding) for finding in findings]


def test_every_twin_document_says_its_invoices_total(books: Workspace) -> None:
    """Every document of the twin is read and says its invoice's total."""
    entries = documents.list_latest_documents(books.archive, query.MAX_SEQ)
    assert len(entries) >= 4
    assert all("Total" in pdf_text.extract_text(books.archive.read_body(entry.body)) for entry in entries)
    assert list_sentences(books) == []


def test_a_document_with_another_total_is_named(books: Workspace) -> None:
    """A document with another total is named until the right one comes."""
    bill = invoice(books)
    number, total = bill.name, bill.total or ""
    before = books.archive.read_last_seq()
    came(books, document(number, "12.34 USD"), number)
    (sentence,) = list_sentences(books)
    assert sentence.startswith(f"{number}: its document does not say its total {total} USD")
    result = Terminal(books.directory.parent).run("--ledger", "ledger", "reconcile")
    assert (result.code, sentence in result.out) == (1, True)
    assert list_sentences(books, LedgerFilter(seq=before)) == []
    assert list_sentences(books, LedgerFilter(account="another")) == []
    came(books, document(number, f"{Decimal(total):,} USD"), number)
    assert list_sentences(books) == []


def test_an_unnamed_document_is_of_the_number_it_says(tmp_path: Path) -> None:
    """A document that is not named is of the invoice whose number it says."""
    books = Workspace(tmp_path / "ledger")
    host = stage.twin(months=2)
    stage.collected(host, books, "fastly", {"fastly": "fastly", "fastly-parent-pay": "parent"})
    number = invoice(books).name
    account = stage.stage(host, "fastly").accounts[0]
    with books.open_ledger() as db:
        start = next(bill.period_start for bill in catalog.list_bills(db, EVERY) if bill.invoice_id == number)
    true = stage.connection(host, account).send(GetInvoiceFile(year=start.year, month=start.month, format="pdf")).body
    brought(books, true)
    assert list_sentences(books) == []
    brought(books, document("999999", "12.34 USD"))
    assert list_sentences(books) == []
    brought(books, document(number, "12.34 USD"))
    assert [sentence.partition(":")[0] for sentence in list_sentences(books)] == [number]
    books.close()


def without_text() -> bytes:
    writer, out = PdfWriter(), BytesIO()
    writer.add_blank_page(100, 100)
    writer.write(out)
    return out.getvalue()


def locked(body: bytes) -> bytes:
    writer, out = PdfWriter(clone_from=PdfReader(BytesIO(body))), BytesIO()
    writer.encrypt("a password", algorithm="RC4-128")
    writer.write(out)
    return out.getvalue()


@pytest.mark.parametrize(
    "spoiled",
    [
        lambda body: body[: len(body) // 2],
        lambda body: body[: len(body) // 2] + b"\n%%EOF\n",
        lambda body: b"%PDF-1.7\n%%EOF\n",
        lambda body: b"%PDF-1.7\nstartxref\n9\n%%EOF\n",
        lambda body: without_text(),
        locked,
    ],
    ids=["cut-off", "cut-and-ended", "empty", "leads-to-itself", "no-text", "locked"],
)
def test_a_document_that_cannot_be_read_is_no_finding(spoiled: Any, books: Workspace) -> None:
    number = invoice(books).name
    came(books, spoiled(document(number, "12.34 USD")), number)
    assert list_sentences(books) == []


def test_a_document_that_is_too_large_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    body = document("INV1", "12.34 USD")
    assert "12.34" in pdf_text.extract_text(body)
    for limit in ("MAX_PDF_PAGES", "MAX_DOCUMENT_BYTES"):
        with monkeypatch.context() as less:
            less.setattr(pdf_text, limit, 0)
            assert pdf_text.extract_text(body) == "", limit


def make_endless_pdf(operators: bytes) -> bytes:
    """Return a PDF of one page whose content is these operators."""
    packed = zlib.compress(operators)
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R/Resources<<>>>>",
        b"<</Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (len(packed), packed),
    ]
    body, offsets = b"%PDF-1.4\n", list[int]()
    for number, content in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj%s endobj\n" % (number, content)
    table = b"xref\n0 5\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return body + table + b"trailer<</Size 5/Root 1 0 R>>startxref\n%d\n%%%%EOF" % len(body)


@pytest.mark.parametrize(
    "document_bytes",
    [make_endless_pdf(b"q " * 12_000_000), make_endless_pdf(b"[" + b"1 " * 9_000_000 + b"] TJ"), b"%PDF-1.4\n%%EOF"],
    ids=["operators", "array", "nothing"],
)
def test_a_document_takes_no_more_than_its_limits(document_bytes: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that takes the reading process down, or its time, has no text; the next one is read all the same."""
    monkeypatch.setattr(pdf_text, "READ_TIMEOUT_S", 1)
    monkeypatch.setattr(pdf_text, "MAX_MEMORY_BYTES", 256 * 1024 * 1024)
    assert pdf_text.extract_text(document_bytes) == ""
    monkeypatch.undo()
    assert "12.34" in pdf_text.extract_text(document("INV1", "12.34 USD"))


def test_the_reading_process_has_none_of_our_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VULTR_API_KEY", "a-key-of-mine")
    process = pdf_text._TextProcess()
    with mock.patch.object(subprocess, "Popen", side_effect=OSError) as start:
        assert process.read_text(b"", ReadingOrder(0, 1, 1, 1 << 28, 1)) == ""
    assert "a-key-of-mine" not in str(start.call_args)
    assert "env" in start.call_args.kwargs


def test_a_document_is_not_read_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that does not answer in its time is ended, and the document has no text."""
    is_ended = Event()
    monkeypatch.setattr(pdf_text._TextProcess, "_ask", lambda *_: is_ended.wait())
    monkeypatch.setattr(pdf_text._TextProcess, "end", lambda _: is_ended.set())
    monkeypatch.setattr(pdf_text, "READ_TIMEOUT_S", 0)
    assert pdf_text.extract_text(document("INV1", "12.34 USD")) == ""
    assert is_ended.is_set()


@pytest.mark.parametrize(
    ("total", "spelled"),
    [
        (
            "1234.5",
            "1234.5 1234.50 1,234.50 1.234,50 1\N{NO-BREAK SPACE}234,5000 1'234.50 -1,234.50 (1,234.50) $1234.50.",
        ),
        ("-1234.5", "1,234.50- (1234.50)"),
        ("1234", "1234 1,234.00 1.234,00 JPY1,234"),
        ("0", "0.00 0,00 0"),
        ("3.14159", "3.14 3.14159 3.1415900"),
        ("2.665", "2.66 2.67 2.665"),
        ("1234567.891", "1,234,567.89 12,34,567.89 1234567.891"),
    ],
)
def test_a_total_is_found_however_it_is_spelled(total: str, spelled: str) -> None:
    for word in spelled.split(" "):
        assert document_check.states_amount(f"Due 3 {word} on 2026-11-01", Decimal(total)), word


@pytest.mark.parametrize(
    "text", ["11,234.50", "1,234.51", "234.50", "1234.505", "12345.0", "91234.50", "1234.50.1", "1.1234.50"]
)
def test_another_amount_is_not_taken_for_the_total(text: str) -> None:
    assert not document_check.states_amount(text, Decimal("1234.5"))


def test_no_document_no_library(tmp_path: Path) -> None:
    books = Workspace(tmp_path / "ledger")
    stage.collected(stage.twin(months=1), books, "vultr")
    books.close()
    line = f"import sys, billfold.cli.main as front; code = front.cli.main(['--ledger', {str(tmp_path / 'ledger')!r}, "
    line += "'reconcile'], standalone_mode=False); sys.exit('pypdf' in sys.modules or code)"
    done = subprocess.run([sys.executable, "-c", line], check=False, capture_output=True, cwd=tmp_path)
    assert done.returncode == 0, done
