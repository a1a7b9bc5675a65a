"""Whatever is changed, damaged or missing in an archive is named."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import duckdb
import pytest

from billfold.collect.workspace import Workspace
from billfold.ledger.archive import Archive
from billfold.ledger.verify import find_damage
from billfold.model.errors import BillfoldError
from billfold.model.finding_codes import FindingCode
from tests import stage
from tests.ledger.archives import broken, cut, filled, open_archive, tamper
from tests.ledger.kit import collected, invoice, invoices


def test_every_flipped_byte_is_found_or_changes_nothing(tmp_path: Path) -> None:
    host, books = stage.twin(months=2), Workspace(tmp_path / "whole")
    stage.collected(host, books, "cockroach")
    live = stage.read_digest(books)
    books.close()
    whole = books.archive.path.read_bytes()
    dice = random.Random(1)
    found_count = 0
    for number in range(25):
        home = tmp_path / f"flipped{number}"
        home.mkdir()
        at = dice.randrange(len(whole))
        (home / "archive.sqlite").write_bytes(
            whole[:at] + bytes([whole[at] ^ (1 << dice.randrange(8))]) + whole[at + 1 :]
        )
        try:
            flipped = Workspace(home)
            wrong = list(find_damage(flipped.archive))
            assert wrong or stage.read_digest(flipped) == live, (
                f"a flip at byte {at} is not found, and the ledger differs"
            )
            found_count += bool(wrong)
            flipped.close()
        except BillfoldError:
            found_count += 1
        shutil.rmtree(home)
    assert found_count > 3


def test_flipped_content_is_always_found(books: Workspace) -> None:
    stage.collected(stage.twin(months=2), books, "cockroach")
    db = books.archive._db
    db.execute("DROP TRIGGER entries_stay")
    assert not list(find_damage(books.archive))
    for table, column in (("bodies", "packed"), ("entries", "question"), ("entries", "at"), ("entries", "account")):
        row, value = db.execute(
            f"SELECT rowid, {column} FROM entries ORDER BY seq DESC"
            if table == "entries"
            else "SELECT hash, packed FROM bodies"
        ).fetchone()
        changed = (
            bytes([value[0], value[1], value[2] ^ 1, *value[3:]]) if isinstance(value, bytes) else value[:-1] + "~"
        )
        key = "rowid" if table == "entries" else "hash"
        db.execute(f"UPDATE {table} SET {column}=? WHERE {key}=?", (changed, row))
        assert list(find_damage(books.archive)), f"{table}.{column}"
        db.execute(f"UPDATE {table} SET {column}=? WHERE {key}=?", (value, row))
    assert not list(find_damage(books.archive))


@pytest.mark.parametrize("last", [0, 1, 3, 5])
def test_a_missing_end_of_the_chain_is_told_by_the_ledger(last: int, tmp_path: Path) -> None:
    books = Workspace(tmp_path)
    for days in (0, 1):
        collected(books, invoices(invoice()), days=days)
    booked = books.archive.read_last_seq()
    assert list(find_damage(books.archive, books.ledger_path)) == []
    books.close()
    cut(tmp_path, last)
    books = Workspace(tmp_path)
    problems_found = list(find_damage(books.archive, books.ledger_path))
    sentence = f"the archive's end is missing: it has {last} entries, and entry {booked} was booked in the ledger"
    assert any(sentence in finding.text for finding in problems_found), problems_found
    books.close()


@pytest.mark.parametrize("ledger", ["missing", "empty", "garbage", "other", "directory", "locked"])
def test_a_ledger_that_cannot_tell_is_no_problem_of_the_archive(ledger: str, tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    match ledger:
        case "empty":
            path.touch()
        case "garbage":
            path.write_bytes(b"garbage" * 999)
        case "other":
            duckdb.connect(str(path)).execute("CREATE TABLE other (a INT)").close()
        case "directory":
            path.mkdir()
    with filled(tmp_path) as archive:
        if ledger == "locked":
            with duckdb.connect(str(path)):
                assert find_codes(archive, path) == {FindingCode.LEDGER_DAMAGED}
        assert find_codes(archive, path) == (set() if ledger in {"missing", "empty"} else {FindingCode.LEDGER_DAMAGED})


def find_codes(archive: Archive, catalog_path: Path) -> set[str]:
    """Return the codes of what is damaged."""
    return {finding.code for finding in find_damage(archive, catalog_path)}


def test_what_was_never_booked_can_be_cut_unseen(tmp_path: Path) -> None:
    """What was never booked can be cut unseen where nothing else notes it."""
    filled(tmp_path).close()
    cut(tmp_path, 3)
    with open_archive(tmp_path) as archive:
        assert list(find_damage(archive, tmp_path / "catalog.sqlite")) == []


@pytest.mark.parametrize(
    ("statement", "sentence"),
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
def test_whatever_is_changed_behind_our_back_is_named(statement: str, sentence: str, tmp_path: Path) -> None:
    filled(tmp_path).close()
    tamper(tmp_path, statement)
    with open_archive(tmp_path) as archive:
        assert any(sentence in finding.text for finding in find_damage(archive)), list(find_damage(archive))


def test_a_sound_archive_has_no_problems(tmp_path: Path) -> None:
    with filled(tmp_path) as archive:
        assert list(find_damage(archive)) == []


def test_verifying_a_damaged_file_names_the_damage(tmp_path: Path) -> None:
    with broken(tmp_path) as archive:
        assert any("damaged" in finding.text for finding in find_damage(archive))


def test_fields_that_were_shifted_behind_our_back_are_named(tmp_path: Path) -> None:
    filled(tmp_path).close()
    tamper(tmp_path, "UPDATE entries SET account='a' || char(31) || operation, operation='' WHERE seq=3")
    with open_archive(tmp_path) as archive:
        assert any("entry 3" in finding.text and "was changed" in finding.text for finding in find_damage(archive))
