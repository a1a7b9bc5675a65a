"""An archive of format 1 becomes one with a chain for each account, and says the same."""

from __future__ import annotations

import lzma
import sqlite3
from pathlib import Path

import pytest

from billfold.collect.redact import redact_workspace
from billfold.collect.workspace import Workspace
from billfold.ledger import conversion
from billfold.ledger.archive import Archive
from billfold.ledger.entries import REDACTION
from billfold.ledger.verify import find_damage
from billfold.model.errors import LedgerError
from tests import stage
from tests.cli.terminal import Terminal
from tests.ledger.archives import open_archive, tamper

FORMAT_1 = Path(__file__).with_name("format-1.sqlite.xz")
"""Written by billfold as it was before format 2: two imports of one account, a sync of another that was redacted."""
ROWS_HASH = "sha256:f73efb342490ade05c1ad00724252673128baa0a5764207e2ae4771efff9aa2d"
"""What `billfold hash` says of it, by the mappings of today."""


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Return a ledger directory with an archive of format 1."""
    (tmp_path / "archive.sqlite").write_bytes(lzma.decompress(FORMAT_1.read_bytes()))
    return tmp_path


def read_facts(archive: Archive) -> list[tuple[object, ...]]:
    """Return all that an archive holds but hashes of its chains and notes of none of its runs."""
    return [(*entry[:-1], archive.read_body(entry.body)) for entry in archive.iter_entries() if entry.run]


def test_a_converted_archive_says_the_same(directory: Path) -> None:
    with Archive(directory / "archive.sqlite", as_it_is=True) as before:
        facts = read_facts(before)
    books = Workspace(directory)
    assert read_facts(books.archive) == facts
    assert (stage.read_digest(books), list(find_damage(books.archive, books.ledger_path))) == (ROWS_HASH, [])
    assert [entry.provider for entry in books.archive.list_markers(REDACTION)] == ["genesys"]
    books.close()


def test_the_old_file_stays_beside_it(directory: Path) -> None:
    content = (directory / "archive.sqlite").read_bytes()
    for _ in range(2):
        open_archive(directory).close()
        assert (directory / "archive.format-1.sqlite").read_bytes() == content
        (directory / "archive.sqlite").write_bytes(content)  # as who brings a backup back does
    open_archive(directory).close()
    kept_files = sorted(path.name for path in directory.glob("archive*"))
    assert kept_files == [
        "archive.format-1.2.sqlite",
        "archive.format-1.3.sqlite",
        "archive.format-1.sqlite",
        "archive.sqlite",
    ]


@pytest.mark.parametrize(
    "damage", ["question=CAST(x'7bff' AS TEXT)", "at=replace(at, '-', '~')", "status='two'", "question=char(30)"]
)
def test_what_cannot_be_read_is_converted_and_told(damage: str, directory: Path) -> None:
    """An entry that cannot even be read is converted as it is, and told by all that check."""
    tamper(directory, f"UPDATE entries SET {damage} WHERE seq=4")
    with open_archive(directory) as archive:
        texts = [finding.text for finding in find_damage(archive)]
    assert any(text.startswith("entry 4 (") and "was changed" in text for text in texts), texts
    result = Terminal(directory).run("--ledger", ".", "rebuild")
    assert (result.code, "entry 4 (" in result.err) == (1, True), result


def test_what_was_changed_before_is_found_after(directory: Path) -> None:
    tamper(directory, "UPDATE entries SET question='{}' WHERE seq=4", "DELETE FROM entries WHERE seq=7")
    with open_archive(directory) as archive:
        texts = [finding.text for finding in find_damage(archive)]
    assert any(text.startswith("entry 4 (") and "was changed" in text for text in texts), texts
    assert any("answers 7 to 7 are missing" in text for text in texts), texts


@pytest.mark.parametrize("step", ["_write_chains", "enable_wal", "replace_archive_file"])
def test_a_kill_leaves_the_old_one_or_the_new_one(step: str, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def kill(*_: object) -> None:
        raise KeyboardInterrupt

    content = (directory / "archive.sqlite").read_bytes()
    with monkeypatch.context() as patched:
        patched.setattr(conversion, step, kill)
        with pytest.raises(KeyboardInterrupt):
            open_archive(directory)
    assert (directory / "archive.sqlite").read_bytes() == content
    with open_archive(directory) as archive:
        assert list(find_damage(archive)) == []


def test_an_archive_that_may_only_be_read_stays_as_it_is(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = (directory / "archive.sqlite").read_bytes()
    monkeypatch.setattr("billfold.ledger.archive.is_read_only", lambda _: True)
    with open_archive(directory) as archive:
        assert (len(read_facts(archive)) > 10, list(find_damage(archive))) == (True, [])
    assert (directory / "archive.sqlite").read_bytes() == content


def test_nobody_converts_while_another_reads_the_old_one(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody puts a new file in the place of one whose log is still being read."""
    reader = sqlite3.connect(directory / "archive.sqlite")
    reader.execute("INSERT INTO bodies VALUES ('0', 0, '', NULL)")
    reader.commit()
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM entries").fetchone()
    monkeypatch.setattr(conversion, "CHECKPOINT_TIMEOUT_S", 0)
    with pytest.raises(LedgerError, match="try again in a moment"):
        open_archive(directory)
    reader.close()
    open_archive(directory).close()


def test_the_old_file_is_redacted_too(tmp_path: Path) -> None:
    books = Workspace(tmp_path)
    stage.collected(stage.twin(months=2), books, "genesys")
    books.archive.checkpoint_wal()
    old_path = tmp_path / "archive.format-1.sqlite"
    old_path.write_bytes(books.archive.path.read_bytes())
    with sqlite3.connect(old_path) as old:
        old.execute("PRAGMA user_version=1")
    old.close()
    assert redact_workspace(books) == 1
    for path in (books.archive.path, old_path):
        with sqlite3.connect(path) as db:
            assert db.execute("SELECT count(*) FROM bodies WHERE tombstone NOTNULL").fetchone() == (1,)
        db.close()
    books.close()
