"""A workbook is read back exact: a number where its digits fit, and its text beside where they do not."""

from __future__ import annotations

import re
import zipfile
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from billfold.ledger import store
from billfold.ledger.focus_views import FocusViews, Selection
from billfold.ledger.query import LedgerFilter, iter_charges
from billfold.model.bill import State
from billfold.model.errors import InvalidArgument
from billfold.model.period import Month
from billfold.report import workbook
from tests.focus import sample

pytest.importorskip("xlsxwriter")
MAY = Month(2026, 5)
NAMESPACE = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


def book(directory: Path, *costs: str) -> Path:
    """Book an invoice of these costs, and return the ledger's path."""
    common = sample.common(MAY, "i1")._replace(ChargeCategory="Usage", ChargeDescription="=1+1", x_State="issued")
    rows = [common._replace(InvoiceDetailId=str(index), **sample.costing(cost)) for index, cost in enumerate(costs)]
    return sample.booked(directory, iter([sample.bill(State.ISSUED, "i1", MAY, rows)]))


def read_sheet(path: Path, number: int) -> list[dict[str, str]]:
    """Read a sheet by nothing but zip and XML: each row's cells by their column's heading."""
    with zipfile.ZipFile(path) as file:
        tree = ET.fromstring(file.read(f"xl/worksheets/sheet{number}.xml"))
    rows = [
        {
            re.sub(r"\d", "", cell.attrib["r"]): "".join(
                text.text or "" for text in cell.iter() if text.tag.endswith(("}v", "}t"))
            )
            for cell in row.findall("m:c", NAMESPACE)
        }
        for row in tree.iterfind(".//m:row", NAMESPACE)
    ]
    return [{rows[0][column]: value for column, value in row.items()} for row in rows[1:]]


def test_a_workbook_is_read_back_exact(tmp_path: Path) -> None:
    path = tmp_path / "ledger.xlsx"
    with store.open_ledger(sample.booked(tmp_path / "ledger", sample.everything())) as db:
        counts = workbook.export_workbook(FocusViews(db, Selection()), path)
        charges = list(iter_charges(db, LedgerFilter()))
        first = path.read_bytes()
        assert workbook.export_workbook(FocusViews(db, Selection()), path) == counts
        assert path.read_bytes() == first
    rows = read_sheet(path, 1)
    costs = sorted(Decimal(row.get("BilledCost (exact)", row["BilledCost"])) for row in rows)
    assert costs == sorted(charge.BilledCost or Decimal(0) for charge in charges)
    assert counts["Charges"] == len(rows)


def test_digits_beyond_a_cell_stand_beside(tmp_path: Path) -> None:
    with store.open_ledger(book(tmp_path / "ledger", "12345678901234.567890123456", "0.1")) as db:
        workbook.export_workbook(FocusViews(db, Selection()), tmp_path / "x.xlsx")
    rows = read_sheet(tmp_path / "x.xlsx", 1)
    assert [row["BilledCost (exact)"] for row in rows] == ["12345678901234.567890123456", "0.1"]
    assert [row["ChargeDescription"] for row in rows] == ["=1+1", "=1+1"]
    with zipfile.ZipFile(tmp_path / "x.xlsx") as file:
        assert b"<f>" not in file.read("xl/worksheets/sheet1.xml")


def test_more_rows_than_a_sheet_has_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "MAX_SHEET_ROWS", 1)
    with store.open_ledger(book(tmp_path / "ledger", "1", "2")) as db:
        with pytest.raises(InvalidArgument, match="narrow the export"):
            workbook.export_workbook(FocusViews(db, Selection()), tmp_path / "x.xlsx")
        assert not (tmp_path / "x.xlsx").exists()
        (tmp_path / "file").touch()
        with pytest.raises(InvalidArgument, match="cannot be written"):
            workbook.export_workbook(FocusViews(db, Selection()), tmp_path / "file" / "x.xlsx")
