"""Not ready is heard where it is said, and waits grow up to their most and end within their deadline."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billfold.model.errors import InvalidResponse
from billfold.wire.waiting import Waiting
from tests.wire.kit import ok

BY_FIELD = Waiting(field="status", pending_value="InProgress")


@given(st.floats(0.1, 10), st.floats(1, 4), st.floats(0.1, 60), st.floats(0, 600))
def test_waits_end_within_their_deadline(first: float, factor: float, most: float, within: float) -> None:
    """Waits end within their deadline, and never exceed their most."""
    delays = list(Waiting(first_delay_s=first, delay_factor=factor, max_delay_s=most, timeout_s=within).iter_delays())
    assert sum(delays) <= within + 1e-6
    assert all(delay <= max(first, most) for delay in delays)
    assert delays[:1] in ([first], [])


def test_waits_grow_by_their_factor() -> None:
    assert list(Waiting(first_delay_s=1, delay_factor=3, max_delay_s=20, timeout_s=60).iter_delays()) == [
        1,
        3,
        9,
        20,
        20,
    ]


def test_the_status_says_not_ready_whatever_the_body_is() -> None:
    assert Waiting().is_pending(ok(b"", 202))
    assert BY_FIELD.is_pending(ok(b"<html>", 202))


def test_the_field_says_not_ready_with_its_word_only() -> None:
    assert BY_FIELD.is_pending(ok({"status": "InProgress"}))
    others: list[object] = [
        {"status": "Complete"},
        {"status": None},
        {"status": ["InProgress"]},
        {},
        [],
        "InProgress",
        None,
    ]
    for body in others:
        assert not BY_FIELD.is_pending(ok(body))


def test_without_a_declared_field_the_body_is_not_looked_at() -> None:
    assert not Waiting().is_pending(ok(b"\xff not JSON"))


def test_a_body_that_cannot_be_read_is_said_to_be_so() -> None:
    with pytest.raises(InvalidResponse):
        BY_FIELD.is_pending(ok(b'{"status": "InPro'))
