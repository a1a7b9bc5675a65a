"""What is printed can be printed anywhere: in any encoding, to a reader that goes away, to a terminal that would obey."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path
from unittest import mock

import pytest

from billfold.cli.output import print_bytes, print_data, print_line, print_table_line
from tests.cli.terminal import Terminal, environment

TEXT = "caf\u00e9 \u20ac5 \U0001f600"


def run_piped(terminal: Terminal, *arguments: str, **variables: str) -> int:
    """Return how a command ends whose reader is gone before anything is printed."""
    reading_end, writing_end = os.pipe()
    os.close(reading_end)
    line = [sys.executable, "-m", "billfold", "--ledger", "ledger", *arguments]
    with os.fdopen(writing_end, "wb") as stdout:
        variables = environment(terminal.home, **variables)
        return subprocess.run(
            line, check=False, stdout=stdout, cwd=terminal.home, env=variables, timeout=120
        ).returncode


def damage_archive(terminal: Terminal) -> Terminal:
    """Return the same terminal with an archive in which a byte of an answer was changed."""
    path = terminal.home / "ledger" / "archive.sqlite"
    content = path.read_bytes()
    path.write_bytes(content.replace(b'{"status"', b'{"suatus"', 1))
    return terminal


@pytest.fixture
def damaged(synced: Terminal, tmp_path: Path) -> Terminal:
    shutil.copytree(synced.home, tmp_path / "copy")
    return damage_archive(Terminal(tmp_path / "copy", synced.root))


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "utf-8", "utf-16"])
def test_any_encoding_takes_what_is_printed(encoding: str) -> None:
    """Lines have a question mark for a letter that there is not, data has its number: JSON stays the same values."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    with redirect_stdout(stream):
        print_line(TEXT)
        print_table_line(TEXT, is_heading=True)
        print_data(json.dumps(TEXT, ensure_ascii=False), newline=True)
    stream.seek(0)
    line, _, data = stream.read().splitlines()
    assert json.loads(data) == TEXT
    assert line == TEXT.encode(encoding, "replace").decode(encoding)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
@pytest.mark.parametrize("command", [["--help"], ["sync", "--help"], ["invoices"], ["charges", "--format", "csv"]])
def test_no_console_encoding_ends_a_command(command: list[str], encoding: str, synced: Terminal) -> None:
    result = synced.process("--ledger", "ledger", *command, PYTHONIOENCODING=encoding, PYTHONUTF8="0")
    assert (result.code, "Traceback" in result.err) == (0, False)


@pytest.mark.parametrize("command", ["verify", "reconcile", "invoices", "charges"])
def test_a_reader_that_is_gone_keeps_the_exit_code(command: str, synced: Terminal, damaged: Terminal) -> None:
    """A command whose reader is gone ends as it would with one, whether all is well or not."""
    for terminal in (synced, damaged):
        assert run_piped(terminal, command) == terminal.process("--ledger", "ledger", command).code
    assert run_piped(damaged, "verify") == 1


def test_bytes_go_to_a_terminal_as_text_only() -> None:
    """Bytes that a terminal would obey are shown to it by their numbers; a file or a pipe gets them as they came."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with redirect_stdout(stream):
        print_bytes(b"a\x1b[31m\xff")
        with mock.patch.object(stream, "isatty", return_value=True):
            print_bytes(b"b\x1b]0;x\x07")
    assert stream.buffer.getvalue() == b"a\x1b[31m\xffb\\u001b]0;x\\u0007"


def print_wrapped(text: str, capsys: pytest.CaptureFixture[str], *, err: bool = False, columns: str = "30") -> str:
    """Return what is printed on a terminal of so many columns."""
    with (
        mock.patch.dict(os.environ, {"COLUMNS": columns}),
        mock.patch.object(sys.stderr if err else sys.stdout, "isatty", return_value=True),
    ):
        print_line(text, err=err)
    shown = capsys.readouterr()
    return shown.err if err else shown.out


@pytest.mark.parametrize("err", [False, True])
def test_prose_breaks_at_the_terminals_width(capsys: pytest.CaptureFixture[str], *, err: bool) -> None:
    """What goes on is set in, and words stay whole; lines that fit stay as they are."""
    text = "  Not checked (3): document 1, balance 1, paid 1"
    assert print_wrapped(text, capsys, err=err) == "  Not checked (3): document 1,\n    balance 1, paid 1\n"
    assert print_wrapped("head " + "0" * 64, capsys, err=err) == f"head {'0' * 64}\n"
    assert print_wrapped("it  fits", capsys, err=err) == "it  fits\n"


def test_a_file_gets_each_line_whole(capsys: pytest.CaptureFixture[str]) -> None:
    """A program reads lines: where there is no terminal none is broken, whatever $COLUMNS says."""
    text = "not complete: " + "word " * 40 + "end"
    with mock.patch.dict(os.environ, {"COLUMNS": "30"}):
        for err in (False, True):
            print_line(text, err=err)
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == (f"{text}\n", f"{text}\n")
