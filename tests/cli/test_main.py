"""Every command ends with its exit code and one clear sentence: no traceback, no secret."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.terminal import READING, WRONG, Terminal, clear, environment

EARLY = "0001-01-01T00:00:00+23:59"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nosuch"], "No such command 'nosuch'"),
        (["api", "nosuch"], "there is no provider 'nosuch'; known are"),
        (["api", "cockroach", "nosuch"], "has no operation 'nosuch'; it has get_invoice"),
        (["api", "cockroach", "get_invoice"], "get_invoice needs invoice_id; write invoice_id=..."),
        (["api", "cockroach", "list_invoices", "bogus=1"], "list_invoices takes no 'bogus'"),
        (
            ["api", "cockroach", "list_invoices", "status=BOGUS"],
            "status is 'BOGUS'; it must be one of FINALIZED, DRAFT",
        ),
        (["connect", "nosuch"], "there is no provider 'nosuch'"),
        (["connect", "cockroach", "--reference", "token=env:K"], "has no credential 'token'"),
        (["import", "nosuch", "billfold.toml"], "there is no provider 'nosuch'"),
        (["import", "cockroach", "none.json"], "'none.json' does not exist"),
        (["invoices", "--as-of", "garbage"], "'garbage' is not a time; write it as 2026-05-01T00:00:00Z"),
        *(([*command, "--as-of", "9999-12-31"], "'9999-12-31' is the calendar's last day") for command in READING),
        (["invoices", "--from", "garbage"], "'garbage' is not a month; write it as 2026-05"),
        (["invoices", "--format", "xml"], "'xml' is not one of"),
        (["sync", "--account", "nosuch"], "no account of the configuration fits; there are mine (cockroach)"),
        (["sync", "--provider", "nosuch"], "no account of the configuration fits; there are mine (cockroach)"),
        (["sync", "--config", "none.toml"], "there is no configuration at none.toml"),
        (["report", "--config", "none.toml"], "there is no configuration at none.toml"),
        (["sync", "--ledger", "billfold.toml"], "is a file where a directory is needed"),
        (["sync", "--ledger", "billfold.toml/x"], "is a file where a directory is needed"),
        (["sync", "--config", "."], "cannot be read"),
        (["sync", "--config", "key"], "cannot be read"),
        (["sync", "--config", "a\0b"], "cannot be read"),
        (["twin", "--port", "70000"], "70000 is not in the range"),
        (["twin", "--scenario", "nosuch"], "nosuch"),
        (["report", "--provider", "vultr", "--provider", "fastly"], "--provider is given twice"),
        (["export", "focus", "out", "--account", "a", "--account", "b"], "--account is given twice"),
        (["sync", "--from", "2026-01", "--from=2026-02"], "--from is given twice"),
        (["--ledger", "a", "--ledger", "b", "report"], "--ledger is given twice"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else "",
)
def test_what_is_asked_wrongly_is_told_in_a_sentence(arguments: list[str], sentence: str, terminal: Terminal) -> None:
    clear(terminal.run(*arguments), 2, sentence)


@pytest.mark.parametrize(
    "arguments",
    [
        ["invoices", "--as-of", EARLY],
        ["invoices", "--from", "0000-01"],
        ["invoices", "--to", "9999-12"],
        ["sync", "--recheck", "99999"],
        ["api", "cockroach", "list_invoices", f"start_time={EARLY}"],
        ["api", "cockroach", "get_invoice", b"invoice_id=\xff"],
        ["connect", "cockroach", "--config", "key/x.toml"],
        ["twin", "--port", "0", "--write-config", "key/x.toml"],
    ],
    ids=range(8),
)
def test_hostile_arguments_are_told_in_a_sentence(arguments: list[str | bytes], terminal: Terminal) -> None:
    clear(terminal.run(*arguments), 2, "")


def test_a_command_of_several_shows_them(terminal: Terminal) -> None:
    """Without the name of one, its help is shown line by line, and nothing is called an error."""
    result = terminal.run("keys")
    assert (result.code, result.out) == (2, "")
    assert "\n  create  Make a key" in result.err
    assert "Error" not in result.err


def test_a_log_level_that_is_none_is_told_in_a_sentence(terminal: Terminal) -> None:
    sentence = "BILLFOLD_LOG is 'garbage'; it can be debug, info, warning, error or critical"
    clear(terminal.process("--version", BILLFOLD_LOG="garbage"), 2, sentence)
    clear(terminal.run("--version", BILLFOLD_LOG="garbage"), 2, sentence)


@pytest.mark.parametrize("level", ["", "debug", "WARNING"])
def test_a_log_level_that_is_one_is_taken(level: str, terminal: Terminal) -> None:
    clear(terminal.process("--version", BILLFOLD_LOG=level), 0, "billfold")


@pytest.mark.parametrize(("key", "sentence"), [(WRONG, "(HTTP 401)"), ("", "is empty or not set")])
def test_a_process_ends_as_the_command_does(key: str, sentence: str, terminal: Terminal) -> None:
    terminal.account()
    clear(terminal.process("sync", COCKROACH_API_KEY=key), 3, sentence)
    clear(terminal.process("nosuch", COCKROACH_API_KEY=key), 2, "No such command 'nosuch'")


def test_the_places_are_accepted_before_and_after_the_command(synced: Terminal, tmp_path: Path) -> None:
    locations = ["--config", str(synced.config), "--ledger", str(synced.home / "ledger")]
    elsewhere = Terminal(tmp_path)
    before, after = elsewhere.run(*locations, "hash"), elsewhere.run("hash", *locations)
    assert before == after
    assert before.out.startswith("sha256:")
    both = elsewhere.run("--ledger", "nowhere", "hash", *locations)
    assert both == after
    variables = {"BILLFOLD_CONFIG": str(synced.config), "BILLFOLD_LEDGER": str(synced.home / "ledger")}
    assert elsewhere.run("hash", **variables) == after
    assert list(tmp_path.iterdir()) == []


def test_a_warning_is_a_sentence_or_a_line_of_the_log(synced: Terminal, tmp_path: Path) -> None:
    """A warning is a sentence, and a line of the log where one is asked for."""
    shutil.copytree(synced.home / "ledger", tmp_path / "ledger")
    for level, prefix in (("", r"billfold: warning: "), ("warning", r"\S+Z \[MainThread\] billfold\.books: ")):
        (tmp_path / "ledger" / "catalog.sqlite").write_bytes(b"garbage" * 999)
        result = synced.process("hash", "--ledger", tmp_path / "ledger", BILLFOLD_LOG=level)
        assert re.fullmatch(
            prefix + r"\S+ cannot be read: .*; computing the ledger anew from the archive\n", result.err
        ), result


def test_spans_of_a_short_command_are_sent() -> None:
    """Where OpenTelemetry traces a command, what it does at the end of a process is done."""
    begin = "import atexit, sys, types; sys.argv = ['billfold', '--version']; atexit.register(print, 'the last spans');"
    traced = "sys.modules['opentelemetry.sdk'] = types.ModuleType('sdk');"
    end = "from billfold.cli.main import process; process()"
    for code, sent in ((begin + traced + end, True), (begin + end, False)):
        shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert ("the last spans" in shown.stdout) is sent


def test_help_needs_no_configuration_and_names_every_command(tmp_path: Path) -> None:
    result = Terminal(tmp_path).process("--help")
    clear(result, 0, "sync")
    assert all(
        name in result.out for name in ("api", "charges", "connect", "doctor", "import", "invoices", "report", "twin")
    )


def test_a_reader_that_goes_away_is_no_error(synced: Terminal) -> None:
    line = [sys.executable, "-m", "billfold", "--ledger", "ledger", "charges", "--format", "json"]
    with subprocess.Popen(
        line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=synced.home, env=environment(synced.home)
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()
    assert process.returncode == 0


@pytest.mark.skipif(os.name != "posix", reason="a shell closes the streams")
@pytest.mark.parametrize("stream", ["1", "2"])
@pytest.mark.parametrize("command", ["report", "hash", "sync"])
def test_a_closed_stream_stops_no_command(command: str, stream: str, synced: Terminal) -> None:
    shell = f'exec "$0" -m billfold --ledger ledger {command} {stream}>&-'
    code = synced.process(command, "--ledger", "ledger").code
    done = subprocess.run(
        ["sh", "-c", shell, sys.executable],
        check=False,
        capture_output=True,
        cwd=synced.home,
        env=environment(synced.home),
    )
    assert (done.returncode, b"foresee" in done.stderr) == (code, False), done


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
@pytest.mark.parametrize("command", [["--help"], ["invoices"], ["charges", "--format", "csv"], ["api", "cockroach"]])
def test_an_output_that_cannot_be_written_is_told(command: list[str], synced: Terminal) -> None:
    line = [sys.executable, "-m", "billfold", "--ledger", "ledger", *command]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            line, check=False, stdout=full, stderr=subprocess.PIPE, cwd=synced.home, env=environment(synced.home)
        )
    assert (done.returncode, b"No space left on device; check the path" in done.stderr) == (2, True), done.stderr
    assert b"Traceback" not in done.stderr
