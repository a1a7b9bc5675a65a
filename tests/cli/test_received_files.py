"""Files from a server are written where they were asked for, and nowhere else."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from billfold.cli.received_files import ReceivedFiles
from billfold.model.errors import ConfigurationError, ServerFault

CONTENT = base64.b64encode(b"content").decode()


def test_pieces_of_a_file_are_put_together(tmp_path: Path) -> None:
    """A first piece replaces a file, the others are added; a file beside the asked one may bear its name."""
    files = ReceivedFiles(["2026-10", "-o", str(tmp_path / "new" / "a.csv"), f"--output={tmp_path / 'b.csv'}"])
    (tmp_path / "b.csv").write_text("older")
    for number in (0, 1):
        files.add_piece(str(tmp_path / "new" / "EXTF_a_1.csv"), number, CONTENT)
    files.add_piece(str(tmp_path / "b.csv"), 0, CONTENT)
    assert (tmp_path / "new" / "EXTF_a_1.csv").read_bytes() == b"contentcontent"
    assert (tmp_path / "b.csv").read_bytes() == b"content"


@pytest.mark.parametrize("name", ["../evil", "/tmp/evil", "out/../evil", "out/a/../../evil", ".profile", "evil"])
def test_a_file_that_was_not_asked_for_is_refused(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server cannot choose where to write."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ServerFault, match="was not asked for"):
        ReceivedFiles(["2026-10", "out", "-o", "out.pdf", "--provider", ""]).add_piece(name, 0, CONTENT)
    assert not list(tmp_path.iterdir())


def test_a_full_directory_stays_as_it_is(tmp_path: Path) -> None:
    """Files are written into a directory that is new or empty, below it too."""
    (tmp_path / "empty").mkdir()
    files = ReceivedFiles([str(tmp_path / "empty")])
    files.add_piece(str(tmp_path / "empty" / "deep" / "a"), 0, CONTENT)
    files.add_piece(str(tmp_path / "empty" / "b"), 0, CONTENT)
    with pytest.raises(ConfigurationError, match="is not empty"):
        ReceivedFiles([str(tmp_path / "empty")]).add_piece(str(tmp_path / "empty" / "b"), 0, CONTENT)
