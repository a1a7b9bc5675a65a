"""A real browser that goes through every screen: what it asks for, what it complains of, and what does not fit."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = shutil.which("chromium") or ""
NO_CHROMIUM = "there is no Chromium here: install it as root with `apt-get install chromium`, or run `make test`"
FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--no-first-run"),
)
LOOKS = ((1280, "light"), (390, "dark"), (1280, "dark"), (390, "light"))
"""Widths in pixels, and color schemes, in which a screen is looked at."""
AXE_OPTIONS = {"preload": False, "resultTypes": ["violations"]}
MAX_SCREENS = 60
NO_SCREENS = re.compile(r"^/(api|static|documents|metrics|healthz|readyz|favicon|logout)|\.(csv|json|parquet|svg)$")


class Visit(NamedTuple):
    """What came of a screen: its status, and what is wrong, each with the look in which it is."""

    url: str
    status: int
    faults: list[str]


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Start the browser of this machine."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


def visit_screens(browser: Browser, root: str) -> list[Visit]:
    """Go through every screen that links lead to from the first one, one of each sort."""
    page = browser.new_page(viewport={"width": LOOKS[0][0], "height": 900})
    page.add_init_script(files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
    complaints, outside = list[str](), list[str]()
    page.on("console", lambda note: complaints.append(note.text) if note.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: None if request.url.startswith(root) else outside.append(request.url))
    waiting, sorts, visits = [f"{root}/"], {"/"}, list[Visit]()
    while waiting and len(visits) < MAX_SCREENS:
        url = waiting.pop(0)
        complaints.clear()
        outside.clear()
        visits.append(_visit(page, url, complaints, outside))
        for link in _list_links(page, root):
            if (sort := find_sort(link)) not in sorts:
                sorts.add(sort)
                waiting.append(link)
    page.close()
    return visits


def find_sort(url: str) -> str:
    """Return which sort of screen an address leads to: numbers in its path, and the values of its query, do not count."""
    parts = urlsplit(url)
    path = "/".join(re.sub(r".*\d.*", "#", part) for part in parts.path.split("/"))
    return path if path != "/explain" or "path=" in parts.query else "/explain?seq"


def _list_links(page: Page, root: str) -> list[str]:
    hrefs: list[str] = page.eval_on_selector_all("a[href]", "links => links.map(link => link.getAttribute('href'))")
    urls = [urljoin(page.url, href).partition("#")[0] for href in hrefs]
    return [url for url in urls if url.startswith(f"{root}/") and not NO_SCREENS.search(urlsplit(url).path)]


def _visit(page: Page, url: str, complaints: list[str], outside: list[str]) -> Visit:
    answer = page.goto(url, wait_until="load")
    faults = list[str]()
    for number, (width, scheme) in enumerate(LOOKS):
        look = f"{width} px, {scheme}"
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        page.set_viewport_size({"width": width, "height": 900})
        if (needed := page.evaluate("document.documentElement.scrollWidth")) > width:
            faults.append(f"{look}: needs {needed} px")
        if number < 2:  # both widths, and both schemes
            faults += [f"{look}: {text}" for text in _run_axe(page)]
    faults += [f"the console has {text}" for text in complaints] + [f"it asks {other}" for other in outside]
    return Visit(url, answer.status if answer else 0, faults)


def _run_axe(page: Page) -> list[str]:
    result = page.evaluate("options => axe.run(document, options)", AXE_OPTIONS)
    return [
        f"{violation['id']}: {violation['help']}: {node['html'][:120]}"
        for violation in result["violations"]
        for node in violation["nodes"][:2]
    ]
