"""Every screen: there, safe, readable, and with the numbers that the commands print."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

import pytest

from billfold.serve.pages import SCREENS
from tests.cli.terminal import Terminal
from tests.serve.reader import Page, Reader

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
    "/findings",
    "/query?sql=SELECT+provider,+sum(cost)+AS+cost+FROM+costs+GROUP+BY+ALL",
    "/accounts",
    "/alerts",
]
VOID = {"meta", "link", "input", "br", "img", "hr"}


class PageContent(HTMLParser):
    """Reads a page: its amounts, its links, and whether its elements are closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.amounts, self.links, self.ids = list[str](), list[str](), list[str]()
        self.tags, self.open_tags, self.labels = Counter[str](), list[str](), set[str]()
        self.fields, self.scopes = set[str](), list[str]()
        self.feed(text)
        assert self.open_tags == []

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        assert not any(name.startswith("on") or name == "style" for name in values)
        self.tags[tag] += 1
        if tag not in VOID:
            self.open_tags.append(tag)
        if tag == "data":
            self.amounts.append(str(values["value"]))
        if tag == "a":
            self.links.append(str(values["href"]))
        if tag == "th":
            self.scopes.append(str(values.get("scope")))
        if tag == "label":
            self.labels.add(str(values["for"]))
        if tag in {"input", "textarea", "select"} and values.get("type") != "hidden":
            self.fields.add(str(values.get("id")))
        if values.get("id"):
            self.ids.append(str(values["id"]))

    def handle_endtag(self, tag: str) -> None:
        assert self.open_tags.pop() == tag


def _read(reader: Reader, url: str, status: int = 200) -> tuple[Page, PageContent]:
    page = reader.get(url, accept="text/html")
    assert page.status == status, f"{url}: {page.text[-600:]}"
    return page, PageContent(page.text)


@pytest.mark.parametrize("url", URLS)
def test_a_screen_is_whole_and_accessible(reader: Reader, url: str) -> None:
    """No script, no style of its own, tables with captions and scopes, fields with labels, a way past the navigation."""
    page, content = _read(reader, url)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert content.tags["script"] == content.tags["style"] == content.tags["iframe"] == 0
    assert content.tags["table"] == content.tags["caption"] == content.tags["thead"]
    assert set(content.scopes) <= {"row", "col"}
    assert content.fields <= content.labels
    assert (content.tags["h1"], content.tags["main"], content.links[0]) == (1, 1, "#main")
    assert max(Counter(content.ids).values()) == 1
    assert not re.search(r"<(th|h1|h2|caption|a)[^>]*>\s*</", page.text)
    assert '<html lang="en">' in page.text


def test_every_link_leads_somewhere(reader: Reader) -> None:
    """Of every screen each sort of link once: none is dead, and each keeps the time that is looked back to."""
    links = dict[str, str]()
    for url in URLS:
        looking_back = f"{url}{'&' if '?' in url else '?'}as_of=2026-11-20"
        for link in _read(reader, looking_back)[1].links:
            if link.startswith("#"):
                continue
            target = urljoin(url, link)
            is_leaving = target.startswith(("/documents", "/api/v1/openapi", "/metrics", url.partition("?")[0]))
            assert "as_of=2026-11-20" in target or is_leaving
            links.setdefault(re.sub(r"\d[\w.-]*|=[^&]*", "", target), target)
    statuses = {link: reader.get(link, accept="text/html").status for link in links.values()}
    assert {link: status for link, status in statuses.items() if status != 200} == {}
    assert len(links) > 20


def _list_amounts(rows: Sequence[Any], *names: str) -> Counter[str]:
    return Counter(str(row[name]) for row in rows for name in names if row[name] is not None)


def test_numbers_are_the_commands(reader: Reader, ledger: Terminal) -> None:
    """On every screen with money each amount is one that the command prints, to the last digit, and none is missing."""

    def run(*arguments: str) -> Any:
        return json.loads(ledger.run(*arguments, "--ledger", "ledger", "--format", "json").out)

    expected = {
        "/invoices": _list_amounts([row for row in run("invoices") if row["total"]], "total"),
        f"/months/{MONTH}#movement": _list_amounts(run("why", MONTH), "amount"),
        "/months/2026-11#accrued": _list_amounts(run("accruals", "2026-11"), "amount"),
        "/changes?since=2026-10-15": _list_amounts(run("changes", "--since", "2026-10-15"), "before", "after", "moved"),
        "/payables": _list_amounts(run("payables"), "total", "paid", "open"),
        "/commitments": _list_amounts(run("commitments"), "committed", "used", "left", "overage"),
    }
    for url, amounts in expected.items():
        shown = Counter(_read(reader, url.partition("#")[0])[1].amounts)
        normal = Counter({_trim(amount): count for amount, count in amounts.items()})
        assert amounts, url
        assert not normal - Counter(shown), f"{url}: missing {normal - shown}"
        if "#" not in url and url != "/payables":
            assert shown == normal, url


def _trim(amount: str) -> str:
    return amount.rstrip("0").rstrip(".") if "." in amount else amount


def test_an_invoice_leads_to_its_answer(reader: Reader) -> None:
    """From the list to the invoice, its lines that sum to it, and the place in the answer that a line was read from."""
    links = _read(reader, "/invoices?provider=vultr&from=2026-10&to=2026-10")[1].links
    link = next(link for link in links if link.startswith("/invoice?"))
    page, content = _read(reader, link)
    assert "Through time" in page.text
    place = next(link for link in content.links if link.startswith("/explain?"))
    answer, _ = _read(reader, place)
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
    page, content = _read(reader, url, status)
    assert text in page.text
    assert content.tags["script"] == content.tags["img"] == 0
    assert reader.get(url).headers["content-type"] == "application/problem+json"


def test_no_link_goes_on_with_a_time_that_is_none(reader: Reader) -> None:
    _, content = _read(reader, "/invoices?as_of=soon", 400)
    assert not any("soon" in link for link in content.links)


def test_a_screen_is_not_sent_twice(reader: Reader) -> None:
    etag = reader.get("/").headers["etag"]
    assert reader.get("/", if_none_match=etag).status == 304
    assert reader.get("/", method="HEAD").headers["etag"] == etag


def test_the_navigation_names_every_screen(reader: Reader) -> None:
    links = _read(reader, "/")[1].links
    assert {screen.path for screen in SCREENS if screen.name} <= set(links)


def test_a_query_only_reads_and_is_cut(reader: Reader) -> None:
    page, _ = _read(reader, "/query?sql=DROP+TABLE+bills")
    assert "ask one SELECT" in page.text
    page, _ = _read(reader, "/query?sql=SELECT+*+FROM+range(300)")
    assert "200 rows, and there are more" in page.text
    page, _ = _read(reader, "/query?sql=SELECT+*+FROM+read_text('/etc/passwd')")
    assert "root:" not in page.text
    assert 'role="alert"' in page.text
    assert reader.get("/query.json?sql=SELECT+1.50+AS+cost").json == [{"cost": "1.5"}]
    assert reader.get("/query.csv?sql=SELECT+'=1%2B1'+AS+x").text == "x\n'=1+1\n"
