"""Queries: read-only and cut, as files of every sort, and kept under a name by our own pages only."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlencode

import pytest
from pyarrow import parquet

from billfold.collect.workspace import Workspace
from tests.ledger.kit import collected, invoice, invoices
from tests.serve.content import read_page
from tests.serve.reader import Page, Reader, open_reader


@pytest.fixture
def own_reader(books: Workspace, tmp_path: Path) -> Iterator[Reader]:
    """Return a browser of a ledger of its own, in which it may save."""
    collected(books, invoices(invoice("i1")))
    with open_reader(tmp_path) as opened:
        yield opened


def _send(reader: Reader, **fields: str) -> Page:
    """Send a form as the page has it, with its token."""
    token = re.search(r'name="csrf" value="([^"]+)"', reader.get("/query?sql=SELECT+1", accept="text/html").text)
    assert token
    return reader.post_form("/query/saved", {"csrf": token[1], **fields})


def test_a_query_only_reads_and_is_cut(reader: Reader) -> None:
    page, _ = read_page(reader, "/query?sql=DROP+TABLE+bills")
    assert "ask one SELECT" in page.text
    page, _ = read_page(reader, "/query?sql=SELECT+*+FROM+range(300)")
    assert "200 rows, and there are more" in page.text
    page, _ = read_page(reader, "/query?sql=SELECT+*+FROM+read_text('/etc/passwd')")
    assert "root:" not in page.text
    assert 'role="alert"' in page.text
    assert reader.get("/query.json?sql=SELECT+1.50+AS+cost").json == [{"cost": "1.5"}]
    assert reader.get("/query.csv?sql=SELECT+'=1%2B1'+AS+x").text == "x\n'=1+1\n"
    assert reader.get("/query.xml?sql=SELECT+1").status == 404


def test_a_parquet_file_has_exact_decimals(reader: Reader) -> None:
    """Its numbers are decimals, its columns have names of their own, and it is cut as the others are."""
    page = reader.get("/query.parquet?sql=SELECT+1.50+AS+cost,+2+AS+cost")
    assert (page.status, page.headers["content-type"]) == (200, "application/vnd.apache.parquet")
    (row,) = parquet.read_table(io.BytesIO(page.body)).to_pylist()
    assert row == {"cost": Decimal("1.50"), "cost_2": 2}
    sums = reader.get("/query.json?sql=SELECT+provider,+sum(cost)+AS+cost+FROM+costs+GROUP+BY+ALL+ORDER+BY+ALL").json
    page = reader.get("/query.parquet?sql=SELECT+provider,+sum(cost)+AS+cost+FROM+costs+GROUP+BY+ALL+ORDER+BY+ALL")
    rows = parquet.read_table(io.BytesIO(page.body)).to_pylist()
    assert [Decimal(row["cost"]) for row in sums] == [row["cost"] for row in rows]
    page = reader.get("/query.parquet?sql=SELECT+*+FROM+range(30000)")
    assert parquet.read_table(io.BytesIO(page.body)).num_rows == 10_000
    assert reader.get("/query.parquet?sql=DROP+TABLE+bills").status == 400


def test_a_query_is_saved_run_and_deleted(own_reader: Reader) -> None:
    sql = "SELECT sum(cost) AS cost FROM costs"
    page = _send(own_reader, name=" All costs ", sql=sql, as_of="2026-11-20")
    assert (page.status, page.headers["location"]) == (303, f"/query?{urlencode({'sql': sql, 'as_of': '2026-11-20'})}")
    page, content = read_page(own_reader, "/query?as_of=2026-11-20")
    assert "All costs" in page.text
    link = next(link for link in content.links if "sum%28cost%29" in link and link.startswith("/query?"))
    assert "as_of=2026-11-20" in link
    assert read_page(own_reader, link)[0].text.count("query.parquet")
    assert _send(own_reader, name="All costs", do="delete").headers["location"] == "/query"
    assert "All costs" not in own_reader.get("/query").text


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"name": "", "sql": "SELECT 1"}, "name the query"),
        ({"name": "x" * 81, "sql": "SELECT 1"}, "name the query"),
        ({"name": "a\x1bb", "sql": "SELECT 1"}, "name the query"),
        ({"name": "x", "sql": " "}, "write a SELECT"),
        ({"name": "nothing", "do": "delete"}, "no saved query is called"),
    ],
)
def test_what_cannot_be_saved_is_said(own_reader: Reader, fields: dict[str, str], text: str) -> None:
    page = _send(own_reader, **fields)
    assert (page.status, text in page.json["detail"]) == (400, True)


def test_a_saved_query_is_text(own_reader: Reader) -> None:
    name = '<script>alert(1)</script>"'
    assert _send(own_reader, name=name, sql="SELECT '</textarea><script>'").status == 303
    page, content = read_page(own_reader, "/query")
    assert content.tags["script"] == 0
    assert "&lt;script&gt;alert(1)" in page.text


def test_another_site_cannot_save(own_reader: Reader) -> None:
    """Neither by a form that leads here, nor without the token of a page of ours; nor by GET."""
    fields = {"name": "x", "sql": "SELECT 1"}
    foreign = [
        {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate"},
        {"sec_fetch_site": "same-site", "sec_fetch_mode": "navigate"},
        {"origin": "http://evil.example"},
        {},
    ]
    for headers in foreign:
        assert own_reader.post_form("/query/saved", fields, **headers).status == 403
    assert own_reader.get("/query/saved").status == 405
    assert _send(own_reader, **fields).status == 303
