"""What was kept stays as it was: one chain, one writer at a time, whole after any kill."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
import zlib
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billfold.ledger.archive import Archive
from billfold.ledger.entries import GENESIS_HASH
from billfold.ledger.verify import find_damage
from billfold.model.errors import LedgerError
from tests.ledger.archives import filled, keep, open_archive
from tests.ledger.kit import NOW

DAYS = st.lists(st.integers(0, 9), min_size=1, max_size=9)


@given(before=DAYS, after=DAYS, asked_day=st.integers(0, 9))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_was_known_at_a_past_time_never_changes(
    before: list[int], after: list[int], asked_day: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """What was known at a past time does not change, whatever the clock does later."""
    with open_archive(tmp_path_factory.mktemp("clock")) as archive:
        run = archive.start_run("p", "a", "sync", NOW)
        for day in before:
            keep(archive, run, received_at=NOW + timedelta(days=day))
        when = NOW + timedelta(days=asked_day)
        seq_before = archive.find_seq_at(when)
        past = any(day > asked_day for day in before)
        for day in after:
            keep(archive, run, received_at=NOW + timedelta(days=day))
        assert archive.find_seq_at(when) == seq_before if past else archive.find_seq_at(when) >= seq_before
        assert all(
            entry.fetch_time <= when for entry in archive.iter_entries() if entry.seq <= archive.find_seq_at(when)
        )


def test_an_archive_that_another_process_writes_is_told(tmp_path: Path) -> None:
    with open_archive(tmp_path) as archive, open_archive(tmp_path) as other:
        archive._db.execute("PRAGMA busy_timeout=0")
        other._db.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerError, match="is being written by another process; try again in a moment"):
            archive.start_run("p", "a", "sync", NOW)
        other._db.execute("ROLLBACK")
        assert archive.start_run("p", "a", "sync", NOW).id == 1
        assert list(find_damage(archive)) == []


def test_a_run_that_another_process_ended_takes_no_more(tmp_path: Path) -> None:
    with open_archive(tmp_path) as archive, open_archive(tmp_path) as other:
        run = archive.start_run("p", "a", "import", NOW)
        assert other.start_run("p", "a", "import", NOW) == run
        keep(archive, run, b"mine")
        keep(other, run, b"theirs")
        archive.end_run(run, "imported", NOW)
        for late in (lambda: keep(other, run, b"late"), lambda: other.end_run(run, "imported", NOW)):
            with pytest.raises(LedgerError, match="run 1 of 'a' was ended by another process"):
                late()
        assert [archive.read_body(entry.body) for entry in archive.iter_answers()] == [b"mine", b"theirs"]
        assert list(find_damage(archive)) == []


def test_an_answer_comes_back_as_it_was_kept(tmp_path: Path) -> None:
    headers = {"content-type": "text/csv", "authorization": "Bearer x", "set-cookie": "s", "etag": "e"}
    with open_archive(tmp_path) as archive:
        run = archive.start_run("p", "a", "sync", NOW)
        seq = keep(archive, run, b"\x00\xff" * 1000, question='{"a":1}', status=206, headers=headers)
        [entry] = archive.iter_answers(run=run.id)
        assert (entry.seq, entry.question, entry.status, entry.fetch_time) == (seq, '{"a":1}', 206, NOW)
        assert entry.headers == '{"content-type": "text/csv", "etag": "e"}'
        assert archive.read_body(entry.body) == b"\x00\xff" * 1000


@given(bodies=st.lists(st.binary(max_size=200), max_size=6))
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bodies_make_a_sound_chain(bodies: list[bytes], tmp_path_factory: pytest.TempPathFactory) -> None:
    with open_archive(tmp_path_factory.mktemp("any")) as archive:
        run = archive.start_run("p", "a", "sync", NOW)
        for body in bodies:
            keep(archive, run, body)
        assert [archive.read_body(entry.body) for entry in archive.iter_answers()] == bodies
        assert list(find_damage(archive)) == []


def test_equal_bodies_are_stored_once(tmp_path: Path) -> None:
    with open_archive(tmp_path) as archive:
        run = archive.start_run("p", "a", "sync", NOW)
        for _ in range(5):
            keep(archive, run, b"same")
        assert len(list(archive.iter_answers())) == 5
        assert sum(size == 4 for _, size, _, _ in archive.iter_bodies()) == 1


def test_every_entry_holds_the_hash_of_the_one_before(tmp_path: Path) -> None:
    with filled(tmp_path) as archive:
        before, start = GENESIS_HASH, ""
        for number, entry in enumerate(archive.iter_entries(), 1):
            assert (entry.seq, entry.hash) == (number, entry.compute_hash(before, start))
            before, start = entry.hash, start or entry.hash
        assert number == 5


@pytest.mark.parametrize("statement", ["UPDATE entries SET status=500", "DELETE FROM entries WHERE seq=2"])
def test_an_entry_can_be_neither_changed_nor_removed(statement: str, tmp_path: Path) -> None:
    with filled(tmp_path) as archive, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        archive._db.execute(statement)


@pytest.mark.parametrize("packed", [b"", b"\x00", b"garbage", zlib.compress(b"other"), zlib.compress(b'{"n":0}')[:-3]])
def test_a_damaged_body_is_one_of_our_errors(packed: bytes, tmp_path: Path) -> None:
    with filled(tmp_path, 1) as archive:
        [entry] = archive.iter_answers()
        archive._db.execute("UPDATE bodies SET packed=? WHERE hash=?", (packed, entry.body))
        with pytest.raises(LedgerError, match="missing or damaged; `billfold verify` names its answer"):
            archive.read_body(entry.body)


def test_a_body_of_another_type_is_one_of_our_errors(tmp_path: Path) -> None:
    with filled(tmp_path, 1) as archive:
        [entry] = archive.iter_answers()
        archive._db.execute("UPDATE bodies SET packed='text' WHERE hash=?", (entry.body,))
        with pytest.raises(LedgerError):
            archive.read_body(entry.body)


def test_a_body_that_was_never_kept_is_one_of_our_errors(tmp_path: Path) -> None:
    with open_archive(tmp_path) as archive, pytest.raises(LedgerError, match="missing or damaged"):
        archive.read_body("0" * 64)


def test_an_interrupted_commit_leaves_the_old_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interruption between begin and commit leaves the old state."""
    from billfold.ledger.entries import Entry

    with open_archive(tmp_path) as archive:
        run = archive.start_run("p", "a", "sync", NOW)
        keep(archive, run, b"first")

        def interrupted(*_: object) -> str:
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr(Entry, "compute_hash", interrupted)
            with pytest.raises(KeyboardInterrupt):
                keep(archive, run, b"second")
        assert keep(archive, run, b"third") == 3
        assert [archive.read_body(entry.body) for entry in archive.iter_answers()] == [b"first", b"third"]
        assert list(find_damage(archive)) == []


