"""Every page that a reader can come to: no link is dead, each keeps the time, each number leads on, each table is a file, too."""

from __future__ import annotations

import re
from urllib.parse import urljoin

import pytest

from tests.serve.content import PageContent, list_untold_tables, read_page
from tests.serve.reader import Reader

LOOKING_BACK = "as_of=2026-11-20"
FREE_PATHS = ("/documents", "/api/v1/openapi", "/metrics", "/static")
SERVER_PAGES = ("/access", "/alerts", "/me")
"""Pages about the server itself: who may ask, and what was sent; `billfold keys`, `audit` and `alerts` have their rows."""
MAX_PAGES = 120


def _describe_link(url: str) -> str:
    """Return what sort of link it is: links of a sort differ in numbers and values only."""
    return re.sub(r"\d[\w.-]*|=[^&]*", "", url)


def _is_file(url: str) -> bool:
    return url.startswith(("/api", *FREE_PATHS, "/query."))


@pytest.fixture(scope="module")
def pages(reader: Reader) -> dict[str, tuple[str, PageContent]]:
    """Return one page of each sort, with its text and content, as one reaches them from the first by links."""
    pages, waiting, sorts = dict[str, tuple[str, PageContent]](), [f"/?{LOOKING_BACK}"], set[str]()
    while waiting and len(pages) < MAX_PAGES:
        url = waiting.pop(0)
        page, content = read_page(reader, url)
        pages[url] = page.text, content
        for link in content.links:
            target = urljoin(url, link).partition("#")[0]
            if LOOKING_BACK in target and _describe_link(target) not in sorts and not _is_file(target):
                sorts.add(_describe_link(target))
                waiting.append(target)
    return pages


def test_every_screen_is_reached(pages: dict[str, tuple[str, PageContent]]) -> None:
    paths = {url.partition("?")[0] for url in pages}
    assert {"/", "/invoices", "/invoice", "/charges", "/customers", "/teams", "/explain", "/commitments"} <= paths
    assert {"/commitment", "/estimates", "/restatements", "/changes", "/payables", "/findings", "/query"} <= paths
    assert len(pages) < MAX_PAGES


def test_every_number_leads_on(pages: dict[str, tuple[str, PageContent]]) -> None:
    """No amount of any screen stands there without a link to what it is made of."""
    assert {url: content.loose_amounts for url, (_, content) in pages.items() if content.loose_amounts} == {}
    assert sum(len(content.amounts) for _, content in pages.values()) > 500


def test_every_table_is_a_file_too(pages: dict[str, tuple[str, PageContent]]) -> None:
    shown = {url: text for url, (text, _) in pages.items() if not url.startswith(SERVER_PAGES)}
    untold = {url: list_untold_tables(text) for url, text in shown.items()}
    assert {url: sections for url, sections in untold.items() if sections} == {}


def test_every_link_keeps_the_time(pages: dict[str, tuple[str, PageContent]]) -> None:
    """The time that is looked back to stands in the header and in every link, but in those that leave it or name another."""
    for url, (text, content) in pages.items():
        assert 'name="as_of" value="2026-11-20"' in text
        for link in content.links:
            target = urljoin(url, link)
            is_here = target.partition("?")[0] == url.partition("?")[0]
            assert link.startswith("#") or "as_of=" in target or target.startswith(FREE_PATHS) or is_here, (url, link)


def test_no_link_is_dead(reader: Reader, pages: dict[str, tuple[str, PageContent]]) -> None:
    """Of every screen each sort of link to a file or document once."""
    links = dict[str, str]()
    for url, (_, content) in pages.items():
        for link in content.links:
            target = urljoin(url, link).partition("#")[0]
            if _is_file(target) or LOOKING_BACK not in target:
                links.setdefault(re.sub(r"\d[\w.-]*|\?.*", "", target), target)
    statuses = {link: reader.get(link, accept="text/html").status for link in links.values()}
    assert {link: status for link, status in statuses.items() if status != 200} == {}
    assert len(links) > 30
