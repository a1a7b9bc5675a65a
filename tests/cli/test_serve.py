"""``billfold serve``: it answers this machine only, says when it is ready and what is missing, and ends when it is told to."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from pathlib import Path

from tests.cli.terminal import Terminal, clear, environment


def test_what_is_missing_is_told(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    clear(terminal.run("serve", "--host", "0.0.0.0"), 2, "0.0.0.0 is open to other machines")
    clear(terminal.run("serve", "--ledger", "nowhere"), 2, "there is no ledger in nowhere")
    clear(terminal.run("serve", "--demo"), 2, "there is no demo in demo: `billfold demo` makes one")
    clear(terminal.run("serve", "--config", "nowhere.toml"), 2, "nowhere.toml")


def test_it_answers_and_ends(synced: Terminal) -> None:
    line = [sys.executable, "-m", "billfold", "serve", "--port", "0", "--ledger", "ledger"]
    with subprocess.Popen(
        line, stdout=subprocess.PIPE, text=True, cwd=synced.home, env=environment(synced.home)
    ) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().split()[-1]
            with urllib.request.urlopen(f"{url}api/v1/accounts", timeout=60) as answer:
                rows = json.loads(answer.read())
        finally:
            process.terminate()
    assert [(row["provider"], row["account"], row["configured"]) for row in rows] == [("cockroach", "mine", True)]
    assert process.returncode == 0
