"""Every screen in a real Chromium: nothing is complained of, nothing comes from outside, all can read it, it fits."""

from __future__ import annotations

import pytest

from tests.cli.terminal import Terminal
from tests.live import serve_live
from tests.serve.browser import CHROMIUM, NO_CHROMIUM, open_browser, visit_screens

SCREENS = ("/", "/invoices", "/changes", "/payables", "/commitments", "/findings", "/query", "/accounts")


@pytest.mark.skipif(not CHROMIUM, reason=NO_CHROMIUM)
def test_every_screen_is_sound_in_a_browser(ledger: Terminal) -> None:
    """Of each screen that a link leads to: no error or warning in the console, no request to elsewhere, axe-core finds nothing.

    And it does not scroll sideways, at 1280 and at 390 pixels, dark and light.
    """
    with serve_live(ledger.home) as root, open_browser() as browser:
        visits = visit_screens(browser, root)
    assert {visit.url: visit.faults for visit in visits if visit.faults} == {}
    assert {visit.status for visit in visits} == {200}
    paths = {visit.url.removeprefix(root).partition("?")[0] for visit in visits}
    assert {*SCREENS, "/invoice", "/explain"} <= paths
    assert any(path.startswith("/months/") for path in paths)
    assert any(path.startswith("/close/") for path in paths)
