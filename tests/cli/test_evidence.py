"""Evidence is written and verified at the terminal: a part only where a part is asked for."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from billfold.collect.workspace import Workspace
from tests import stage
from tests.cli.terminal import Terminal, clear

LEDGER = ("--ledger", "ledger")


def test_a_part_is_verified_only_where_it_is_asked_for(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    with closing(Workspace(tmp_path / "ledger")) as workspace:
        stage.collected(stage.twin(months=2), workspace, "vultr")
    assert "bills" in terminal.run(*LEDGER, "evidence", "2026-10", "a.zip", "--provider", "vultr").out.replace(
        "1 bill", "bills"
    )
    refused = terminal.run("verify", "a.zip")
    assert refused.code == 1
    assert refused.out.startswith("2026-10, only vultr: a part of the month\n")
    clear(
        terminal.run("verify", "a.zip", "--part"), 0, "as they were written; the rest of the month is not in this file"
    )
    assert "--part goes with a file" in terminal.run(*LEDGER, "verify", "--part").err
