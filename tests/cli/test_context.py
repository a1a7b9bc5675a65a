"""A command works on the ledger that is there, and a filter that fits nothing lists what there is."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.terminal import READING, Terminal, clear


@pytest.mark.parametrize("command", READING, ids=lambda command: command[0])
@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--provider", "cokroach"], "there is no provider 'cokroach'; known are cockroach, fastly, genesys, vultr"),
        (["--account", "minne"], "there is no account 'minne'; there are mine"),
        (["--account", ""], "there is no account ''; there are mine"),
        (["--account", "mine", "--provider", "fastly"], "there is no account 'mine'; there are none yet"),
        (["--from", "2026-09", "--to", "2026-08"], "no month lies between 2026-09 and 2026-08"),
    ],
    ids=["provider", "account", "empty", "of-another-provider", "months"],
)
def test_a_filter_that_fits_nothing_lists_what_there_is(
    options: list[str], sentence: str, command: list[str], synced: Terminal
) -> None:
    """A filter that names what there is not, lists what there is."""
    clear(synced.run("--ledger", "ledger", *command, *options), 2, sentence)
    assert not (synced.home / "unfit").exists()


def test_a_filter_that_fits_needs_no_configuration(synced: Terminal, tmp_path: Path) -> None:
    """A filter that names what there is needs no configuration."""
    elsewhere = Terminal(tmp_path)
    result = elsewhere.run(
        "--ledger", synced.home / "ledger", "invoices", "--account", "mine", "--provider", "cockroach"
    )
    clear(result, 0, "mine")


@pytest.mark.parametrize("command", ["invoices", "report", "reconcile", "verify", "hash"])
def test_a_ledger_that_is_not_there_is_no_empty_one(command: str, terminal: Terminal) -> None:
    clear(terminal.run("--ledger", "ledger", command), 2, "there is no ledger in ledger: `billfold sync` makes one")
    assert not (terminal.home / "ledger").exists()


def test_a_damaged_ledger_is_computed_anew(synced: Terminal, tmp_path: Path) -> None:
    shutil.copytree(synced.home / "ledger", tmp_path / "ledger")
    (tmp_path / "ledger" / "catalog.sqlite").write_bytes(b"garbage" * 999)
    result = synced.run("hash", "--ledger", tmp_path / "ledger")
    clear(result, 0, "sha256:")
    assert result.out == synced.run("hash", "--ledger", "ledger").out


def test_garbage_in_the_archives_place_is_told_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "archive.sqlite").write_bytes(b"garbage" * 999)
    clear(Terminal(tmp_path).process("invoices", "--ledger", "."), 2, "file is not a database")
    assert (tmp_path / "archive.sqlite").read_bytes() == b"garbage" * 999


@pytest.mark.parametrize("command", ["invoices", "verify", "sync"])
def test_a_damaged_archive_is_told_in_a_sentence(command: str, synced: Terminal, tmp_path: Path) -> None:
    shutil.copytree(synced.home / "ledger", tmp_path / "ledger")
    path = tmp_path / "ledger" / "archive.sqlite"
    content = bytearray(path.read_bytes())
    for page in range(4096, len(content), 4096):
        content[page : page + 200] = b"\xff" * 200
    path.write_bytes(content)
    result = synced.run(command, "--ledger", tmp_path / "ledger")
    assert "Traceback" not in result.err
    assert result.code in {1, 2}


def test_a_misspelt_section_is_refused_by_its_name(terminal: Terminal) -> None:
    terminal.config.write_text('[[account]]\nname = "a"\nprovider = "vultr"\n', encoding="utf-8")
    result = terminal.run("doctor", "--config", "billfold.toml")
    assert result.code == 2
    assert "'account' is not known; a configuration has [[accounts]], [[alerts]]" in result.err
