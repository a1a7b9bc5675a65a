"""What was kept stays as it was: one chain, one writer at a time, whole after any kill, damage always named."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
import zlib
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billfold.ledger.archive import Archive
from billfold.ledger.entries import ARCHIVED_HEADERS, GENESIS_HASH, ArchivedResponse, Run, format_time
from billfold.ledger.verify import find_problems
from billfold.model.errors import LedgerError
from tests.ledger.kit import NOW


def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "archive.sqlite")


def keep(kept: Archive, run: Run, body: bytes = b"{}", **more: Any) -> int:
    said: dict[str, Any] = {
        "operation": "get_it",
        "question": "{}",
        "status": 200,
        "headers": {},
        "received_at": NOW,
    } | more
    return kept.add_responses(run, ArchivedResponse(body=body, **said))


def filled(tmp_path: Path, bodies: int = 3) -> Archive:
    """Return an archive with one run of so many answers."""
    kept = archive(tmp_path)
    run = kept.start_run("p", "a", "sync", NOW)
    for number in range(bodies):
        keep(kept, run, f'{{"n":{number}}}'.encode())
    kept.end_run(run, "complete", NOW)
    return kept


def tamper(tmp_path: Path, *statements: str) -> None:
    """Change the file behind the archive's back."""
    db = sqlite3.connect(tmp_path / "archive.sqlite")
    with db:
        db.execute("DROP TRIGGER IF EXISTS entries_stay")
        db.execute("DROP TRIGGER IF EXISTS entries_remain")
        for statement in statements:
            db.execute(statement)
    db.close()


def test_a_new_archive_waits_for_whoever_makes_it_at_this_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = sqlite3.connect(tmp_path / "archive.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waited = list[float]()

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        other.execute("COMMIT")

    monkeypatch.setattr("billfold.ledger.archive.time.sleep", sleep)
    with Archive(tmp_path / "archive.sqlite") as made:
        assert made.read_last_seq() == 0
    assert len(waited) == 1
    other.close()


def test_an_answer_comes_back_as_it_was_kept(tmp_path: Path) -> None:
    headers = {"content-type": "text/csv", "authorization": "Bearer x", "set-cookie": "s", "etag": "e"}
    with archive(tmp_path) as kept:
        run = kept.start_run("p", "a", "sync", NOW)
        seq = keep(kept, run, b"\x00\xff" * 1000, question='{"a":1}', status=206, headers=headers)
        [entry] = kept.iter_answers(run=run.id)
        assert (entry.seq, entry.question, entry.status, entry.fetch_time) == (seq, '{"a":1}', 206, NOW)
        assert entry.headers == '{"content-type": "text/csv", "etag": "e"}'
        assert kept.read_body(entry.body) == b"\x00\xff" * 1000


def test_no_header_that_could_carry_a_credential_is_kept() -> None:
    assert not set(ARCHIVED_HEADERS) & {
        "authorization",
        "set-cookie",
        "cookie",
        "location",
        "www-authenticate",
        "fastly-key",
    }


@given(bodies=st.lists(st.binary(max_size=200), max_size=6))
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bodies_make_a_sound_chain(bodies: list[bytes], tmp_path_factory: pytest.TempPathFactory) -> None:
    with archive(tmp_path_factory.mktemp("any")) as kept:
        run = kept.start_run("p", "a", "sync", NOW)
        for body in bodies:
            keep(kept, run, body)
        assert [kept.read_body(entry.body) for entry in kept.iter_answers()] == bodies
        assert list(find_problems(kept)) == []


def test_equal_bodies_are_stored_once(tmp_path: Path) -> None:
    with archive(tmp_path) as kept:
        run = kept.start_run("p", "a", "sync", NOW)
        for _ in range(5):
            keep(kept, run, b"same")
        assert len(list(kept.iter_answers())) == 5
        assert sum(size == 4 for _, size, _, _ in kept.iter_bodies()) == 1


def test_every_entry_holds_the_hash_of_the_one_before(tmp_path: Path) -> None:
    with filled(tmp_path) as kept:
        before = GENESIS_HASH
        for number, entry in enumerate(kept.iter_entries(), 1):
            assert (entry.seq, entry.hash) == (number, entry.compute_hash(before))
            before = entry.hash
        assert number == 5


@pytest.mark.parametrize("statement", ["UPDATE entries SET status=500", "DELETE FROM entries WHERE seq=2"])
def test_an_entry_can_be_neither_changed_nor_removed(statement: str, tmp_path: Path) -> None:
    with filled(tmp_path) as kept, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        kept._db.execute(statement)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE entries SET status=500 WHERE seq=3", "entry 3"),
        ("UPDATE entries SET question='{\"x\":1}' WHERE seq=2", "entry 2"),
        ("UPDATE entries SET at='2020-01-01T00:00:00.000000Z' WHERE seq=4", "entry 4"),
        ("UPDATE entries SET account='b' WHERE seq=2", "another account"),
        ("UPDATE entries SET hash='0' WHERE seq=5", "entry 5"),
        ("DELETE FROM entries WHERE seq=3", "answers 3 to 3 are missing"),
        ("DELETE FROM bodies WHERE size=7", "is missing"),
        ("UPDATE bodies SET packed=x'00' WHERE size=7", "is damaged"),
        ("UPDATE bodies SET packed=substr(packed, 1, length(packed)-1) WHERE size=7", "is damaged"),
        ("UPDATE bodies SET packed=packed||x'00' WHERE size=7", "is damaged"),
        ("UPDATE bodies SET size=8 WHERE size=7", "its size is not as noted"),
        ("INSERT INTO bodies VALUES ('ab', 0, x'', NULL)", "belongs to no answer"),
    ],
)
def test_whatever_is_changed_behind_our_back_is_named(statement: str, words: str, tmp_path: Path) -> None:
    filled(tmp_path).close()
    tamper(tmp_path, statement)
    with archive(tmp_path) as kept:
        assert any(words in problem for problem in find_problems(kept)), list(find_problems(kept))


