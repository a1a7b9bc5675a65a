"""The ledger is a function of the archive, whatever becomes of its file and whatever the vendor tells."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from billfold.collect.run_answers import ArchiveRunAnswers
from billfold.collect.run_booking import book_run
from billfold.collect.workspace import Workspace
from billfold.ledger import catalog, query, restatements
from billfold.ledger.digest import compute_digest
from billfold.ledger.store import OpenLedger, open_read_only
from billfold.ledger.verify import find_damage
from billfold.model.errors import LedgerError
from billfold.providers.mapping_version import find_mapping_version
from tests import stage
from tests.laws.kit import DOORS
from tests.ledger.kit import collected, invoice, invoices


def test_the_ledger_is_a_function_of_the_archive(books: Workspace) -> None:
    host = stage.twin(months=2)
    stage.collected(host, books)
    host.clock.advance(timedelta(days=20))
    stage.collected(host, books)
    live = stage.read_digest(books)
    books.drop_ledger()
    assert stage.read_digest(books) == live


def test_any_order_of_accounts_gives_the_same_ledger(tmp_path: Path) -> None:
    hashes = set()
    for order in (DOORS, DOORS[::-1]):
        host, books = stage.twin(months=2), Workspace(tmp_path / order[0].name)
        for provider in order:
            stage.collected(host, books, provider.name)
        hashes.add(stage.read_digest(books))
        books.close()
    assert len(hashes) == 1


def test_a_corrupt_ledger_file_is_computed_anew(books: Workspace) -> None:
    stage.collected(stage.twin(months=2), books, "cockroach")
    live = stage.read_digest(books)
    books.ledger_path.write_bytes(b"not a ledger" * 1000)
    assert stage.read_digest(books) == live


def test_only_a_rebuild_forgets_what_the_archive_lost(books: Workspace, tmp_path: Path) -> None:
    """A ledger that knows more than its archive is evidence, which only a rebuild forgets."""
    host = stage.twin(months=2)
    stage.collected(host, books, "cockroach")
    books.archive.checkpoint_wal()
    backup = tmp_path / "backup.sqlite"
    shutil.copy(books.archive.path, backup)
    host.clock.advance(timedelta(days=31))
    stage.collected(host, books, "cockroach")
    newer = stage.read_digest(books)
    books.close()
    shutil.copy(backup, books.archive.path)
    restored = Workspace(books.directory)
    for _ in range(2):
        with pytest.raises(LedgerError, match="let `billfold rebuild` forget what is not in this one"):
            stage.read_digest(restored)
        assert any(
            "the archive's end is missing" in finding.text
            for finding in find_damage(restored.archive, restored.ledger_path)
        )
    restored.drop_ledger()
    assert stage.read_digest(restored) != newer
    stage.collected(host, restored, "cockroach")
    assert stage.read_digest(restored) == newer
    restored.close()


def test_a_newer_ledger_is_computed_anew_and_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A ledger of a newer billfold is computed anew, and that is told."""
    books = Workspace(tmp_path)
    collected(books, invoices(invoice()))
    with books.open_ledger() as db:
        before = compute_digest(db)
    with closing(sqlite3.connect(books.ledger_path)) as db:
        db.execute("UPDATE meta SET value='99 of a later time' WHERE key='format'")
        db.commit()
    with books.open_ledger() as db:
        assert compute_digest(db) == before
    assert "is of another format; computing the ledger anew from the archive" in caplog.text
    books.close()


@pytest.mark.parametrize("content", [b"x", b"garbage" * 4000, b"SQLite format 3\x00" + bytes(4096)])
def test_a_file_that_is_no_ledger_is_computed_anew(content: bytes, tmp_path: Path) -> None:
    books = Workspace(tmp_path)
    assert collected(books, invoices(invoice())).error is None
    with books.open_ledger() as db:
        before = compute_digest(db)
    books.ledger_path.write_bytes(content)
    with books.open_ledger() as db:
        assert compute_digest(db) == before
    books.close()


def test_a_ledger_that_is_a_directory_is_one_of_our_errors(tmp_path: Path) -> None:
    books = Workspace(tmp_path)
    books.ledger_path.mkdir()
    try:
        with pytest.raises(LedgerError), books.open_ledger():
            pass
    finally:
        books.close()


HOSTILE = [
    invoice("bad", total='"NaN"'),
    invoice("bad", lines=['"NaN"']),
    invoice("bad", total='"Infinity"'),
    invoice("bad", total="1e400"),
    invoice("bad", total='"1e999999"'),
]


