"""``billfold --server``: every reading command answers from elsewhere as it does beside the ledger, byte for byte."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from billfold.cli.main import COMMANDS
from billfold.cli.remote import COMMANDS_PATH, LOCAL_COMMANDS
from billfold.serve.commands import READING_COMMANDS
from billfold.transport.server import open_lines
from tests.cli.terminal import Terminal, clear
from tests.model.test_extras import run_base_command

LINES = (
    "accruals 2026-11",
    "allocate 2026-10 --format json",
    "budget --anomalies 2026-10 --account vultr",
    "changes --since 2026-10-01",
    "charges --format json --account vultr",
    "close 2026-10 --all",
    "closes",
    "commitments --format json",
    "documents out/documents",
    "evidence 2026-10 out/evidence.zip",
    "explain estimate --provider vultr",
    "export journal --for beancount -o out/journal.beancount",
    "export sqlite",
    "forecast 2026-12 --format csv",
    "hash --month 2026-10",
    "invoices --as-of 2026-11-14 --format json",
    "payables --roll-forward",
    "reconcile --format json",
    "report --by vendor --months 2",
    "report --by",
    "restatements",
    "sql SELECT+account,sum(BilledCost)+FROM+costs+GROUP+BY+ALL+ORDER+BY+1 --format csv",
    "sql DELETE+FROM+costs",
    "schedule --provider vultr",
    "statement 2026-10 -o out/statement.md",
    "verify",
    "why 2026-10 --by service",
)


def read_files(home: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the files that a command wrote, and take them away."""
    for path in sorted((home / "out").rglob("*")):
        if path.is_file():
            yield str(path.relative_to(home)), path.read_bytes()
    shutil.rmtree(home / "out", ignore_errors=True)


def drop_audit(text: str) -> str:
    """Leave out what is told of the audit log: what is asked of a server is noted there."""
    return re.sub(r"audit log: .*\n", "", text)


@pytest.mark.parametrize("line", LINES)
def test_it_answers_byte_for_byte_as_beside_the_ledger(served: Terminal, line: str) -> None:
    """What a command prints, on stdout and stderr, its exit code, and the files that it writes are the same."""
    arguments = [word.replace("+", " ") for word in line.split(" ")]
    (served.home / "out").mkdir()
    here, files_here = served.run("--ledger", "ledger", *arguments), list(read_files(served.home))
    (served.home / "out").mkdir()
    there, files_there = served.run("--server", served.root, *arguments), list(read_files(served.home))
    here = replace(here, err=here.err.replace("python -m pytest.billfold", "billfold"), out=drop_audit(here.out))
    assert replace(there, out=drop_audit(there.out)) == here
    assert files_there == files_here
    assert ("out/" in line) is bool(files_here)


def test_every_reading_command_is_compared() -> None:
    """The lines above use every command that a server runs; each other command is local, or refused in a sentence."""
    assert {line.split()[0] for line in LINES} == READING_COMMANDS
    assert set(COMMANDS) >= READING_COMMANDS | LOCAL_COMMANDS
    assert not READING_COMMANDS & LOCAL_COMMANDS


def test_a_query_is_read_here(served: Terminal, tmp_path: Path) -> None:
    """The text of a query comes from a file of this machine, and never from one of the server's."""
    (tmp_path / "query.sql").write_text("SELECT 17 AS answer")
    clear(served.run("--server", served.root, "sql", f"@{tmp_path / 'query.sql'}"), 0, "17")
    clear(served.run("--server", served.root, "sql", "@nowhere.sql"), 2, "the query @nowhere.sql cannot be read")


def test_a_client_needs_the_base_alone(served: Terminal) -> None:
    """Where only the base is installed, without DuckDB and Arrow, a command asks a server."""
    result = run_base_command(served.home, "--server", served.root, "hash")
    assert (result.returncode, result.stderr) == (0, ""), result
    assert result.stdout == served.run("--ledger", "ledger", "hash").out


def test_a_terminal_gets_a_table_that_fits(served: Terminal) -> None:
    """The server cuts a table to the width that the client's terminal has, and a pipe gets all of it."""
    lines = open_lines(f"{served.root}{COMMANDS_PATH}invoices", [("columns", "80"), ("terminal", "1")])
    texts = [json.loads(line).get("text", "") for line in lines]
    assert max(len(text) for text in texts) <= 80
    assert "(left out to fit: " in "".join(texts)
    whole = served.run("--server", served.root, "invoices").out.splitlines()
    assert max(map(len, whole)) > 100


def test_the_environment_names_the_server(served: Terminal) -> None:
    """$BILLFOLD_SERVER is asked, unless a directory is named; what needs no ledger runs here."""
    variables = {"BILLFOLD_SERVER": served.root}
    assert served.run("hash", **variables) == served.run("--ledger", "ledger", "hash")
    nowhere = {"BILLFOLD_SERVER": "http://127.0.0.1:9"}
    clear(served.run("hash", "--ledger", "ledger", **nowhere), 0, "sha256:")
    clear(served.run("--ledger", "ledger", "hash", **nowhere), 0, "sha256:")
    clear(served.run("report", "--help", **nowhere), 0, "Show what is paid")


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["--server", "http://127.0.0.1:9", "report"], 3, "no answer from http://127.0.0.1:9: "),
        (["--server", "nowhere", "report"], 2, "--server takes an address, as https://"),
        (["--server", "URL", "--ledger", "ledger", "report"], 2, "--server and --ledger name two ledgers"),
        (["--server", "URL", "--key", "bf_1_secret", "report"], 2, "--key takes a reference to the key"),
        (["--server", "URL", "--key", "env:NO_SUCH", "report"], 2, "env:NO_SUCH is empty or not set"),
        (["--server", "http://example.com", "--key", "env:HOME", "report"], 2, "by https only"),
        (["--server", "URL/healthz?", "report"], 3, "is no server of billfold that can do this: it answers 200"),
        (["--server", "URL", "sync"], 2, "a server does not run sync for others: run it where the ledger's"),
        (["--server", "URL", "close", "2026-10", "--sign", "me"], 2, "--sign writes to the ledger"),
        (["--server", "URL", "report", "--config", "x"], 2, "--config names a place on one machine"),
        (["--server", "URL", "export", "journal", "--for", "xero", "-o", "x", "--mapping", "m"], 2, "--mapping names"),
        (["--server", "URL", "allocate", "2026-10", "--rules", "/etc/passwd"], 2, "--rules names a place on one"),
        (["--server", "URL", "export", "focus", "out", "--since", "/etc"], 2, "--since names a place on one"),
        (["--server", "URL", "export", "postgres"], 2, "a server writes to no database"),
        (["--server", "URL", "export"], 2, "Missing command."),
        (["--server", "URL", "report", "--month", "2026-10"], 2, "No such option '--month'"),
    ],
)
def test_what_cannot_be_asked_is_told(served: Terminal, arguments: list[str], code: int, sentence: str) -> None:
    clear(served.run(*(word.replace("URL", served.root) for word in arguments)), code, sentence)
