"""``billfold serve``: it answers this machine only, says when it is ready and what is missing, and ends when it is told to."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

from tests.cli.terminal import Terminal, clear, environment


def test_what_is_missing_is_told(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    clear(terminal.run("serve", "--host", "0.0.0.0"), 2, "0.0.0.0 is open to other machines")
    clear(terminal.run("serve", "--ledger", "nowhere"), 2, "there is no ledger in nowhere")
    clear(terminal.run("serve", "--config", "nowhere.toml"), 2, "nowhere.toml")


def test_it_answers_and_ends(synced: Terminal) -> None:
    rows = read_accounts(synced.home, "--ledger", "ledger")
    assert [(row["provider"], row["account"], row["configured"]) for row in rows] == [("cockroach", "mine", True)]


def test_the_demo_is_shown_where_none_was_made(tmp_path: Path) -> None:
    rows = read_accounts(tmp_path, "--demo", TMPDIR=str(tmp_path))
    assert {row["provider"] for row in rows} == {"cockroach", "fastly", "genesys", "vultr"}
    assert all(row["configured"] and row["outcome"] == "complete" for row in rows)
    assert list(tmp_path.iterdir()) == []


def read_accounts(home: Path, *options: str, **variables: str) -> list[dict[str, Any]]:
    """Serve a ledger in a process until it has answered once."""
    line = [sys.executable, "-m", "billfold", "serve", "--port", "0", *options]
    with subprocess.Popen(
        line, stdout=subprocess.PIPE, text=True, cwd=home, env=environment(home, **variables)
    ) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().split()[-1]
            with urllib.request.urlopen(f"{url}api/v1/accounts", timeout=60) as answer:
                rows: list[dict[str, Any]] = json.loads(answer.read())
        finally:
            process.terminate()
    assert process.returncode == 0
    return rows
