"""A rebuild says what it could not book."""

from __future__ import annotations

from pathlib import Path

from tests.ledger.archives import tamper
from tests.ledger.machine import run, saved


def test_a_rebuild_says_that_damage_could_not_be_booked(tmp_path: Path) -> None:
    """A rebuild that cannot book what is damaged says so, and does not end well."""
    run(tmp_path, "import", "cockroach", saved(tmp_path, "a", 1))
    assert run(tmp_path, "rebuild")[0] == 0
    tamper(tmp_path / "ledger", "UPDATE bodies SET packed=x'00' WHERE size > 0")
    code, output = run(tmp_path, "rebuild")
    assert (code, "not booked" in output, "put a backup in its place" in output) == (1, True, True), output
