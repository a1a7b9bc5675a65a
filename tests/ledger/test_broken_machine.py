"""Files in the wrong place, pages that are none, archives of a newer billfold: told, and left as they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from billfold.ledger.archive import Archive
from tests.ledger.archives import tamper
from tests.ledger.machine import run, saved


@pytest.mark.parametrize(
    ("place", "command"),
    [
        ("a.json", ["hash"]),
        ("a.json", ["import", "cockroach", "a.json"]),
        ("a.json/b", ["import", "cockroach", "a.json"]),
    ],
    ids=str,
)
def test_a_file_in_the_directorys_place_is_told(place: str, command: list[str], tmp_path: Path) -> None:
    """A file where the ledger's directory should be is told as that."""
    file = tmp_path / saved(tmp_path, "a", 1)
    sentence = f"billfold: {file} is a file where a directory is needed; name another place with --ledger\n"
    assert run(tmp_path, "--ledger", str(tmp_path / place), *command) == (2, sentence)


def test_a_directory_that_may_not_be_made_is_told(tmp_path: Path) -> None:
    saved(tmp_path, "a", 1)
    tmp_path.chmod(0o555)
    code, output = run(tmp_path, "import", "cockroach", "a.json", rights="none")
    tmp_path.chmod(0o755)
    assert (code, "check the path, its rights" in output) == (2, True), output


def test_a_page_that_is_none_is_told_by_every_command(tmp_path: Path) -> None:
    """An archive with a page that is no page is told by every command."""
    assert run(tmp_path, "import", "cockroach", saved(tmp_path, "a", 2))[0] == 0
    path = tmp_path / "ledger" / "archive.sqlite"
    with Archive(path) as archive:
        archive.checkpoint_wal()
    whole = path.read_bytes()
    size = int.from_bytes(whole[16:18], "big")
    for page in range(1, len(whole) // size):
        path.write_bytes(whole[: page * size] + b"\xff" * size + whole[(page + 1) * size :])
        for command in ("hash", "invoices", "verify"):
            code, output = run(tmp_path, command)
            assert code == 0 or "archive" in output, (page, command, code, output)
    path.write_bytes(whole)
    assert run(tmp_path, "verify")[0] == 0


def test_an_archive_of_a_newer_billfold_is_told_and_left_alone(tmp_path: Path) -> None:
    run(tmp_path, "import", "cockroach", saved(tmp_path, "a", 1))
    tamper(tmp_path / "ledger", "PRAGMA user_version=99")
    before = (tmp_path / "ledger" / "archive.sqlite").read_bytes()
    for command in (["hash"], ["rebuild"], ["import", "cockroach", "a.json"]):
        code, output = run(tmp_path, *command)
        assert (code, "has format 99, this billfold knows 2; update billfold" in output) == (2, True), output
    assert (tmp_path / "ledger" / "archive.sqlite").read_bytes() == before
