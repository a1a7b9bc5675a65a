"""A disk that is full is told, and what could not be written can be brought when there is room."""

from __future__ import annotations

import os
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from billfold.collect.workspace import Workspace
from billfold.ledger.archive import Archive
from billfold.ledger.digest import compute_digest
from billfold.ledger.verify import find_damage
from billfold.model.errors import LedgerError
from tests.ledger.archives import keep, open_archive
from tests.ledger.kit import NOW, collected, invoice, invoices
from tests.ledger.machine import run, saved


@pytest.mark.parametrize("limit", [512, 30_000, 70_000, 200_000])
def test_a_disk_that_fills_up_is_told_and_made_good_later(limit: int, tmp_path: Path) -> None:
    """A disk that fills up is told, and what is missing can be brought when there is room."""
    first, second = saved(tmp_path, "a", 2), saved(tmp_path, "b", 3, 20_000)
    assert run(tmp_path, "import", "cockroach", first)[0] == 0
    before = run(tmp_path, "hash")
    code, output = run(tmp_path, "import", "cockroach", second, limit=limit)
    assert (code, "the free space" in output) in {(2, True), (0, False)}, output
    assert run(tmp_path, "verify")[0] == 0
    if code:
        assert run(tmp_path, "hash") == before
        assert run(tmp_path, "import", "cockroach", second)[0] == 0
    after = run(tmp_path, "hash")
    shutil.rmtree(tmp_path / "ledger")
    assert run(tmp_path, "import", "cockroach", first)[0] == run(tmp_path, "import", "cockroach", second)[0] == 0
    assert run(tmp_path, "hash") == after != before
    assert run(tmp_path, "verify")[0] == 0


def test_a_full_disk_refuses_the_answer_and_keeps_others(tmp_path: Path) -> None:
    """A disk that is full for the archive refuses the answer, and keeps the others."""
    with open_archive(tmp_path) as archive:
        run = archive.start_run("p", "a", "sync", NOW)
        keep(archive, run, b"before")
        pages = archive._db.execute("PRAGMA page_count").fetchone()[0]
        archive._db.execute(f"PRAGMA max_page_count={pages}")
        with pytest.raises(
            LedgerError, match="database or disk is full; check the path, its rights and the free space"
        ):
            keep(archive, run, os.urandom(100_000))
        assert [archive.read_body(entry.body) for entry in archive.iter_answers()] == [b"before"]
        archive._db.execute("PRAGMA max_page_count=100000")
        keep(archive, run, b"after")
        archive.end_run(run, "complete", NOW)
        assert [archive.read_body(entry.body) for entry in archive.iter_answers()] == [b"before", b"after"]
        assert list(find_damage(archive)) == []


@pytest.mark.parametrize("last", [0, 1, 2])
def test_a_collection_goes_on_when_there_is_room_again(
    last: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A collection whose answer cannot be kept fails, and goes on when it can."""
    books, never = Workspace(tmp_path / "one"), Workspace(tmp_path / "other")
    seqs, add = list[int](), Archive.add_responses

    def full(self: Archive, *arguments: Any) -> int:
        if len(seqs) == last:
            raise LedgerError("the archive cannot be used: the disk is full")
        seqs.append(add(self, *arguments))
        return seqs[-1]

    monkeypatch.setattr(Archive, "add_responses", full)
    failed = collected(books, invoices(invoice()))
    monkeypatch.undo()
    answers = len(list(books.archive.iter_answers()))
    assert answers == last
    assert (failed.error is None) == (last == collected(never, invoices(invoice())).answers)
    assert collected(books, invoices(invoice())).error is None
    with books.open_ledger() as here, never.open_ledger() as there:
        assert compute_digest(here) == compute_digest(there)
    books.close()
    never.close()


def test_no_room_for_the_ledger_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A ledger that the disk has no room for is told once, and not as a stale one."""

    def full(path: Path) -> sqlite3.Connection:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr("billfold.ledger.catalog_file._connect", full)
    books = Workspace(tmp_path)
    with pytest.raises(LedgerError, match=r"cannot be written: .* the free space, then ask again"), books.open_ledger():
        pass
    books.close()
    assert not caplog.records
