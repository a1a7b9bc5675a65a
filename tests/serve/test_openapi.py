"""The OpenAPI document is kept: whatever is asked by it, rightly or wrongly, the answer is as it says."""

from __future__ import annotations

from tests.cli.terminal import Terminal
from tests.serve.strangers import ask_everything


def test_whatever_is_asked_is_answered_as_the_document_says(ledger: Terminal) -> None:
    """No request is a server error, none breaks a schema, and a wrong one is refused as a problem."""
    statuses, faults = ask_everything(ledger.home, examples=2, is_short=True)
    assert faults == []
    assert {status for status in statuses if status >= 500} == set()
    assert statuses.total() > 150
    assert statuses[200] > 40
    assert statuses[400] > 40
