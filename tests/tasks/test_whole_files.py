"""Files come whole and all of them, or what was there stays as it was."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from billfold.model.errors import InvalidArgument
from billfold.tasks.whole_files import write_whole_files

OWN = b"; written by billfold; once\n"


def test_files_are_written_with_their_folders(tmp_path: Path) -> None:
    contents = {tmp_path / "a" / "one.txt": b"1", tmp_path / "two.txt": b"2"}
    write_whole_files(contents)
    assert {path: path.read_bytes() for path in contents} == contents
    assert len(list(tmp_path.rglob("*.*"))) == 2


def test_where_one_cannot_be_written_nothing_is(tmp_path: Path) -> None:
    """What was there is as it was, no draft is left, and the sentence names the file."""
    (tmp_path / "kept.txt").write_bytes(OWN)
    (tmp_path / "blocked").write_bytes(b"")
    with pytest.raises(InvalidArgument, match=r"blocked.* cannot be written"):
        write_whole_files({tmp_path / "kept.txt": b"new", tmp_path / "blocked" / "x.txt": b"1"})
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"kept.txt": OWN, "blocked": b""}


def test_only_what_is_ours_is_replaced(tmp_path: Path) -> None:
    """Where one file is anybody else's, none is written."""
    (tmp_path / "ours.txt").write_bytes(OWN)
    (tmp_path / "theirs.txt").write_bytes(b"[default]")
    contents = {tmp_path / "ours.txt": b"new", tmp_path / "theirs.txt": b"new"}
    with pytest.raises(InvalidArgument, match=r"theirs.txt is there, and not written by billfold: remove it"):
        write_whole_files(contents)
    assert (tmp_path / "ours.txt").read_bytes() == OWN
    (tmp_path / "theirs.txt").unlink()
    write_whole_files(contents)
    assert (tmp_path / "ours.txt").read_bytes() == b"new"


def test_a_full_disk_names_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the system does not say is said: which file it was, and what to do."""

    def write_bytes(self: Path, content: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", write_bytes)
    with pytest.raises(InvalidArgument, match=r"a.txt cannot be written: No space left on device; check .* free space"):
        write_whole_files({tmp_path / "a.txt": b"1"})
