"""A month's statement is the same in all its formats, exact where a machine reads it, and says whether the month is whole."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from pypdf import PdfReader

from billfold.collect.workspace import Workspace
from billfold.ledger.query import LedgerFilter
from billfold.model.errors import InvalidArgument
from billfold.model.period import Month
from billfold.report.statement import Amount, Statement
from billfold.tasks.statement import SUFFIXES, build_statement, render_statement
from tests import stage

MONTH = Month(2026, 10)
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """Yield the ledger of a twin."""
    with closing(Workspace(tmp_path_factory.mktemp("books"))) as workspace:
        stage.collected(stage.twin(months=3), workspace)
        yield workspace


@pytest.fixture(scope="module")
def statement(books: Workspace) -> Statement:
    """Return the statement of a month."""
    with books.open_ledger() as db:
        return build_statement(books, db, MONTH, LedgerFilter(), company="Example <Ltd>")


def list_gross(statement: Statement) -> list[Amount]:
    register = next(section for section in statement.sections if section.title == "Register of invoices")
    return [cell for row in register.rows if not row.is_total and isinstance(cell := row.cells[7], Amount)]


def read_sheets(content: bytes) -> dict[str, list[list[str]]]:
    """Return the texts and numbers of a workbook's sheets, by a reader of our own."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        strings = [
            "".join(part.itertext()) for part in ET.fromstring(book.read("xl/sharedStrings.xml")).iter(f"{SHEET}si")
        ]
        names = [sheet.get("name", "") for sheet in ET.fromstring(book.read("xl/workbook.xml")).iter(f"{SHEET}sheet")]
        sheets = {}
        for number, name in enumerate(names, 1):
            rows = ET.fromstring(book.read(f"xl/worksheets/sheet{number}.xml")).iter(f"{SHEET}row")
            sheets[name] = [
                [
                    strings[int("".join(cell.itertext()))] if cell.get("t") == "s" else "".join(cell.itertext())
                    for cell in row
                ]
                for row in rows
            ]
    return sheets


def test_the_register_is_the_truth(books: Workspace, statement: Statement) -> None:
    invoices = [
        invoice
        for invoice in stage.list_invoices(books)
        if invoice["state"] == "issued" and invoice["period_start"].startswith(str(MONTH))
    ]
    assert sorted(amount.value for amount in list_gross(statement)) == sorted(
        Decimal(invoice["total"]) for invoice in invoices
    )


def test_the_movement_sums_to_what_the_vendors_moved_by(statement: Statement) -> None:
    """The parts and the table by vendor come from two questions that share nothing."""
    by_title = {section.title: section for section in statement.sections}
    for currency in ("USD", "CRDB_CLOUD_CREDITS"):
        parts = [row.cells[3] for row in by_title[f"Why {MONTH} moved, {currency}"].rows if not row.is_total]
        moved = [row.cells[4] for row in by_title[f"Cost by vendor, {currency}"].rows if not row.is_total]
        assert sum(part.value for part in parts if isinstance(part, Amount)) == sum(
            amount.value for amount in moved if isinstance(amount, Amount)
        )


def test_a_workbook_holds_every_digit(statement: Statement) -> None:
    """The exact texts beside the numbers sum to the same."""
    rows = read_sheets(render_statement(statement, Path("s.xlsx"), ""))["Register of invoices"]
    place = rows[0].index("Gross (exact)")
    exact = [Decimal(row[place]) for row in rows[1:] if not row[0].startswith("Total") and len(row) > place]
    assert sorted(exact) == sorted(amount.value for amount in list_gross(statement))


def test_a_page_is_one_file_without_script(statement: Statement) -> None:
    page = render_statement(statement, Path("s.html"), "").decode()
    tags = list[str]()
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attrs: tags.append(tag)  # type: ignore[method-assign]
    parser.feed(page)
    assert {"table", "svg", "h2"} <= set(tags)
    assert not {"script", "link", "img", "iframe"} & set(tags)
    assert "Example &lt;Ltd&gt;" in page


def test_a_pdf_names_every_invoice(statement: Statement) -> None:
    reader = PdfReader(io.BytesIO(render_statement(statement, Path("s.pdf"), "sha256:head")))
    text = "".join(page.extract_text() for page in reader.pages)
    assert statement.verdict in " ".join(text.split())
    assert all(amount.text in text for amount in list_gross(statement))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_same_ledger_gives_the_same_bytes(books: Workspace, statement: Statement, suffix: str) -> None:
    with books.open_ledger() as db:
        again = build_statement(books, db, MONTH, LedgerFilter(), company="Example <Ltd>")
    path = Path(f"s{suffix}")
    assert render_statement(statement, path, "h") == render_statement(again, path, "h")


def test_another_ending_is_refused(statement: Statement) -> None:
    with pytest.raises(InvalidArgument, match="ends in"):
        render_statement(statement, Path("s.doc"), "")


def test_a_month_without_a_bill_is_not_whole(books: Workspace) -> None:
    with books.open_ledger() as db:
        assert not build_statement(books, db, Month(2020, 1), LedgerFilter()).is_whole
