"""Requests with a key of their sender's: done once, answered again for a day."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from billfold.ledger.request_log import REMEMBERED, RequestRecord, begin_request, end_request, forget_request
from tests.stage import AT


def test_a_request_is_answered_again(tmp_path: Path) -> None:
    assert begin_request(tmp_path, "key a", "k1", "hash", AT) is None
    assert begin_request(tmp_path, "key a", "k1", "hash", AT) == RequestRecord("hash", None, None)
    end_request(tmp_path, "key a", "k1", 200, "{}")
    assert begin_request(tmp_path, "key a", "k1", "other", AT) == RequestRecord("hash", 200, "{}")
    assert begin_request(tmp_path, "key b", "k1", "hash", AT) is None


def test_it_is_forgotten_after_a_day_or_when_nothing_was_done(tmp_path: Path) -> None:
    begin_request(tmp_path, "key a", "k1", "hash", AT)
    assert begin_request(tmp_path, "key a", "k1", "hash", AT + REMEMBERED)
    assert begin_request(tmp_path, "key a", "k1", "hash", AT + REMEMBERED + timedelta(seconds=1)) is None
    forget_request(tmp_path, "key a", "k1")
    assert begin_request(tmp_path, "key a", "k1", "hash", AT + REMEMBERED) is None
