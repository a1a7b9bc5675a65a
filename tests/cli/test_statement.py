"""The statement lies where it was asked for, and the verdict is printed."""

from __future__ import annotations

from pathlib import Path

from tests.cli.terminal import Terminal


def test_the_command_writes_the_file_that_it_names(tmp_path: Path, synced: Terminal) -> None:
    path = tmp_path / "s.md"
    result = synced.run("--ledger", "ledger", "statement", "2026-10", "-o", path)
    assert result.out.startswith(str(path))
    assert path.read_text().startswith("# Cloud bills of 2026-10")