def test_a_sound_archive_has_no_problems(tmp_path: Path) -> None:
    with filled(tmp_path) as kept:
        assert list(find_problems(kept)) == []


@pytest.mark.parametrize("packed", [b"", b"\x00", b"garbage", zlib.compress(b"other"), zlib.compress(b'{"n":0}')[:-3]])
def test_a_damaged_body_is_one_of_our_errors(packed: bytes, tmp_path: Path) -> None:
    with filled(tmp_path, 1) as kept:
        [entry] = kept.iter_answers()
        kept._db.execute("UPDATE bodies SET packed=? WHERE hash=?", (packed, entry.body))
        with pytest.raises(LedgerError, match="missing or damaged; `billfold verify` names its answer"):
            kept.read_body(entry.body)


def test_a_body_of_another_type_is_one_of_our_errors(tmp_path: Path) -> None:
    with filled(tmp_path, 1) as kept:
        [entry] = kept.iter_answers()
        kept._db.execute("UPDATE bodies SET packed='text' WHERE hash=?", (entry.body,))
        with pytest.raises(LedgerError):
            kept.read_body(entry.body)


def test_a_body_that_was_never_kept_is_one_of_our_errors(tmp_path: Path) -> None:
    with archive(tmp_path) as kept, pytest.raises(LedgerError, match="missing or damaged"):
        kept.read_body("0" * 64)


def test_an_interruption_between_begin_and_commit_leaves_the_old_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from billfold.ledger.entries import Entry

    with archive(tmp_path) as kept:
        run = kept.start_run("p", "a", "sync", NOW)
        keep(kept, run, b"first")

        def interrupted(_: Entry, before: str) -> str:
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr(Entry, "compute_hash", interrupted)
            with pytest.raises(KeyboardInterrupt):
                keep(kept, run, b"second")
        assert keep(kept, run, b"third") == 3
        assert [kept.read_body(entry.body) for entry in kept.iter_answers()] == [b"first", b"third"]
        assert list(find_problems(kept)) == []


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
    with archive(tmp_path) as kept:
        assert [kept.read_body(entry.body) for entry in kept.iter_answers()] == [b"first"]
        assert list(find_problems(kept)) == []
        run = kept.start_run("p", "a", "sync", NOW)
        assert (run.id, keep(kept, run, b"second")) == (1, 3)


