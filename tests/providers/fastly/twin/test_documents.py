"""The files of Fastly's twin."""

from __future__ import annotations

import csv
import io
import json

from billfold.providers.fastly.api_v2 import GetInvoice, GetInvoiceFile
from tests.providers.fastly.twin.kit import answer_body, answer_request


def test_csv_matches_json() -> None:
    """The CSV file has what the JSON has, and the PDF file is a PDF."""
    table = answer_request(GetInvoiceFile(year=2026, month=10, format="csv"))
    assert table.headers["content-type"] == "text/csv"
    assert table.headers["content-disposition"].startswith("attachment; filename=")
    lines = json.loads(answer_body(GetInvoice(year=2026, month=10)), parse_float=str, parse_int=str)["line_items"]
    rows = list(csv.DictReader(io.StringIO(table.body.decode())))
    for row, line in zip(rows, lines, strict=True):
        assert {key: row[key] for key in line} == {key: value or "" for key, value in line.items()}
    assert answer_request(GetInvoiceFile(year=2026, month=10, format="pdf")).body.startswith(b"%PDF-")
