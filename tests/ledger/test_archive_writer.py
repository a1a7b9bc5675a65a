"""Answers reach the archive in the order they came, and none after one that could not be kept."""

from __future__ import annotations

from pathlib import Path
from threading import Event

import pytest

from billfold.ledger.archive import Archive
from billfold.ledger.archive_writer import MAX_QUEUED_RESPONSES, ArchiveWriter
from billfold.ledger.entries import ArchivedResponse, Run
from billfold.model.errors import ApiError, LedgerError
from tests.ledger.kit import NOW


class Disk(Archive):
    """An archive that writes when it is told to, and notes how much it was given at once."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.ready, self.called, self.batch_sizes = Event(), Event(), list[int]()
        self.fails_at = 0

    def add_responses(self, run: Run, *answers: ArchivedResponse) -> int:
        self.batch_sizes.append(len(answers))
        self.called.set()
        self.ready.wait(30)
        if len(self.batch_sizes) == self.fails_at:
            raise LedgerError("the disk is full")
        return super().add_responses(run, *answers)


def make_response(number: int) -> ArchivedResponse:
    return ArchivedResponse("get_it", "{}", 200, {}, str(number).encode(), NOW)


def list_bodies(disk: Archive) -> list[bytes]:
    return [disk.read_body(entry.body) for entry in disk.iter_answers()]


def test_answers_that_wait_are_written_together_in_order(tmp_path: Path) -> None:
    """Answers that come while the disk is busy are written together and in order."""
    with Disk(tmp_path / "archive.sqlite") as disk:
        with ArchiveWriter(disk, disk.start_run("p", "a", "sync", NOW)) as writer:
            writer.add_response(make_response(0))
            disk.called.wait(30)
            for number in range(1, MAX_QUEUED_RESPONSES):
                writer.add_response(make_response(number))
            disk.ready.set()
        assert list_bodies(disk) == [str(number).encode() for number in range(MAX_QUEUED_RESPONSES)]
        assert disk.batch_sizes == [1, MAX_QUEUED_RESPONSES - 1]


def test_so_many_answers_wait_for_the_disk_and_no_more(tmp_path: Path) -> None:
    with (
        Disk(tmp_path / "archive.sqlite") as disk,
        ArchiveWriter(disk, disk.start_run("p", "a", "sync", NOW)) as writer,
    ):
        disk.ready.set()
        for number in range(5 * MAX_QUEUED_RESPONSES + 3):
            writer.add_response(make_response(number))
            if number % MAX_QUEUED_RESPONSES == 0 and number:
                assert len(list_bodies(disk)) >= number


def test_one_answer_too_many_waits_for_those_before(tmp_path: Path) -> None:
    """The answer that is one too many waits for those before it."""
    with Disk(tmp_path / "archive.sqlite") as disk:
        writer = ArchiveWriter(disk, disk.start_run("p", "a", "sync", NOW))
        disk.fails_at = 1
        for number in range(MAX_QUEUED_RESPONSES):
            writer.add_response(make_response(number))
        disk.ready.set()
        with pytest.raises(LedgerError, match="disk is full"):
            writer.add_response(make_response(MAX_QUEUED_RESPONSES))
        with pytest.raises(LedgerError, match="disk is full"):
            writer.__exit__(None, None, None)


def failing(disk: Disk, at: int) -> None:
    """Keep two answers one by one, the first or the second of which is too much, then be refused by the vendor."""
    disk.fails_at = at
    disk.ready.set()
    with ArchiveWriter(disk, disk.start_run("p", "a", "sync", NOW)) as writer:
        writer.add_response(make_response(0))
        if at == 2:
            writer.flush()
        writer.add_response(make_response(1))
        writer.add_response(make_response(2))
        raise ApiError("refused")


@pytest.mark.parametrize(("at", "before"), [(1, []), (2, [b"0"])])
def test_after_a_full_disk_nothing_more_is_kept(at: int, before: list[bytes], tmp_path: Path) -> None:
    """A full disk is told, and nothing is kept after what was lost."""
    with Disk(tmp_path / "archive.sqlite") as disk:
        with pytest.raises(LedgerError, match="disk is full"):
            failing(disk, at)
        assert list_bodies(disk) == before
