"""Not ready is heard where it is said, and waits grow up to their most and end within their deadline."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billfold.model.errors import Unreadable
from billfold.wire.waiting import Waiting
from tests.wire.kit import ok

BY_FIELD = Waiting(field="status", pending="InProgress")


@given(st.floats(0.1, 10), st.floats(1, 4), st.floats(0.1, 60), st.floats(0, 600))
def test_waits_end_within_their_deadline_and_never_exceed_their_most(
    first: float, factor: float, most: float, within: float
) -> None:
    delays = list(Waiting(first=first, factor=factor, most=most, within=within).delays())
    assert sum(delays) <= within + 1e-6
    assert all(delay <= max(first, most) for delay in delays)
    assert delays[:1] in ([first], [])


def test_waits_grow_by_their_factor() -> None:
    assert list(Waiting(first=1, factor=3, most=20, within=60).delays()) == [1, 3, 9, 20, 20]


def test_the_status_says_not_ready_whatever_the_body_is() -> None:
    assert Waiting().not_yet(ok(b"", 202))
    assert BY_FIELD.not_yet(ok(b"<html>", 202))


def test_the_field_says_not_ready_with_its_word_only() -> None:
    assert BY_FIELD.not_yet(ok({"status": "InProgress"}))
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
        assert not BY_FIELD.not_yet(ok(body))


def test_without_a_declared_field_the_body_is_not_looked_at() -> None:
    assert not Waiting().not_yet(ok(b"\xff not JSON"))


def test_a_body_that_cannot_be_read_is_said_to_be_so() -> None:
    with pytest.raises(Unreadable):
        BY_FIELD.not_yet(ok(b'{"status": "InPro'))
