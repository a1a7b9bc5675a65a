"""Files come whole and all of them, or what was there stays as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from billfold.model.errors import InvalidArgument
from billfold.tasks.whole_files import write_whole_files


def test_files_are_written_with_their_folders(tmp_path: Path) -> None:
    contents = {tmp_path / "a" / "one.txt": b"1", tmp_path / "two.txt": b"2"}
    write_whole_files(contents)
    assert {path: path.read_bytes() for path in contents} == contents
    assert len(list(tmp_path.rglob("*.*"))) == 2


def test_where_one_cannot_be_written_nothing_is(tmp_path: Path) -> None:
    """What was there is as it was, no draft is left, and the sentence names the file."""
    (tmp_path / "kept.txt").write_bytes(b"old")
    (tmp_path / "blocked").write_bytes(b"")
    with pytest.raises(InvalidArgument, match=r"blocked.* cannot be written"):
        write_whole_files({tmp_path / "kept.txt": b"new", tmp_path / "blocked" / "x.txt": b"1"})
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"kept.txt": b"old", "blocked": b""}