@pytest.mark.parametrize("shared", [True, False], ids=["one-connection", "two-connections"])
def test_two_writers_make_one_chain(shared: bool, tmp_path: Path) -> None:
    first = archive(tmp_path)
    second = first if shared else archive(tmp_path)

    def write(kept: Archive, account: str) -> None:
        run = kept.start_run("p", account, "sync", NOW)
        for number in range(15):
            keep(kept, run, f"{account}{number}".encode())
        kept.end_run(run, "complete", NOW)

    threads = [threading.Thread(target=write, args=pair) for pair in ((first, "a"), (second, "b"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(list(first.iter_entries())) == 34
    assert {run.account: run.outcome for run in first.list_runs()} == {"a": "complete", "b": "complete"}
    assert list(find_problems(first)) == []
    first.close()
    second.close()


def test_an_open_run_is_gone_on_with_and_an_ended_one_is_not(tmp_path: Path) -> None:
    with archive(tmp_path) as kept:
        run = kept.start_run("p", "a", "sync", NOW)
        assert kept.start_run("p", "a", "sync", NOW + timedelta(days=9)) == run
        assert kept.start_run("p", "b", "sync", NOW).id != run.id
        assert kept.start_run("p", "a", "import", NOW).id != run.id
        kept.end_run(run, "complete", NOW)
        assert kept.start_run("p", "a", "sync", NOW).id != run.id
        assert [one.outcome for one in kept.list_runs()] == ["complete", None, None, None]


def test_the_number_at_a_time_is_the_last_one_before_it(tmp_path: Path) -> None:
    with archive(tmp_path) as kept:
        run = kept.start_run("p", "a", "sync", NOW)
        for day in (1, 2, 3):
            keep(kept, run, received_at=NOW + timedelta(days=day))
        found = [
            kept.find_seq_at(NOW + timedelta(days=day, microseconds=micro)) for day in (0, 1, 2) for micro in (-1, 0)
        ]
        assert found == [0, 1, 1, 2, 2, 3]


@given(st.datetimes(), st.datetimes())
def test_times_sort_as_they_are_written(one: Any, other: Any) -> None:
    from datetime import UTC

    first, second = one.replace(tzinfo=UTC), other.replace(tzinfo=UTC)
    assert (format_time(first) < format_time(second)) == (first < second)


def test_a_newer_format_is_refused_and_left_alone(tmp_path: Path) -> None:
    filled(tmp_path).close()
    tamper(tmp_path, "PRAGMA user_version=99")
    with pytest.raises(LedgerError, match="has format 99, this billfold knows 1; update billfold"):
        archive(tmp_path)


@pytest.mark.parametrize("content", [b"garbage" * 1000, b"\x00" * 5000, b"SQLite format 3\x00" + b"\xff" * 5000])
def test_a_file_that_is_no_archive_is_one_of_our_errors_and_left_alone(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "archive.sqlite"
    path.write_bytes(content)
    with pytest.raises(LedgerError, match="cannot be used"):
        archive(tmp_path)
    assert path.read_bytes() == content


@pytest.mark.parametrize("version", [1, 0, -1])
def test_a_database_of_somebody_else_is_one_of_our_errors_and_left_alone(version: int, tmp_path: Path) -> None:
    db = sqlite3.connect(tmp_path / "archive.sqlite")
    db.executescript(f"CREATE TABLE other (a); PRAGMA user_version={version}")
    db.close()
    before = (tmp_path / "archive.sqlite").read_bytes()
    with pytest.raises(LedgerError), archive(tmp_path) as kept:
        kept.list_runs()
    assert (tmp_path / "archive.sqlite").read_bytes() == before


def test_an_archive_that_lost_the_mark_of_its_format_is_told_as_that(tmp_path: Path) -> None:
    filled(tmp_path).close()
    tamper(tmp_path, "PRAGMA user_version=0")
    with pytest.raises(LedgerError, match=r"a database without the mark of an archive .* put a backup in its place"):
        archive(tmp_path)


def test_an_archive_that_cannot_be_used_is_closed_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(tmp_path).close()
    tamper(tmp_path, "PRAGMA user_version=99")
    made, connect = list[sqlite3.Connection](), sqlite3.connect

    def noted(*args: Any, **how: Any) -> sqlite3.Connection:
        made.append(connect(*args, **how))
        return made[-1]

    monkeypatch.setattr(sqlite3, "connect", noted)
    with pytest.raises(LedgerError):
        archive(tmp_path)
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        made[0].execute("SELECT 1")


def broken(tmp_path: Path) -> Archive:
    """Return an archive whose pages after the first are overwritten."""
    filled(tmp_path, 40).close()
    path = tmp_path / "archive.sqlite"
    content = bytearray(path.read_bytes())
    for page in range(4096, len(content), 4096):
        content[page : page + 200] = b"\xff" * 200
    path.write_bytes(content)
    return archive(tmp_path)


def test_a_damaged_file_is_one_of_our_errors(tmp_path: Path) -> None:
    with broken(tmp_path) as kept, pytest.raises(LedgerError):
        kept.list_runs()


def test_verifying_a_damaged_file_names_the_damage(tmp_path: Path) -> None:
    with broken(tmp_path) as kept:
        assert any("damaged" in problem for problem in find_problems(kept))


@pytest.mark.parametrize("below", ["file", "file/deeper"])
def test_a_directory_that_is_a_file_is_one_of_our_errors(below: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(LedgerError, match="is a file where a directory is needed"):
        archive(tmp_path / below)


def test_a_directory_in_the_archives_place_is_one_of_our_errors(tmp_path: Path) -> None:
    (tmp_path / "archive.sqlite").mkdir()
    with pytest.raises(LedgerError, match="cannot be used"):
        archive(tmp_path)


def test_a_file_that_may_only_be_read_refuses_an_answer_with_one_of_our_errors(tmp_path: Path) -> None:
    with filled(tmp_path) as kept:
        kept._db.execute("PRAGMA query_only=ON")
        with pytest.raises(LedgerError, match="its rights and the free space"):
            kept.start_run("p", "a", "sync", NOW)


def test_a_name_that_is_no_text_is_one_of_our_errors(tmp_path: Path) -> None:
    with archive(tmp_path) as kept, pytest.raises(LedgerError):
        kept.start_run("p", "\udcff", "import", NOW)


@pytest.mark.parametrize("account", ["a\x1f:start", "a\x1eb"])
def test_a_name_that_could_make_two_entries_hash_alike_is_refused(account: str, tmp_path: Path) -> None:
    with archive(tmp_path) as kept:
        with pytest.raises(LedgerError, match="holds a separator"):
            kept.start_run("p", account, "sync", NOW)
        assert list(kept.iter_entries()) == []


def test_fields_that_were_shifted_behind_our_back_are_named(tmp_path: Path) -> None:
    filled(tmp_path).close()
    tamper(tmp_path, "UPDATE entries SET account='a' || char(31) || operation, operation='' WHERE seq=3")
    with archive(tmp_path) as kept:
        assert any("entry 3" in problem and "was changed" in problem for problem in find_problems(kept))


def test_a_redacted_body_is_gone_and_the_chain_stays_sound(tmp_path: Path) -> None:
    with filled(tmp_path, 1) as kept:
        [entry] = kept.iter_answers()
        assert kept.redact_bodies([(entry.body, b"{}")]) == {entry.body}
        assert kept.read_body(entry.body) == b"{}"
        assert list(find_problems(kept)) == []


def traces(tmp_path: Path, packed: list[bytes]) -> int:
    """Count the pieces of stored bodies that an archive's files still hold; a body is not stored in one piece."""
    content = b"".join(path.read_bytes() for path in tmp_path.glob("archive.sqlite*"))
    return sum(one[at : at + 40] in content for one in packed for at in range(0, len(one) - 40, 40))


def test_nothing_of_what_was_redacted_is_in_the_files_and_they_are_written_anew_once(tmp_path: Path) -> None:
    with archive(tmp_path) as kept:
        run = kept.start_run("p", "a", "sync", NOW)
        for seed in range(20):
            keep(kept, run, Random(seed).randbytes(200 * (1 + seed)))
        original = [body.packed for body in kept.iter_bodies() if body.size]
        before, said = traces(tmp_path, original), list[str]()
        kept._db.set_trace_callback(said.append)
        assert len(kept.redact_bodies((entry.body, b"{}") for entry in list(kept.iter_answers()))) == 20
        assert (before > 900, traces(tmp_path, original)) == (True, 0)
        assert said.count("VACUUM") == 1
        assert list(find_problems(kept)) == []


def test_what_a_reader_keeps_in_the_log_is_redacted_when_he_is_gone(tmp_path: Path) -> None:
    with filled(tmp_path) as kept, archive(tmp_path) as reader:
        [first, *_] = kept.iter_answers()
        original = [body.packed for body in kept.iter_bodies() if body.hash == first.body]
        kept._db.execute("PRAGMA busy_timeout=1")
        reading = reader.iter_entries()
        next(reading)
        with pytest.raises(LedgerError, match="redact again"):
            kept.redact_bodies([(first.body, b"{}")])
        list(reading)
        assert kept.redact_bodies([]) == set()
        content = b"".join(path.read_bytes() for path in tmp_path.glob("archive.sqlite*"))
        assert not any(one in content for one in original)
