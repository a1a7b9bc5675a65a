"""A table of digests knows each that was added, however many there are."""

from __future__ import annotations

from hashlib import blake2b

from billfold.model.digest_table import FIRST_CELL_COUNT, DigestTable


def test_a_digest_that_came_before_is_named_by_its_place() -> None:
    table = DigestTable()
    assert table.add_digests([b"a" * 10, b"b" * 10, b"a" * 10]) == [2]
    assert table.add_digests([b"c" * 10, b"b" * 10]) == [1]


def test_digests_that_want_one_place_are_told_apart() -> None:
    """Digests whose last bits are alike stand side by side, and one of zeros is a digest like any other."""
    digests = [(number * FIRST_CELL_COUNT * 64).to_bytes(8, "little") for number in range(100)]
    table = DigestTable()
    assert table.add_digests(digests) == []
    assert table.add_digests(digests) == list(range(100))


def test_a_table_that_grew_forgets_nothing() -> None:
    digests = [blake2b(str(number).encode(), digest_size=10).digest() for number in range(20 * FIRST_CELL_COUNT)]
    table = DigestTable()
    assert table.add_digests(digests) == []
    assert table.add_digests(digests) == list(range(len(digests)))
