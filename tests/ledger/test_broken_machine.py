"""Full disks, directories without rights, newer formats, jumping clocks, two writers, lost ends: told, and nothing lost."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billfold.collect.workspace import Workspace
from billfold.ledger.archive import Archive
from billfold.ledger.digest import compute_digest
from billfold.ledger.merge import merge_archives
from billfold.ledger.verify import find_problems
from billfold.model.errors import LedgerError
from tests.ledger.kit import NOW, collected, invoice, invoices
from tests.ledger.test_archive import archive, filled, keep, tamper

MACHINE = """
import ctypes, resource, signal, sys
from pathlib import Path
limit, rights = int(sys.argv.pop(1)), sys.argv.pop(1)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
if limit:  # no file can grow beyond: what a full disk says, a file too large says as well
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
if rights == "none" and not __import__("os").geteuid():  # root obeys modes where it has no capability
    assert ctypes.CDLL(None).capset((ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()) == 0
from billfold.cli.main import main
main()
"""


def run(home: Path, *arguments: str, limit: int = 0, rights: str = "all") -> tuple[int, str]:
    """Run a command on a machine whose files cannot grow beyond a limit, or who may only what the modes allow."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("BILLFOLD", "XDG_"))}
    env = {**kept, "HOME": str(home), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    line = [sys.executable, "-c", MACHINE, str(limit), rights, "--ledger", str(home / "ledger"), *arguments]
    done = subprocess.run(line, check=False, capture_output=True, cwd=home, env=env, timeout=120)
    said = (done.stdout + done.stderr).decode()
    assert "Traceback" not in said, said
    assert "did not foresee" not in said, said
    return done.returncode, said


def saved(home: Path, name: str, count: int, words: int = 0) -> str:
    """Save an answer of so many invoices, padded with words that cannot be packed."""
    pad = os.urandom(words).hex()
    said = [invoice(f"{name}{number}", padding=f'"{pad}"') for number in range(count)]
    (home / f"{name}.json").write_bytes(invoices(*said))
    return f"{name}.json"


@pytest.mark.parametrize("limit", [512, 30_000, 70_000, 200_000])
def test_a_disk_that_fills_up_is_told_and_what_is_missing_can_be_brought_when_there_is_room(
    limit: int, tmp_path: Path
) -> None:
    first, second = saved(tmp_path, "a", 2), saved(tmp_path, "b", 3, 20_000)
    assert run(tmp_path, "import", "cockroach", first)[0] == 0
    before = run(tmp_path, "hash")
    code, said = run(tmp_path, "import", "cockroach", second, limit=limit)
    assert (code, "the free space" in said) in {(2, True), (0, False)}, said
    assert run(tmp_path, "verify")[0] == 0
    if code:
        assert run(tmp_path, "hash") == before
        assert run(tmp_path, "import", "cockroach", second)[0] == 0
    after = run(tmp_path, "hash")
    shutil.rmtree(tmp_path / "ledger")
    assert run(tmp_path, "import", "cockroach", first)[0] == run(tmp_path, "import", "cockroach", second)[0] == 0
    assert run(tmp_path, "hash") == after != before
    assert run(tmp_path, "verify")[0] == 0


def test_a_disk_that_is_full_for_the_archive_refuses_the_answer_and_keeps_the_others(tmp_path: Path) -> None:
    with archive(tmp_path) as kept:
        run = kept.start_run("p", "a", "sync", NOW)
        keep(kept, run, b"before")
        pages = kept._db.execute("PRAGMA page_count").fetchone()[0]
        kept._db.execute(f"PRAGMA max_page_count={pages}")
        with pytest.raises(
            LedgerError, match="database or disk is full; check the path, its rights and the free space"
        ):
            keep(kept, run, os.urandom(100_000))
        assert [kept.read_body(entry.body) for entry in kept.iter_answers()] == [b"before"]
        kept._db.execute("PRAGMA max_page_count=100000")
        keep(kept, run, b"after")
        kept.end_run(run, "complete", NOW)
        assert [kept.read_body(entry.body) for entry in kept.iter_answers()] == [b"before", b"after"]
        assert list(find_problems(kept)) == []


@pytest.mark.parametrize("last", [0, 1, 2])
def test_a_collection_whose_answer_cannot_be_kept_fails_and_goes_on_when_it_can(
    last: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    books, never = Workspace(tmp_path / "one"), Workspace(tmp_path / "other")
    kept, add = list[int](), Archive.add_responses

    def full(self: Archive, *said: Any) -> int:
        if len(kept) == last:
            raise LedgerError("the archive cannot be used: the disk is full")
        kept.append(add(self, *said))
        return kept[-1]

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


READABLE = 0o444, 0o644


@contextmanager
def read_only(directory: Path, files: int) -> Iterator[None]:
    """Let a directory only be read; afterwards it is as it was."""
    before = {path.name: path.read_bytes() for path in directory.iterdir() if path.is_file()}
    for path in directory.iterdir():
        path.chmod(files if path.is_file() else 0o555)
    directory.chmod(0o555)
    yield
    directory.chmod(0o755)
    assert {path.name: path.read_bytes() for path in directory.iterdir() if path.is_file()} == before


@pytest.mark.parametrize("files", READABLE, ids=["files-too", "directory-only"])
@pytest.mark.parametrize(
    "command", [["import", "cockroach", "a.json"], ["rebuild"], ["redact"], ["sync"], ["merge", "other"]], ids=str
)
def test_a_directory_that_may_only_be_read_is_told_and_left_as_it_is(
    command: list[str], files: int, tmp_path: Path
) -> None:
    assert run(tmp_path, "import", "cockroach", saved(tmp_path, "a", 1))[0] == 0
    (tmp_path / "key").write_text("k")
    text = f'[[accounts]]\nname = "cockroach"\nprovider = "cockroach"\napi_key = "file:{tmp_path}/key"\n'
    (tmp_path / "billfold.toml").write_text(text + 'base_url = "http://127.0.0.1:9"\n')
    shutil.copytree(tmp_path / "ledger", tmp_path / "other")
    with read_only(tmp_path / "ledger", files):
        code, said = run(tmp_path, *command, rights="none")
    assert (code, "check the path" in said) == (2, True) or (command, code) == (["redact"], 0), said


def test_an_archive_alone_that_may_only_be_read_is_told_in_one_sentence(tmp_path: Path) -> None:
    assert run(tmp_path, "import", "cockroach", saved(tmp_path, "a", 1))[0] == 0
    (tmp_path / "ledger" / "ledger.duckdb").unlink()
    with read_only(tmp_path / "ledger", READABLE[0]):
        code, said = run(tmp_path, "invoices", rights="none")
    assert (code, "ledger.duckdb included" in said, len(said.splitlines())) == (2, True, 1), said


@pytest.mark.parametrize("files", READABLE, ids=["files-too", "directory-only"])
def test_a_ledger_that_may_only_be_read_can_be_read(files: int, tmp_path: Path) -> None:
    assert run(tmp_path, "import", "cockroach", saved(tmp_path, "a", 2))[0] == 0
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


def test_a_ledger_that_may_only_be_read_and_is_not_up_to_its_archive_is_told(tmp_path: Path) -> None:
    assert run(tmp_path, "import", "cockroach", saved(tmp_path, "a", 1))[0] == 0
    shutil.copy(tmp_path / "ledger" / "ledger.duckdb", tmp_path / "old")
    assert run(tmp_path, "import", "cockroach", saved(tmp_path, "b", 1))[0] == 0
    for ledger in (tmp_path / "old", None):
        (tmp_path / "ledger" / "ledger.duckdb").unlink()
        if ledger:
            shutil.copy(ledger, tmp_path / "ledger" / "ledger.duckdb")
        with read_only(tmp_path / "ledger", 0o444):
            code, said = run(tmp_path, "invoices", rights="none")
            assert (code, "may only be read, and its ledger must be computed" in said) == (2, True), said
            assert run(tmp_path, "verify", rights="none")[0] == 0


def test_an_archive_that_may_only_be_read_is_read_with_what_lies_beside_it_or_not_at_all(tmp_path: Path) -> None:
    books = Workspace(tmp_path / "first")
    assert collected(books, invoices(invoice())).error is None
    assert (tmp_path / "first" / "archive.sqlite-wal").stat().st_size
    count = books.archive.read_last_seq()
    shutil.copytree(tmp_path / "first", tmp_path / "ledger")
    books.close()
    with read_only(tmp_path / "ledger", 0o444):
        code, said = run(tmp_path, "verify", rights="none")
        assert (code, said.partition(" ")[0]) == (0, str(count)), said
    (tmp_path / "ledger" / "archive.sqlite-shm").unlink()
    with read_only(tmp_path / "ledger", 0o444):
        code, said = run(tmp_path, "verify", rights="none")
        assert (code, "check the path, its rights" in said) == (2, True), said


def test_a_ledger_that_the_disk_has_no_room_for_is_told_once_and_not_as_a_stale_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(path: Path) -> duckdb.DuckDBPyConnection:
        raise duckdb.IOException(f'Could not write file "{path}": No space left on device')

    monkeypatch.setattr("billfold.ledger.store._attach_file", full)
    books = Workspace(tmp_path)
    with pytest.raises(LedgerError, match=r"cannot be written: .* the free space, then ask again"), books.open_ledger():
        pass
    books.close()
    assert not caplog.records


@pytest.mark.parametrize(
    ("place", "command"),
    [
        ("a.json", ["hash"]),
        ("a.json", ["import", "cockroach", "a.json"]),
        ("a.json/b", ["import", "cockroach", "a.json"]),
    ],
    ids=str,
)
def test_a_file_where_the_ledgers_directory_should_be_is_told_as_that(
    place: str, command: list[str], tmp_path: Path
) -> None:
    file = tmp_path / saved(tmp_path, "a", 1)
    words = f"billfold: {file} is a file where a directory is needed; name another place with --ledger\n"
    assert run(tmp_path, "--ledger", str(tmp_path / place), *command) == (2, words)


def test_a_directory_that_may_not_be_made_is_told(tmp_path: Path) -> None:
    saved(tmp_path, "a", 1)
    tmp_path.chmod(0o555)
    code, said = run(tmp_path, "import", "cockroach", "a.json", rights="none")
    tmp_path.chmod(0o755)
    assert (code, "check the path, its rights" in said) == (2, True), said


def test_an_archive_with_a_page_that_is_no_page_is_told_by_every_command(tmp_path: Path) -> None:
    assert run(tmp_path, "import", "cockroach", saved(tmp_path, "a", 2))[0] == 0
    path = tmp_path / "ledger" / "archive.sqlite"
    with Archive(path) as kept:
        kept.checkpoint_wal()
    whole = path.read_bytes()
    size = int.from_bytes(whole[16:18], "big")
    for page in range(1, len(whole) // size):
        path.write_bytes(whole[: page * size] + b"\xff" * size + whole[(page + 1) * size :])
        for command in ("hash", "invoices", "verify"):
            code, said = run(tmp_path, command)
            assert code == 0 or "archive" in said, (page, command, code, said)
    path.write_bytes(whole)
    assert run(tmp_path, "verify")[0] == 0


def test_a_rebuild_that_cannot_book_what_is_damaged_says_so_and_does_not_end_well(tmp_path: Path) -> None:
    run(tmp_path, "import", "cockroach", saved(tmp_path, "a", 1))
    assert run(tmp_path, "rebuild")[0] == 0
    tamper(tmp_path / "ledger", "UPDATE bodies SET packed=x'00' WHERE size > 0")
    code, said = run(tmp_path, "rebuild")
    assert (code, "could not be booked" in said, "put a backup in its place" in said) == (1, True, True), said


def test_an_archive_of_a_newer_billfold_is_told_and_left_alone(tmp_path: Path) -> None:
    run(tmp_path, "import", "cockroach", saved(tmp_path, "a", 1))
    tamper(tmp_path / "ledger", "PRAGMA user_version=99")
    before = (tmp_path / "ledger" / "archive.sqlite").read_bytes()
    for command in (["hash"], ["rebuild"], ["import", "cockroach", "a.json"]):
        code, said = run(tmp_path, *command)
        assert (code, "has format 99, this billfold knows 1; update billfold" in said) == (2, True), said
    assert (tmp_path / "ledger" / "archive.sqlite").read_bytes() == before


def test_a_ledger_of_a_newer_billfold_is_computed_anew_and_that_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    books = Workspace(tmp_path)
    collected(books, invoices(invoice()))
    with books.open_ledger() as db:
        before = compute_digest(db)
    with duckdb.connect(str(books.ledger_path)) as db:
        db.execute("UPDATE meta SET value='99 of a later time' WHERE key='format'")
    with books.open_ledger() as db:
        assert compute_digest(db) == before
    assert "is of another format; computing the ledger anew from the archive" in caplog.text
    books.close()


DAYS = st.lists(st.integers(0, 9), min_size=1, max_size=9)


@given(before=DAYS, after=DAYS, asked=st.integers(0, 9))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_was_known_at_a_past_time_does_not_change_whatever_the_clock_does_later(
    before: list[int], after: list[int], asked: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with archive(tmp_path_factory.mktemp("clock")) as kept:
        run = kept.start_run("p", "a", "sync", NOW)
        for day in before:
            keep(kept, run, received_at=NOW + timedelta(days=day))
        when = NOW + timedelta(days=asked)
        known = kept.find_seq_at(when)
        past = any(day > asked for day in before)
        for day in after:
            keep(kept, run, received_at=NOW + timedelta(days=day))
        assert kept.find_seq_at(when) == known if past else kept.find_seq_at(when) >= known
        assert all(entry.fetch_time <= when for entry in kept.iter_entries() if entry.seq <= kept.find_seq_at(when))


def test_a_clock_that_jumps_back_leaves_the_chain_sound_and_the_bills_in_their_order(tmp_path: Path) -> None:
    books = Workspace(tmp_path)
    for days, total in ((0, "1"), (10, "2"), (5, "3")):
        assert collected(books, invoices(invoice(total=total, lines=[total])), days=days).error is None
    assert list(find_problems(books.archive, books.ledger_path)) == []

    def known(days: int) -> list[str]:
        seq = books.archive.find_seq_at(NOW + timedelta(days=days))
        query = "SELECT total FROM bills WHERE from_seq <= ? AND (until_seq IS NULL OR until_seq > ?)"
        with books.open_ledger() as db:
            return [row[0] for row in db.execute(query, [seq, seq]).fetchall()]

    assert [known(days) for days in (0, 5, 9, 10, 11)] == [["1"], ["1"], ["1"], ["3"], ["3"]]
    books.close()


def test_archives_whose_clocks_jumped_back_are_merged_in_their_own_order(tmp_path: Path) -> None:
    for name, days in (("here", (0, 9, 1, 2)), ("there", (5, 4, 3, 6))):
        with Archive(tmp_path / name) as kept:
            run = kept.start_run("p", name, "sync", NOW + timedelta(days=days[0]))
            for number, day in enumerate(days):
                keep(kept, run, f"{name}{number}".encode(), received_at=NOW + timedelta(days=day))
            kept.end_run(run, "complete", NOW + timedelta(days=days[-1]))
    with Archive(tmp_path / "here") as here, Archive(tmp_path / "there") as there:
        merge_archives(here, there, tmp_path / "both")
    with Archive(tmp_path / "both") as both:
        assert list(find_problems(both)) == []
        for name in ("here", "there"):
            mine = [both.read_body(entry.body) for entry in both.iter_answers() if entry.account == name]
            assert mine == [f"{name}{number}".encode() for number in range(4)]


def test_an_archive_that_another_process_writes_is_told(tmp_path: Path) -> None:
    with archive(tmp_path) as kept, archive(tmp_path) as other:
        kept._db.execute("PRAGMA busy_timeout=0")
        other._db.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerError, match="is being written by another process; try again in a moment"):
            kept.start_run("p", "a", "sync", NOW)
        other._db.execute("ROLLBACK")
        assert kept.start_run("p", "a", "sync", NOW).id == 1
        assert list(find_problems(kept)) == []


def test_a_run_that_another_process_ended_takes_no_more(tmp_path: Path) -> None:
    with archive(tmp_path) as kept, archive(tmp_path) as other:
        run = kept.start_run("p", "a", "import", NOW)
        assert other.start_run("p", "a", "import", NOW) == run
        keep(kept, run, b"mine")
        keep(other, run, b"theirs")
        kept.end_run(run, "imported", NOW)
        for late in (lambda: keep(other, run, b"late"), lambda: other.end_run(run, "imported", NOW)):
            with pytest.raises(LedgerError, match="run 1 of 'a' was ended by another process"):
                late()
        assert [kept.read_body(entry.body) for entry in kept.iter_answers()] == [b"mine", b"theirs"]
        assert list(find_problems(kept)) == []


def test_two_processes_that_import_at_once_leave_a_sound_archive(tmp_path: Path) -> None:
    names = [saved(tmp_path, name, 3) for name in "ab"]
    line = [sys.executable, "-m", "billfold", "--ledger", str(tmp_path / "ledger"), "import", "cockroach"]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "HOME": str(tmp_path)}
    both = [
        subprocess.Popen([*line, name, "--account", name], cwd=tmp_path, env=env, stdout=subprocess.DEVNULL)
        for name in names
    ]
    assert [one.wait(timeout=120) for one in both] == [0, 0]
    books = Workspace(tmp_path / "ledger")
    with books.open_ledger() as db:
        assert db.execute("SELECT count(*) FROM bills WHERE until_seq IS NULL").fetchall() == [(6,)]
    assert list(find_problems(books.archive, books.ledger_path)) == []
    books.close()


def cut(directory: Path, last: int) -> None:
    """Cut everything after an entry off, so that what is left is a sound chain."""
    tamper(
        directory,
        f"DELETE FROM entries WHERE seq > {last}",
        "DELETE FROM bodies WHERE hash NOT IN (SELECT body FROM entries)",
    )


@pytest.mark.parametrize("last", [0, 1, 3, 5])
def test_a_missing_end_of_the_chain_is_told_by_the_ledger(last: int, tmp_path: Path) -> None:
    books = Workspace(tmp_path)
    for days in (0, 1):
        collected(books, invoices(invoice()), days=days)
    booked = books.archive.read_last_seq()
    assert list(find_problems(books.archive, books.ledger_path)) == []
    books.close()
    cut(tmp_path, last)
    books = Workspace(tmp_path)
    found = list(find_problems(books.archive, books.ledger_path))
    words = f"the archive's end is missing: it has {last} entries, and entry {booked} was booked in the ledger"
    assert any(words in problem for problem in found), found
    books.close()


def test_a_missing_end_is_told_by_the_command_with_exit_code_1(tmp_path: Path) -> None:
    run(tmp_path, "import", "cockroach", saved(tmp_path, "a", 1))
    assert run(tmp_path, "verify")[0] == 0
    cut(tmp_path / "ledger", 1)
    code, said = run(tmp_path, "verify")
    assert (code, "the archive's end is missing" in said) == (1, True), said


@pytest.mark.parametrize("ledger", ["missing", "empty", "garbage", "other", "directory", "locked"])
def test_a_ledger_that_cannot_tell_is_no_problem_of_the_archive(ledger: str, tmp_path: Path) -> None:
    path = tmp_path / "ledger.duckdb"
    match ledger:
        case "empty":
            path.touch()
        case "garbage":
            path.write_bytes(b"garbage" * 999)
        case "other":
            duckdb.connect(str(path)).execute("CREATE TABLE other (a INT)").close()
        case "directory":
            path.mkdir()
    with filled(tmp_path) as kept:
        if ledger == "locked":
            with duckdb.connect(str(path)):
                assert list(find_problems(kept, path)) == []
        assert list(find_problems(kept, path)) == []


def test_what_was_never_booked_can_be_cut_unseen_where_nothing_else_notes_it(tmp_path: Path) -> None:
    filled(tmp_path).close()
    cut(tmp_path, 3)
    with archive(tmp_path) as kept:
        assert list(find_problems(kept, tmp_path / "ledger.duckdb")) == []
