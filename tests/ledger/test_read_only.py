"""What may only be read can be read, and whatever would write there is told and leaves it as it is."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from billfold.collect.workspace import Workspace
from tests.ledger.kit import collected, invoice, invoices
from tests.ledger.machine import READABLE, read_only, run, saved


@pytest.mark.parametrize("files", READABLE, ids=["files-too", "directory-only"])
@pytest.mark.parametrize(
    "command", [["import", "cockroach", "a.json"], ["rebuild"], ["redact"], ["sync"], ["merge", "other"]], ids=str
)
def test_a_read_only_directory_is_left_as_it_is(command: list[str], files: int, tmp_path: Path) -> None:
    """A directory that may only be read is told and left as it is."""
    assert run(tmp_path, "import", "cockroach", saved(tmp_path, "a", 1))[0] == 0
    (tmp_path / "key").write_text("k")
    text = f'[[accounts]]\nname = "cockroach"\nprovider = "cockroach"\napi_key = "file:{tmp_path}/key"\n'
    (tmp_path / "billfold.toml").write_text(text + 'base_url = "http://127.0.0.1:9"\n')
    shutil.copytree(tmp_path / "ledger", tmp_path / "other")
    with read_only(tmp_path / "ledger", files):
        code, output = run(tmp_path, *command, rights="none")
    assert (code, "check the path" in output) == (2, True) or (command, code) == (["redact"], 0), output


def test_a_read_only_archive_alone_is_told(tmp_path: Path) -> None:
    """An archive alone that may only be read is told in one sentence."""
    assert run(tmp_path, "import", "cockroach", saved(tmp_path, "a", 1))[0] == 0
    (tmp_path / "ledger" / "catalog.sqlite").unlink()
    with read_only(tmp_path / "ledger", READABLE[0]):
        code, output = run(tmp_path, "invoices", rights="none")
    assert (code, "catalog.sqlite included" in output, len(output.splitlines())) == (2, True, 1), output


@pytest.mark.parametrize("files", READABLE, ids=["files-too", "directory-only"])
def test_a_ledger_that_may_only_be_read_can_be_read(files: int, tmp_path: Path) -> None:
    assert run(tmp_path, "import", "cockroach", saved(tmp_path, "a", 1))[0] == 0
    commands = [
        ["invoices"],
        ["charges"],
        ["report"],
        ["hash"],
        ["verify"],
        ["reconcile"],
        ["sql", "SELECT count(*) FROM CostAndUsage"],
        ["sql", "SELECT count(*) FROM records"],
        ["restatements"],
    ]
    free = [run(tmp_path, *command) for command in commands]
    with read_only(tmp_path / "ledger", files):
        assert [run(tmp_path, *command, rights="none") for command in commands] == free
        assert run(tmp_path, "export", "focus", str(tmp_path / "out"), rights="none")[0] == 0
    assert run(tmp_path, "check", "focus", str(tmp_path / "out"))[0] == 0


def test_a_read_only_ledger_that_is_behind_is_told(tmp_path: Path) -> None:
    """A ledger that may only be read and is not up to its archive is told."""
    assert run(tmp_path, "import", "cockroach", saved(tmp_path, "a", 1))[0] == 0
    shutil.copy(tmp_path / "ledger" / "catalog.sqlite", tmp_path / "old")
    assert run(tmp_path, "import", "cockroach", saved(tmp_path, "b", 1))[0] == 0
    for ledger in (tmp_path / "old", None):
        (tmp_path / "ledger" / "catalog.sqlite").unlink()
        if ledger:
            shutil.copy(ledger, tmp_path / "ledger" / "catalog.sqlite")
        with read_only(tmp_path / "ledger", 0o444):
            code, output = run(tmp_path, "invoices", rights="none")
            assert (code, "may only be read, and its ledger must be computed" in output) == (2, True), output
            assert run(tmp_path, "verify", rights="none")[0] == 0


def test_a_read_only_archive_is_read_whole_or_not_at_all(tmp_path: Path) -> None:
    """An archive that may only be read is read with what lies beside it, or not at all."""
    books = Workspace(tmp_path / "first")
    assert collected(books, invoices(invoice())).error is None
    assert (tmp_path / "first" / "archive.sqlite-wal").stat().st_size
    count = books.archive.read_last_seq()
    shutil.copytree(tmp_path / "first", tmp_path / "ledger")
    books.close()
    with read_only(tmp_path / "ledger", 0o444):
        code, output = run(tmp_path, "verify", rights="none")
        assert (code, output.partition(" ")[0]) == (0, str(count)), output
    (tmp_path / "ledger" / "archive.sqlite-shm").unlink()
    with read_only(tmp_path / "ledger", 0o444):
        code, output = run(tmp_path, "verify", rights="none")
        assert (code, "check the path, its rights" in output) == (2, True), output
