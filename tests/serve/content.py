"""A page as a test reads it: its amounts and where each leads, its tables and links, and whether its elements are closed in order."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from html.parser import HTMLParser

from tests.serve.reader import Page, Reader

VOID = {"meta", "link", "input", "br", "img", "hr"}


class PageContent(HTMLParser):
    """Reads a page: ``amounts`` are the values of its numbers, ``loose_amounts`` those that lead nowhere."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.amounts, self.loose_amounts, self.links, self.ids = list[str](), list[str](), list[str](), list[str]()
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
            self.loose_amounts += [] if "a" in self.open_tags else [str(values["value"])]
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


def read_page(reader: Reader, url: str, status: int = 200) -> tuple[Page, PageContent]:
    """Ask for a page, and return it with what is in it."""
    page = reader.get(url, accept="text/html")
    assert page.status == status, f"{url}: {page.text[-600:]}"
    return page, PageContent(page.text)


def list_untold_tables(text: str) -> list[str]:
    """Return the sections of a page that have a table, and no link to it as JSON and as CSV."""
    sections = re.split(r'(?=<h2 id=)|(?=<section class="card")', text)
    return [
        section[:80]
        for index, section in enumerate(sections)
        if "<table" in section and not _has_files("".join(sections[index:]))
    ]


def _has_files(text: str) -> bool:
    """Tell whether after a table, before the next heading that has an anchor, its rows are linked as files."""
    end = re.search(r"<h2 id=", text[10:])
    section = text[: end.start() + 10] if end else text
    return ".csv" in section and ".json" in section
