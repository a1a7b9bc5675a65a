"""Commands as processes that begin warm: each is forked from this one, which has loaded all and opened nothing."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from billfold.cli.main import COMMANDS, process
from billfold.twin.clock import Clock
from billfold.twin.host import TwinHost
from billfold.twin.serve import open_listener, serve_twin, write_config
from billfold.twin.world import World
from tests import stage
from tests.cli.terminal import CommandResult, environment
from tests.rig.killing import fork_beside

LEDGER = "ledger"
"""The directory of the ledger beside a configuration."""


class Command(NamedTuple):
    """A command that runs in a process of its own, or ran."""

    pid: int
    out: Path
    err: Path

    def wait(self) -> CommandResult:
        """Wait for its end; the code is negative where a signal ended it."""
        code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return CommandResult(code, self.out.read_text(encoding="utf-8"), self.err.read_text(encoding="utf-8"))


def load_commands() -> None:
    """Load what commands need, so that none of them has to."""
    for name in COMMANDS:
        import_module(f"billfold.cli.{'import_' if name == 'import' else name}")
    for name in ("duckdb", "pyarrow.parquet", "billfold.ledger.digest", "billfold.ledger.verify"):
        import_module(name)


def start_command(home: Path, line: Sequence[str], streams: Path, ledger: str = LEDGER) -> Command:
    """Start a command in a directory; ``streams`` names the files that it prints to, without their endings."""
    command_line = ["billfold", "--ledger", ledger, *line]
    out, err = streams.with_suffix(".out"), streams.with_suffix(".err")

    def be_command() -> None:
        for number, path in ((1, out), (2, err)):
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
        os.chdir(home)
        variables = environment(home)
        os.environ.clear()
        os.environ.update(variables)
        sys.argv = command_line
        process()

    return Command(fork_beside(be_command), out, err)


def run_command(home: Path, line: Sequence[str], streams: Path) -> tuple[CommandResult, float]:
    """Run a command to its end; returns what it printed, and the seconds that it took."""
    start_time = time.monotonic()
    result = start_command(home, line, streams).wait()
    return result, time.monotonic() - start_time


@contextmanager
def serve_beside(home: Path, seed: int, months: int) -> Iterator[str]:
    """Serve a twin in a process of its own, with a configuration that speaks to it; gives its URL."""
    host = TwinHost(World(seed=seed, start_time=stage.AT, months=months), Clock(stage.AT), limits=False)
    with open_listener("127.0.0.1", 0) as listener:
        root_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        write_config(home / "billfold.toml", host.world.iter_addresses(root_url))
        pid = fork_beside(lambda: serve_twin(host, listener))
    try:
        yield root_url
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def advance_clock(root_url: str, duration: str) -> None:
    """Let a twin's clock jump ahead."""
    content = json.dumps({"advance": duration}).encode()
    request = urllib.request.Request(f"{root_url}/_twin/clock", content, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200
