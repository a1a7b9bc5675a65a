"""A part of the ledger has a hash of its own, and the past keeps the one that it had."""

from __future__ import annotations

from pathlib import Path

from tests.ledger.machine import run, saved


def test_a_month_and_an_account_have_their_own_hash(tmp_path: Path) -> None:
    """What comes later changes the hash of all, but neither that of another account nor that of the time before."""
    run(tmp_path, "import", "cockroach", saved(tmp_path, "a", 1), "--account", "first")
    before = run(tmp_path, "hash")
    first = run(tmp_path, "hash", "--account", "first")
    assert (before, first[0]) == (first, 0)
    run(tmp_path, "import", "cockroach", saved(tmp_path, "b", 2), "--account", "second")
    assert run(tmp_path, "hash", "--account", "first") == first
    assert run(tmp_path, "hash") != before
    assert run(tmp_path, "hash", "--provider", "cockroach") == run(tmp_path, "hash")


def test_a_month_without_bills_has_the_hash_of_nothing(tmp_path: Path) -> None:
    run(tmp_path, "import", "cockroach", saved(tmp_path, "a", 1))
    empty = run(tmp_path, "hash", "--month", "2001-01")
    assert empty[0] == 0
    assert run(tmp_path, "hash", "--as-of", "2001-01-01")[1].splitlines()[0] == empty[1].strip()
    assert run(tmp_path, "hash", "--account", "nobody")[0] == 2