@pytest.mark.parametrize("hostile", HOSTILE, ids=range(5))
def test_one_hostile_number_does_not_close_the_ledger_for_good(hostile: str, books: Workspace) -> None:
    try:
        collected(books, invoices(hostile))
        with books.open_ledger() as db:
            assert list(query.iter_charges(db, query.LedgerFilter())) == []
    finally:
        books.close()


UNREADABLE = [
    invoice("bad", period_start="null"),
    invoice("bad", period_start='"soon"'),
]


@pytest.mark.parametrize("unreadable", UNREADABLE, ids=range(2))
def test_an_invoice_that_cannot_be_read_leaves_the_others_alone(unreadable: str, books: Workspace) -> None:
    collected(books, invoices(unreadable, invoice("good")))
    try:
        with books.open_ledger() as db:
            assert "good" in [bill.invoice_id for bill in query.list_invoices(db, query.LedgerFilter())]
    finally:
        books.close()


@pytest.mark.parametrize(
    "invoice_text",
    [
        invoice(total="null", lines=[]),
        invoice(lines=["0"], total="-0"),
        invoice(total="1e15", lines=["1e15"]),
        invoice(total="1e25", lines=["1e25"]),
        invoice(totals="null"),
        invoice(invoice_items="null", total="0"),
        invoice(status='"BRAND_NEW"'),
        invoice(invoice_id="null"),
        invoice(adjustments='[{"name":null,"amount":null}]'),
        "{}",
    ],
    ids=range(10),
)
def test_odd_invoices_are_the_same_when_computed_anew(invoice_text: str, books: Workspace) -> None:
    """Odd invoices are booked, parked or noted, and the same when computed anew."""
    assert collected(books, invoices(invoice_text)).error is None
    with books.open_ledger() as db:
        before = compute_digest(db)
    books.drop_ledger()
    with books.open_ledger() as db:
        assert compute_digest(db) == before
    books.close()


def test_a_bill_told_twice_keeps_the_first(books: Workspace) -> None:
    """A bill that every collection tells twice, and not alike, is restated by none of them."""
    for _ in range(2):
        collected(books, invoices(invoice("a", total="1", lines=["1"]), invoice("a", total="2", lines=["2"])))
    with books.open_ledger() as ledger:
        assert [bill.total for bill in catalog.list_bills(ledger, query.LedgerFilter())] == ["1"]
        assert restatements.list_restatements(ledger) == []


def test_a_ledger_of_an_earlier_format_makes_room(books: Workspace) -> None:
    """The file of a ledger of an earlier format is removed when the ledger is computed anew."""
    (books.directory / "ledger.duckdb").write_bytes(b"of an earlier format")
    collected(books, invoices(invoice()))
    assert not (books.directory / "ledger.duckdb").exists()


def test_a_mapping_that_changes_rebooks_only_its_vendor(books: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """A vendor whose mapping is another one now is booked anew, all at once or not at all; the others stay."""
    stage.collected(stage.twin(months=2), books)
    live = stage.read_digest(books)
    monkeypatch.setattr(
        "billfold.collect.workspace.find_mapping_version",
        lambda name: "2" if name == "cockroach" else find_mapping_version(name),
    )
    booked_providers = list[str]()

    def book_noted(ledger: OpenLedger, run_answers: ArchiveRunAnswers) -> None:
        booked_providers.append(run_answers.run.provider)
        if len(booked_providers) == 1:
            raise KeyboardInterrupt
        book_run(ledger, run_answers)

    monkeypatch.setattr("billfold.collect.workspace.book_run", book_noted)
    with pytest.raises(KeyboardInterrupt):
        books.catch_up()
    with closing(open_read_only(books.ledger_path)) as ledger:
        assert compute_digest(ledger) == live
    assert stage.read_digest(books) == live
    assert set(booked_providers) == {"cockroach"}
    booked_count = len(booked_providers)
    assert stage.read_digest(books) == live
    assert len(booked_providers) == booked_count


def test_the_past_keeps_the_hash_that_it_had(books: Workspace) -> None:
    """As of a time the ledger has the hash that it had then, and so has a month that nothing was changed in."""
    host = stage.twin(months=2)
    stage.collected(host, books)
    then, seq = stage.read_digest(books), books.archive.read_last_seq()
    host.clock.advance(timedelta(days=31))
    stage.collected(host, books)
    with books.open_ledger() as ledger:
        assert compute_digest(ledger) != then
        assert compute_digest(ledger, query.LedgerFilter(seq=seq)) == then
