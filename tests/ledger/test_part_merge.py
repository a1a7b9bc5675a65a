"""Many small parts become one: it says the same, and large ones are never written again."""

from __future__ import annotations

from pathlib import Path

import pytest

from billfold.ledger import part_merge, store
from billfold.ledger.digest import compute_digest
from billfold.ledger.part_merge import MAX_SMALL_PARTS, tidy_parts
from billfold.model.errors import LedgerError
from tests.ledger.kit import Ledger, bill, open_ledger


def book_bills(ledger: Ledger, count: int) -> None:
    for number in range(count):
        ledger.book(bill(f"{number}.25", "7", invoice_id=f"i{number}"))


def list_named_parts(ledger: Ledger) -> list[tuple[str, int, int, int]]:
    return ledger.db.catalog.select("SELECT name, first_bill, last_bill, rows FROM parts ORDER BY first_bill")


def test_too_many_small_parts_become_one(tmp_path: Path) -> None:
    """The ledger says the same before and after, in this process and in the next, and the old files go."""
    with open_ledger(tmp_path) as ledger:
        book_bills(ledger, MAX_SMALL_PARTS + 1)
        before, digest = ledger.all(), compute_digest(ledger.db)
        tidy_parts(ledger.db)
        store.reload_ledger(ledger.db)
        ((_, first_bill, last_bill, row_count),) = list_named_parts(ledger)
        assert (first_bill, last_bill, row_count) == (1, MAX_SMALL_PARTS + 1, 2 * (MAX_SMALL_PARTS + 1))
        assert (ledger.all(), compute_digest(ledger.db)) == (before, digest)
    store.remove_leftovers(tmp_path / "catalog.sqlite")
    assert len(list((tmp_path / "charges").iterdir())) == 1
    with open_ledger(tmp_path) as ledger:
        assert (ledger.all(), compute_digest(ledger.db)) == (before, digest)


def test_few_parts_stay_as_they_are(tmp_path: Path) -> None:
    with open_ledger(tmp_path) as ledger:
        book_bills(ledger, MAX_SMALL_PARTS)
        before = list_named_parts(ledger)
        tidy_parts(ledger.db)
        assert list_named_parts(ledger) == before


def test_large_parts_stay_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(part_merge, "SMALL_PART_ROWS", 2)
    with open_ledger(tmp_path) as ledger:
        book_bills(ledger, MAX_SMALL_PARTS + 1)
        before = list_named_parts(ledger)
        tidy_parts(ledger.db)
        assert list_named_parts(ledger) == before


def test_a_damaged_part_is_named_and_nothing_changes(tmp_path: Path) -> None:
    with open_ledger(tmp_path) as ledger:
        book_bills(ledger, MAX_SMALL_PARTS + 1)
        before = list_named_parts(ledger)
        (tmp_path / "charges" / before[5][0]).write_bytes(b"no part")
        with pytest.raises(LedgerError, match=before[5][0]):
            tidy_parts(ledger.db)
        assert list_named_parts(ledger) == before


def test_a_part_of_no_bill_is_let_go(tmp_path: Path) -> None:
    """A part whose bills are all forgotten is named no more; of one that is merged only charges of bills are kept."""
    with open_ledger(tmp_path) as ledger:
        book_bills(ledger, MAX_SMALL_PARTS + 3)
        with store.open_transaction(ledger.db):
            ledger.db.catalog.execute("DELETE FROM bills WHERE id = 2")
            ledger.db.catalog.execute("UPDATE parts SET last_bill = 4 WHERE first_bill = 3")
            ledger.db.catalog.execute("DELETE FROM bills WHERE id = 3")
        tidy_parts(ledger.db)
        store.reload_ledger(ledger.db)
        bill_ids = ledger.db.execute("SELECT DISTINCT bill FROM charges ORDER BY bill").fetchall()
        assert [bill_id for (bill_id,) in bill_ids] == [1, *range(4, MAX_SMALL_PARTS + 4)]
        assert len(list_named_parts(ledger)) == 1
