"""Every screen: there, safe and readable; errors are pages, too."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from billfold.serve import sources
from billfold.serve.pages import SCREENS
from tests.serve.content import read_page
from tests.serve.reader import Reader

MONTH = "2026-10"
URLS = [
    "/",
    "/invoices",
    f"/months/{MONTH}",
    "/months/2026-11",
    f"/close/{MONTH}",
    "/changes?since=2026-10-15",
    "/payables",
    "/commitments",
    "/estimates",
    "/customers",
    "/teams",
    "/restatements",
    f"/charges?from={MONTH}&to={MONTH}&provider=vultr",
    "/findings",
    "/query?sql=SELECT+provider,+sum(cost)+AS+cost+FROM+costs+GROUP+BY+ALL",
    "/accounts",
    "/alerts",
]


@pytest.mark.parametrize("url", URLS)
def test_a_screen_is_whole_and_accessible(reader: Reader, url: str) -> None:
    """No script, no style of its own, tables with captions and scopes, fields with labels, a way past the navigation."""
    page, content = read_page(reader, url)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert content.tags["script"] == content.tags["style"] == content.tags["iframe"] == 0
    assert content.tags["table"] == content.tags["caption"] == content.tags["thead"]
    assert set(content.scopes) <= {"row", "col", "rowgroup"}
    assert content.fields <= content.labels
    assert (content.tags["h1"], content.tags["main"], content.links[0]) == (1, 1, "#main")
    assert max(Counter(content.ids).values()) == 1
    assert not re.search(r"<(th|h1|h2|caption|a)[^>]*>\s*</", page.text)
    assert '<html lang="en">' in page.text


def test_an_invoice_leads_to_its_answer(reader: Reader) -> None:
    """From the list to the invoice, its lines that sum to it, and the place in the answer that a line was read from."""
    links = read_page(reader, "/invoices?provider=vultr&from=2026-10&to=2026-10")[1].links
    link = next(link for link in links if link.startswith("/invoice?"))
    page, content = read_page(reader, link)
    assert "Through time" in page.text
    place = next(link for link in content.links if link.startswith("/explain?"))
    answer, _ = read_page(reader, place)
    assert "sha256" in answer.text
    assert "list_invoice" in answer.text or "get_invoice" in answer.text


@pytest.mark.parametrize(
    ("url", "status", "text"),
    [
        ("/nothing", 404, "there is nothing under this address"),
        ("/months/2026-13", 400, "is not a month"),
        ("/invoice?id=%3Cscript%3Ealert(1)%3C/script%3E", 400, "no invoice is called"),
        ("/explain?seq=999999", 404, "has no answer"),
        ("/explain?seq=1", 404, "has no answer"),
        ("/explain?seq=-1", 404, "has no answer"),
        ("/documents/2", 404, "answer"),
        ("/?as_of=%22%3E%3Cscript%3E", 400, "as_of"),
        ("/invoices?account=%3Cimg%3E", 400, "there is no account"),
        ("/static/../pages.py", 404, "there is nothing"),
    ],
)
def test_errors_are_pages(reader: Reader, url: str, status: int, text: str) -> None:
    page, content = read_page(reader, url, status)
    assert text in page.text
    assert content.tags["script"] == content.tags["img"] == 0
    assert reader.get(url).headers["content-type"] == "application/problem+json"


def test_no_link_goes_on_with_a_time_that_is_none(reader: Reader) -> None:
    _, content = read_page(reader, "/invoices?as_of=soon", 400)
    assert not any("soon" in link for link in content.links)


def test_a_screen_is_not_sent_twice(reader: Reader) -> None:
    etag = reader.get("/").headers["etag"]
    assert reader.get("/", if_none_match=etag).status == 304
    assert reader.get("/", method="HEAD").headers["etag"] == etag


def test_the_navigation_names_every_screen(reader: Reader) -> None:
    links = read_page(reader, "/")[1].links
    assert {screen.path for screen in SCREENS if screen.name} <= set(links)


def test_a_pdf_is_shown_beside_its_invoice(reader: Reader) -> None:
    """It is sandboxed, for our own pages only, and nothing that is no PDF is shown; only such a page may hold one."""
    bills = reader.get("/api/v1/invoices?provider=genesys&from=2026-10&to=2026-10").json
    invoice_id = next(row["invoice_id"] for row in bills if row["state"] == "issued")
    page, content = read_page(reader, f"/invoice?id={invoice_id}")
    assert content.tags["object"] == 1
    assert "object-src 'self'" in page.headers["content-security-policy"]
    assert "object-src" not in read_page(reader, "/invoices")[0].headers["content-security-policy"]
    rows = reader.get(f"/api/v1/invoice-documents?id={invoice_id}").json
    (seq,) = (row["seq"] for row in rows if row["media_type"] == "application/pdf")
    shown, saved = reader.get(f"/documents/{seq}/inline"), reader.get(f"/documents/{seq}")
    assert shown.body == saved.body
    assert shown.body.startswith(b"%PDF-")
    assert shown.headers["content-type"] == "application/pdf"
    assert shown.headers["content-security-policy"].endswith("frame-ancestors 'self'; sandbox")
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert shown.headers["content-disposition"].startswith("inline")
    assert saved.headers["content-disposition"].endswith('.pdf"')


@pytest.mark.parametrize(("body", "media_type"), [(b"a,b\n", "text/csv"), (b"<html>", "application/pdf")])
def test_what_is_no_pdf_is_not_shown(
    reader: Reader, monkeypatch: pytest.MonkeyPatch, body: bytes, media_type: str
) -> None:
    """Whatever a vendor calls it: only bytes that begin as a PDF does are shown."""
    bills = reader.get("/api/v1/invoices?provider=genesys&from=2026-10&to=2026-10").json
    invoice_id = next(row["invoice_id"] for row in bills if row["state"] == "issued")
    seq = reader.get(f"/api/v1/invoice-documents?id={invoice_id}").json[0]["seq"]
    monkeypatch.setattr(sources, "read_document", lambda *_: (body, media_type, "x"))
    assert reader.get(f"/documents/{seq}/inline").status == 404
    page = reader.get(f"/documents/{seq}")
    assert (page.status, page.headers["content-disposition"]) == (200, 'attachment; filename="x"')