KILLED = """
import os, sys
from pathlib import Path
from billfold.ledger.archive import Archive
from billfold.ledger.entries import ArchivedResponse
from billfold.model.period import parse_instant
now = parse_instant("2026-11-15")
kept = Archive(Path(sys.argv[1]) / "archive.sqlite")
run = kept.start_run("p", "a", "sync", now)
kept.add_responses(run, ArchivedResponse("get_it", "{}", 200, {}, b"first", now))
kept._db.set_trace_callback(lambda statement: os._exit(9) if statement.startswith(sys.argv[2]) else None)
kept.add_responses(run, ArchivedResponse("get_it", "{}", 200, {}, b"second", now))
os._exit(0)
"""


@pytest.mark.parametrize("point", ["INSERT INTO entries", "COMMIT"])
def test_a_kill_at_any_statement_leaves_the_old_state(point: str, tmp_path: Path) -> None:
    paths = os.pathsep.join(path for path in sys.path if path)
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path), point], check=False, env={**os.environ, "PYTHONPATH": paths}
    )
    assert killed.returncode == 9
    with open_archive(tmp_path) as archive:
        assert [archive.read_body(entry.body) for entry in archive.iter_answers()] == [b"first"]
        assert list(find_damage(archive)) == []
        run = archive.start_run("p", "a", "sync", NOW)
        assert (run.id, keep(archive, run, b"second")) == (1, 3)


@pytest.mark.parametrize("shared", [True, False], ids=["one-connection", "two-connections"])
def test_two_writers_make_one_chain(shared: bool, tmp_path: Path) -> None:
    first = open_archive(tmp_path)
    second = first if shared else open_archive(tmp_path)

    def write(archive: Archive, account: str) -> None:
        run = archive.start_run("p", account, "sync", NOW)
        for number in range(15):
            keep(archive, run, f"{account}{number}".encode())
        archive.end_run(run, "complete", NOW)

    threads = [threading.Thread(target=write, args=pair) for pair in ((first, "a"), (second, "b"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(list(first.iter_entries())) == 34
    assert {run.account: run.outcome for run in first.list_runs()} == {"a": "complete", "b": "complete"}
    assert list(find_damage(first)) == []
    first.close()
    second.close()


def test_an_open_run_is_gone_on_with_and_an_ended_one_is_not(tmp_path: Path) -> None:
    with open_archive(tmp_path) as archive:
        run = archive.start_run("p", "a", "sync", NOW)
        assert archive.start_run("p", "a", "sync", NOW + timedelta(days=9)) == run
        assert archive.start_run("p", "b", "sync", NOW).id != run.id
        assert archive.start_run("p", "a", "import", NOW).id != run.id
        archive.end_run(run, "complete", NOW)
        assert archive.start_run("p", "a", "sync", NOW).id != run.id
        assert [run.outcome for run in archive.list_runs()] == ["complete", None, None, None]


def test_the_number_at_a_time_is_the_last_one_before_it(tmp_path: Path) -> None:
    with open_archive(tmp_path) as archive:
        run = archive.start_run("p", "a", "sync", NOW)
        for day in (1, 2, 3):
            keep(archive, run, received_at=NOW + timedelta(days=day))
        seqs = [
            archive.find_seq_at(NOW + timedelta(days=day, microseconds=micro)) for day in (0, 1, 2) for micro in (-1, 0)
        ]
        assert seqs == [0, 1, 1, 2, 2, 3]


def test_a_name_that_is_no_text_is_one_of_our_errors(tmp_path: Path) -> None:
    with open_archive(tmp_path) as archive, pytest.raises(LedgerError):
        archive.start_run("p", "\udcff", "import", NOW)


@pytest.mark.parametrize("account", ["a\x1f:start", "a\x1eb"])
def test_a_name_that_holds_a_separator_is_refused(account: str, tmp_path: Path) -> None:
    """A name that could make two entries hash alike is refused."""
    with open_archive(tmp_path) as archive:
        with pytest.raises(LedgerError, match="holds a separator"):
            archive.start_run("p", account, "sync", NOW)
        assert list(archive.iter_entries()) == []
