"""A terminal for tests: billfold runs in a process of its own or, sooner, in this one, with an environment of its own."""

from __future__ import annotations

import functools
import io
import json
import os
import subprocess
import sys
import traceback
from collections.abc import Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from billfold.cli.main import main
from billfold.providers.provider import Provider

KEY = "twin-cockroach-key"
NORIGHT = "twin-cockroach-noright"
WRONG = "wrong-key-20319"
READING = [
    ["invoices"],
    ["charges"],
    ["report"],
    ["reconcile"],
    ["sql", "SELECT 1"],
    ["export", "focus", "unfit"],
]


@dataclass(frozen=True)
class CommandResult:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def all(self) -> str:
        """Everything it printed."""
        return self.out + self.err


def environment(home: Path, **more: str) -> dict[str, str]:
    """Return an environment without anybody's accounts, keys and settings."""
    variables = {k: v for k, v in os.environ.items() if not k.startswith(("BILLFOLD", "XDG_")) and "KEY" not in k}
    return {**variables, "HOME": str(home), "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **more}


@dataclass(frozen=True)
class Terminal:
    """A directory to work in, with a configuration and a ledger in it."""

    home: Path
    root: str = ""

    @property
    def config(self) -> Path:
        """The configuration."""
        return self.home / "billfold.toml"

    def run(self, *arguments: str | bytes | Path, **more: str) -> CommandResult:
        """Run a command here, in this process, without retries; ``more`` are environment variables."""
        line = ["billfold", *map(os.fsdecode, arguments)]
        with _stream() as out, _stream() as err:
            patient = mock.patch.object(
                Provider, "make_context", functools.partialmethod(Provider.make_context, retries=0)
            )
            settings = mock.patch.dict(os.environ, environment(self.home, **more), clear=True)
            with patient, settings, chdir(self.home), redirect_stdout(out), redirect_stderr(err):
                code = _ended(line)
            return _checked(code, _written(out), _written(err))

    def process(self, *arguments: str | bytes | Path, **more: str) -> CommandResult:
        """Run a command here, in a process of its own."""
        line = [sys.executable, "-m", "billfold", *arguments]
        done = subprocess.run(
            line, check=False, capture_output=True, cwd=self.home, env=environment(self.home, **more), timeout=120
        )
        return _checked(done.returncode, done.stdout.decode(), done.stderr.decode())

    def account(
        self, key: str = "env:COCKROACH_API_KEY", base_url: str = "", name: str = "mine", extra: str = ""
    ) -> None:
        """Write a configuration of one account of CockroachDB Cloud."""
        lines = [f"name = {json.dumps(name)}", 'provider = "cockroach"', f"api_key = {json.dumps(key)}"]
        lines += [f"base_url = {json.dumps(base_url or self.root + '/cockroach')}", 'rate = "off"', extra]
        self.config.write_text("[[accounts]]\n" + "\n".join(lines) + "\n", encoding="utf-8")

    def rows(self, *arguments: str, code: int = 0) -> list[dict[str, Any]]:
        """Run a listing, and return its JSON with every number as it stands there."""
        result = self.run(*arguments, "--format", "json")
        assert result.code == code, result
        rows: list[dict[str, Any]] = json.loads(result.out, parse_float=_no_float)
        return rows


def _stream() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="backslashreplace", newline="")


def _written(stream: io.TextIOWrapper) -> str:
    stream.flush()
    content: io.BytesIO = stream.buffer  # type: ignore[assignment]
    return content.getvalue().decode()


def _ended(line: list[str]) -> int:
    with mock.patch.object(sys, "argv", line):
        try:
            main()
        except SystemExit as end:
            return int(end.code or 0)
        except Exception:  # noqa: BLE001 - whatever it is, the user would see it
            traceback.print_exc()
    return 1


def _checked(code: int, out: str, err: str) -> CommandResult:
    result = CommandResult(code, out, err)
    assert KEY not in result.all
    return result


def _no_float(text: str) -> Any:
    raise AssertionError(f"{text} is a number with a fraction: money is text")


@contextmanager
def twin(home: Path) -> Iterator[str]:
    """Run a twin on any free port; gives its URL."""
    line = [sys.executable, "-m", "billfold", "twin", "--port", "0"]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True, env=environment(home), cwd=home) as process:
        try:
            assert process.stdout is not None
            line_read = process.stdout.readline()
            assert "ready at" in line_read
            yield line_read.split()[5]
        finally:
            process.terminate()


def clear(result: CommandResult, code: int, sentence: str) -> None:
    """Check that a command ended as it should, with these words and no traceback."""
    assert "Traceback" not in result.err, result.err[-600:]
    assert result.code == code, result
    assert sentence in result.all, result
