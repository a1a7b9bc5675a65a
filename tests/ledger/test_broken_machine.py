"""Files in the wrong place, pages that are none, archives of a newer billfold: told, and left as they are."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from billfold.ledger.archive import Archive
from tests.cli.terminal import Terminal
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
    assert run(tmp_path, *command, ledger=place) == (2, sentence)


def test_a_directory_that_may_not_be_made_is_told(tmp_path: Path) -> None:
    saved(tmp_path, "a", 1)
    tmp_path.chmod(0o555)
    code, output = run(tmp_path, "import", "cockroach", "a.json", rights="none")
    tmp_path.chmod(0o755)
    assert (code, "check the path, its rights" in output) == (2, True), output


OBSTACLES = (
    "catalog.sqlite",
    "catalog.lock",
    "readers.lock",
    "locks/writers.lock",
    "charges",
    "locks",
    "archive.sqlite",
)
"""Names in a ledger's directory that have something else than what belongs there."""


@pytest.mark.parametrize("command", ["import", "merge", "sync"])
@pytest.mark.parametrize("name", OBSTACLES)
def test_what_is_in_the_way_is_told_before_anything_is_kept(name: str, command: str, tmp_path: Path) -> None:
    """A directory for a file, or a file for a directory: a sentence names it, and nothing is put into the archive."""
    ask(tmp_path, "import", "cockroach", saved(tmp_path, "a", 1))
    shutil.copytree(tmp_path / "ledger", tmp_path / "other")
    ask(tmp_path, "import", "cockroach", saved(tmp_path, "b", 1), ledger="other")
    path = tmp_path / "ledger" / name
    if path.is_dir():
        shutil.rmtree(path)
        path.write_text("mine")
    else:
        path.unlink(missing_ok=True)
        path.mkdir()
    before = read_answers(tmp_path)
    arguments = {"import": ["cockroach", "b.json"], "merge": [str(tmp_path / "other")]}.get(command, [])
    code, output = ask(tmp_path, command, *arguments)
    assert (code, str(path) in output) == (2, True), output
    assert any(cure in output for cure in ("move it away", "remove it by hand")), output
    assert read_answers(tmp_path) == before


def ask(home: Path, *arguments: str | Path, ledger: str = "ledger") -> tuple[int, str]:
    """Run a command in this process, with an account of a server that is not there; returns its code and what it said."""
    terminal = Terminal(home)
    terminal.account(base_url="http://127.0.0.1:9", name="cockroach")
    result = terminal.run("--ledger", home / ledger, *arguments, COCKROACH_API_KEY="key")
    assert "did not foresee" not in result.all, result
    return result.code, result.all


def read_answers(home: Path) -> list[str]:
    """Return the hashes of the entries of a ledger's archive; none where there is no file."""
    path = home / "ledger" / "archive.sqlite"
    if not path.is_file():
        return []
    with Archive(path) as archive:
        return [entry.hash for entry in archive.iter_entries()]


@pytest.mark.parametrize("obstacle", ["empty-catalog", "part-a-folder"])
def test_a_ledger_that_is_none_is_computed_anew(obstacle: str, tmp_path: Path) -> None:
    ask(tmp_path, "import", "cockroach", saved(tmp_path, "a", 1))
    digest = ask(tmp_path, "hash")[1]
    if obstacle == "empty-catalog":
        (tmp_path / "ledger" / "catalog.sqlite").write_bytes(b"")
    else:
        [part] = (tmp_path / "ledger" / "charges").iterdir()
        part.unlink()
        part.mkdir()
    assert ask(tmp_path, "verify")[0] == (obstacle != "empty-catalog")
    code, output = ask(tmp_path, "hash")
    assert (code, digest in output) == (0, True), output


@pytest.mark.parametrize("command", ["import", "merge", "sync"])
def test_another_archive_beside_a_ledger_is_told_first(command: str, tmp_path: Path) -> None:
    """Beside a ledger that was computed from another archive nothing is collected, imported or merged."""
    ask(tmp_path, "import", "cockroach", saved(tmp_path, "a", 1))
    for name in ("other", "third"):
        ask(tmp_path, "import", "cockroach", saved(tmp_path, name, 1), ledger=name)
    shutil.rmtree(tmp_path / "ledger" / "locks")
    for path in (tmp_path / "ledger").glob("archive.sqlite*"):
        path.unlink()
    shutil.copy(tmp_path / "other" / "archive.sqlite", tmp_path / "ledger")
    before = read_answers(tmp_path)
    arguments = {"import": ["cockroach", "a.json"], "merge": [str(tmp_path / "third")]}.get(command, [])
    code, output = ask(tmp_path, command, *arguments)
    assert (code, "was computed from another archive" in output, "put that archive back" in output) == (2, True, True)
    assert read_answers(tmp_path) == before
    assert ask(tmp_path, "verify")[0] == 1


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
            assert code == 0 or "archive" in output or "may be a duplicate" in output, (page, command, code, output)
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
