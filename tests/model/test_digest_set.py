"""A set of digests knows each that was added, however many there are."""

from __future__ import annotations

from hashlib import blake2b

import pytest

from billfold.model import digest_set
from billfold.model.digest_set import DigestSet


def make_digests(count: int) -> list[bytes]:
    return [blake2b(str(number).encode(), digest_size=10).digest() for number in range(count)]


def test_a_digest_that_came_before_is_named_by_its_position() -> None:
    digests = DigestSet()
    assert digests.add_digests([b"a" * 10, b"b" * 10, b"a" * 10]) == [2]
    assert digests.add_digests([b"c" * 10, b"b" * 10]) == [1]


def test_a_large_set_forgets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was added before a set becomes a table, before the table grows, and after that is known."""
    monkeypatch.setattr(digest_set, "MAX_SET_SIZE", 64)
    monkeypatch.setattr(digest_set, "FIRST_CELL_COUNT", 16)
    all_digests, digests = make_digests(5000), DigestSet()
    for start in range(0, 5000, 50):
        assert digests.add_digests(all_digests[start : start + 50]) == []
    assert digests.add_digests(all_digests) == list(range(5000))
    assert digests.add_digests([b"another of ours", all_digests[7], b"yet another"]) == [1]


def test_digests_that_want_one_cell_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Digests whose first bits are alike stand side by side in the table."""
    monkeypatch.setattr(digest_set, "MAX_SET_SIZE", 0)
    monkeypatch.setattr(digest_set, "FIRST_CELL_COUNT", 1024)
    digests, alike = DigestSet(), [(number << 40 | 5).to_bytes(10, "little") for number in range(100)]
    assert digests.add_digests(alike) == []
    assert digests.add_digests(alike) == list(range(100))
