"""Parts are written once: what the catalog does not name is nobody's, and what somebody reads stays."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from billfold.collect.workspace import Workspace
from billfold.ledger import booking, identities, parts, query, store
from billfold.ledger.digest import compute_digest
from tests import stage
from tests.cli.terminal import Terminal
from tests.ledger.kit import Ledger, bill, open_ledger


def list_parts(books: Workspace) -> set[str]:
    return {path.name for path in (books.directory / "charges").iterdir()}


def fail_after_booking(ledger: Ledger) -> None:
    with store.open_transaction(ledger.db):
        ledger.book(bill("2", invoice_id="i2"))
        raise ZeroDivisionError


def test_a_part_is_read_by_other_tools(tmp_path: Path) -> None:
    """What the charges cost is the same for a tool that knows nothing of billfold."""
    with open_ledger(tmp_path) as ledger:
        ledger.book(bill("1.25", "7"))
        costs = ledger.costs()
    (part,) = (tmp_path / "charges").iterdir()
    assert sorted(pq.read_table(part)["BilledCost"].to_pylist()) == costs
    assert stat.S_IMODE(part.stat().st_mode) == 0o600


def test_what_is_rolled_back_leaves_no_part(tmp_path: Path) -> None:
    with open_ledger(tmp_path) as ledger:
        ledger.book(bill("1"))
        before = ledger.all()
        with pytest.raises(ZeroDivisionError):
            fail_after_booking(ledger)
        assert ledger.all() == before
    assert len(list((tmp_path / "charges").iterdir())) == 1
    with open_ledger(tmp_path) as ledger:
        assert ledger.all() == before


def test_many_charges_are_divided_among_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One transaction leaves several parts where its charges are many; each bill is in the parts that say so."""
    monkeypatch.setattr(parts, "ROWS_PER_GROUP", 1)
    monkeypatch.setattr(parts, "ROWS_PER_PART", 4)
    with open_ledger(tmp_path) as ledger:
        with store.open_transaction(ledger.db):
            identity = identities.resolve_account(ledger.db, "vendor", "me", "me", 10, 10, [])
            for number in range(5):
                with booking.open_booking(ledger.db, identity) as run_booking:
                    run_booking.book_bill(bill(f"{number}", "7", invoice_id=f"i{number}"))
        store.reload_ledger(ledger.db)
        spans = ledger.db.execute("SELECT first_bill, last_bill, rows FROM parts ORDER BY first_bill").fetchall()
        assert spans == [(1, 2, 4), (3, 4, 4), (5, 5, 2)]
        assert ledger.db.execute("SELECT count(*) FROM charges").fetchall() == [(10,)]


def test_divided_parts_are_rolled_back_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "ROWS_PER_GROUP", 1)
    monkeypatch.setattr(parts, "ROWS_PER_PART", 1)
    with open_ledger(tmp_path) as ledger, pytest.raises(ZeroDivisionError):
        fail_after_booking(ledger)
    assert list(tmp_path.glob("charges/*")) == []


def test_a_leftover_part_is_never_read_and_is_removed(books: Workspace) -> None:
    """A part that a killed writer left is no charge of anybody, and the next writer removes it."""
    host = stage.twin(months=2)
    stage.collected(host, books, "vultr")
    digest = stage.read_digest(books)
    (part,) = (books.directory / "charges").iterdir()
    shutil.copy(part, part.with_name("0" * 32 + ".parquet"))
    assert stage.read_digest(books) == digest
    stage.collected(host, books, "cockroach")
    assert "0" * 32 + ".parquet" not in list_parts(books)


def test_a_reader_keeps_what_a_rebuild_replaces(books: Workspace) -> None:
    """Who reads goes on with the ledger that he opened; its parts are removed when he is done."""
    host = stage.twin(months=2)
    stage.collected(host, books, "vultr")
    old_parts = list_parts(books)
    with books.open_ledger() as reader:
        digest = compute_digest(reader)
        other = Workspace(books.directory)
        other.rebuild()
        assert stage.read_digest(other) == digest
        assert compute_digest(reader) == digest
        assert old_parts < list_parts(books)
    other.rebuild()
    other.close()
    assert not old_parts & list_parts(books)


def test_a_reader_waits_for_no_writer(books: Workspace) -> None:
    """While another process books, what was booked before is shown."""
    host = stage.twin(months=2)
    stage.collected(host, books, "vultr")
    digest = stage.read_digest(books)
    with store.take_turn(books.ledger_path):
        run = books.archive.start_run("cockroach", "mine", "sync", stage.AT)
        books.archive.end_run(run, "complete", stage.AT)
        assert stage.read_digest(books) == digest
        report = Terminal(books.directory).run("--ledger", ".", "report")
        assert (report.code, "mine: what was collected is being booked by another process" in report.err) == (0, True)
    with books.open_ledger() as ledger:
        assert not books.list_pending_runs(ledger)


def test_a_writer_sees_what_another_wrote_before(tmp_path: Path) -> None:
    """Two that opened the ledger at once book one after the other: neither loses what the other booked."""
    with open_ledger(tmp_path) as first, open_ledger(tmp_path) as second:
        first.book(bill("1"))
        with store.take_turn(second.db.path):
            store.reload_ledger(second.db)
            second.book(bill("2", invoice_id="i2"))
    with open_ledger(tmp_path) as ledger:
        assert [str(cost) for cost in ledger.costs()] == ["1.000000000000", "2.000000000000"]
        assert len(query.list_invoices(ledger.db, query.LedgerFilter())) == 2


def test_no_number_is_given_to_two_bills(tmp_path: Path) -> None:
    """The number of a bill that was dropped again is given to no other: its charges may be in a part."""
    with open_ledger(tmp_path) as ledger:
        for cost in ("1", "1", "2", "2", "3"):
            ledger.book(bill(cost))
        assert ledger.bills("id") == [(5,)]
    with duckdb.connect() as db:
        parts = [str(path) for path in (tmp_path / "charges").iterdir()]
        assert db.execute("SELECT count(DISTINCT bill) FROM read_parquet(?)", [parts]).fetchall() == [(3,)]


def test_what_comes_while_somebody_reads_is_no_gap(books: Workspace) -> None:
    """A run that another process booked after a ledger was opened is not missed in it."""
    host = stage.twin(months=2)
    stage.collected(host, books, "vultr")
    with books.open_ledger() as ledger:
        stage.collected(host, books, "cockroach")
        assert books.list_pending_runs(ledger)
        assert (books.list_unbookable_runs(ledger), ledger.is_behind) == ([], False)
