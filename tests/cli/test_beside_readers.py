"""Whoever reads keeps nobody from writing: a pager, a program that holds every file open, a notebook with a ledger open."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import billfold
from tests.cli.terminal import Terminal, environment

HOLD_FILES = """
import pathlib, sys
files = [path.open("rb") for path in pathlib.Path("ledger").rglob("*") if path.is_file()]
print(len(files), flush=True)
sys.stdin.read()
"""


@contextmanager
def start(home: Path, *line: str) -> Iterator[subprocess.Popen[str]]:
    """Start a process that is read from, and end it with the test."""
    command = [sys.executable, *line]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment(home), cwd=home
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def read_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def test_writers_go_on_beside_readers(terminal: Terminal) -> None:
    """Sync, report, rebuild and merge end well meanwhile, and each reader gets to the end of what he began with."""
    home, listing = terminal.home, ("charges", "--format", "json", "--ledger", "ledger")
    for ledger in ("ledger", "other"):
        assert terminal.run("sync", "--ledger", ledger).code == 0
    whole_listing = terminal.run(*listing).out
    with (
        start(home, "-m", "billfold", *listing) as pager,
        start(home, "-c", HOLD_FILES) as file_user,
        billfold.Ledger(home / "ledger") as notebook,
    ):
        first_line, charge_count = read_line(pager), len(list(notebook.iter_charges()))
        assert int(read_line(file_user)) >= 4
        for command in (("sync",), ("report",), ("rebuild",), ("merge", "other"), ("report",), ("rebuild",)):
            result = terminal.run(*command, "--ledger", "ledger")
            assert (result.code, result.err) == (0, ""), (command, result)
        assert pager.poll() is None, "what it prints must be more than a pipe holds"
        assert len(list(notebook.iter_charges())) == charge_count
        assert pager.stdout is not None
        rest = pager.stdout.read()
        assert (pager.wait(), first_line + rest == whole_listing) == (0, True)
