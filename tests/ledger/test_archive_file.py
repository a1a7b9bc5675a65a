"""A file that cannot be used as an archive is one of our errors, and left alone."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from billfold.ledger.archive import Archive
from billfold.model.errors import LedgerError
from tests.ledger.archives import broken, filled, keep, open_archive, tamper
from tests.ledger.kit import NOW


def test_a_new_archive_waits_for_who_makes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new archive waits for whoever makes it at this moment."""
    other = sqlite3.connect(tmp_path / "archive.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waited = list[float]()

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        other.execute("COMMIT")

    monkeypatch.setattr("billfold.ledger.archive_file.time.sleep", sleep)
    with Archive(tmp_path / "archive.sqlite") as archive:
        assert archive.read_last_seq() == 0
    assert len(waited) == 1
    other.close()


def test_a_newer_format_is_refused_and_left_alone(tmp_path: Path) -> None:
    filled(tmp_path).close()
    tamper(tmp_path, "PRAGMA user_version=99")
    with pytest.raises(LedgerError, match="has format 99, this billfold knows 2; update billfold"):
        open_archive(tmp_path)


@pytest.mark.parametrize("content", [b"garbage" * 1000, b"\x00" * 5000, b"SQLite format 3\x00" + b"\xff" * 5000])
def test_a_file_that_is_no_archive_is_left_alone(content: bytes, tmp_path: Path) -> None:
    """A file that is no archive is one of our errors and left alone."""
    path = tmp_path / "archive.sqlite"
    path.write_bytes(content)
    with pytest.raises(LedgerError, match="cannot be used"):
        open_archive(tmp_path)
    assert path.read_bytes() == content


@pytest.mark.parametrize("version", [2, 1, 0, -1])
def test_a_database_of_somebody_else_is_left_alone(version: int, tmp_path: Path) -> None:
    """A database of somebody else is one of our errors and left alone."""
    db = sqlite3.connect(tmp_path / "archive.sqlite")
    db.executescript(f"CREATE TABLE other (a); PRAGMA user_version={version}")
    db.close()
    before = (tmp_path / "archive.sqlite").read_bytes()
    with pytest.raises(LedgerError), open_archive(tmp_path) as archive:
        archive.list_runs()
    assert (tmp_path / "archive.sqlite").read_bytes() == before


def test_an_archive_without_its_format_is_told_as_that(tmp_path: Path) -> None:
    """An archive that lost the mark of its format is told as that."""
    filled(tmp_path).close()
    tamper(tmp_path, "PRAGMA user_version=0")
    with pytest.raises(LedgerError, match=r"a database without the mark of an archive .* put a backup in its place"):
        open_archive(tmp_path)


def test_an_archive_that_cannot_be_used_is_closed_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(tmp_path).close()
    tamper(tmp_path, "PRAGMA user_version=99")
    connections, connect = list[sqlite3.Connection](), sqlite3.connect

    def noted(*args: Any, **how: Any) -> sqlite3.Connection:
        connections.append(connect(*args, **how))
        return connections[-1]

    monkeypatch.setattr(sqlite3, "connect", noted)
    with pytest.raises(LedgerError):
        open_archive(tmp_path)
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        connections[0].execute("SELECT 1")


def test_a_damaged_file_is_one_of_our_errors(tmp_path: Path) -> None:
    with broken(tmp_path) as archive, pytest.raises(LedgerError):
        archive.list_runs()


@pytest.mark.parametrize("below", ["file", "file/deeper"])
def test_a_directory_that_is_a_file_is_one_of_our_errors(below: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(LedgerError, match="is a file where a directory is needed"):
        open_archive(tmp_path / below)


def test_a_directory_in_the_archives_place_is_one_of_our_errors(tmp_path: Path) -> None:
    (tmp_path / "archive.sqlite").mkdir()
    with pytest.raises(LedgerError, match="is a directory where a file is needed"):
        open_archive(tmp_path)


def test_a_read_only_file_refuses_an_answer(tmp_path: Path) -> None:
    """A file that may only be read refuses an answer with one of our errors."""
    with filled(tmp_path) as archive:
        archive._db.execute("PRAGMA query_only=ON")
        with pytest.raises(LedgerError, match="its rights and the free space"):
            archive.start_run("p", "a", "sync", NOW)


def test_two_readers_at_one_instant_share_no_statement(tmp_path: Path) -> None:
    """A thread that asks what another is about to ask gets its own rows, and leaves the other its own (Python 3.12 and later)."""
    archive = open_archive(tmp_path)
    runs = [archive.start_run("p", account, "sync", NOW) for account in ("a", "b")]
    for run in runs:
        keep(archive, run)

    class AnotherReader:
        """Text that SQLite asks for once the other values of its question are in place: so another thread comes in between."""

        def __conform__(self, _: object) -> str:
            answers = archive.iter_answers(run=runs[1].id, operation="get_it")
            assert [entry.run for entry in answers] == [runs[1].id]
            return "get_it"

    operation: Any = AnotherReader()
    assert [entry.run for entry in archive.iter_answers(run=runs[0].id, operation=operation)] == [runs[0].id]
    archive.close()
