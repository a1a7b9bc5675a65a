"""A rebuild says what it could not book."""

from __future__ import annotations

from pathlib import Path

from tests.ledger.archives import tamper
from tests.ledger.machine import run, saved


def test_a_rebuild_that_cannot_book_what_is_damaged_says_so_and_does_not_end_well(tmp_path: Path) -> None:
    run(tmp_path, "import", "cockroach", saved(tmp_path, "a", 1))
    assert run(tmp_path, "rebuild")[0] == 0
    tamper(tmp_path / "ledger", "UPDATE bodies SET packed=x'00' WHERE size > 0")
    code, said = run(tmp_path, "rebuild")
    assert (code, "could not be booked" in said, "put a backup in its place" in said) == (1, True, True), said
