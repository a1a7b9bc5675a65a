"""Verifying ends with exit code 1 where something is missing."""

from __future__ import annotations

from pathlib import Path

from tests.ledger.archives import cut
from tests.ledger.machine import run, saved


def test_a_missing_end_is_told_by_the_command_with_exit_code_1(tmp_path: Path) -> None:
    run(tmp_path, "import", "cockroach", saved(tmp_path, "a", 1))
    assert run(tmp_path, "verify")[0] == 0
    cut(tmp_path / "ledger", 1)
    code, output = run(tmp_path, "verify")
    assert (code, "the archive's end is missing" in output) == (1, True), output
