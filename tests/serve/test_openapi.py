"""The OpenAPI document is kept: whatever is asked by it, rightly or wrongly, the answer is as it says."""

from __future__ import annotations

from pathlib import Path

from tests.cli.terminal import Terminal
from tests.serve.shared import copy_home
from tests.serve.strangers import ask_everything


def test_whatever_is_asked_is_answered_as_the_document_says(ledger: Terminal, tmp_path: Path) -> None:
    """No request is a server error, none breaks a schema, and a wrong one is refused as a problem."""
    home = copy_home(ledger.home, tmp_path / "home")  # some of them write
    statuses, faults = ask_everything(home, examples=2, is_short=True)
    assert faults == []
    assert {status for status in statuses if status >= 500} == set()
    assert statuses.total() > 150
    assert statuses[200] > 40
    assert statuses[400] > 40
