"""Damage of the ledger's files shows when they are opened: it is named, or the ledger is computed anew."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from billfold.collect.workspace import Workspace
from billfold.ledger import store
from billfold.ledger.catalog_file import DamagedLedgerError, read_catalog
from billfold.ledger.checksums import sum_file, sum_rows
from billfold.ledger.verify import find_damage
from billfold.model.finding_codes import FindingCode
from tests import stage
from tests.ledger.kit import bill, open_ledger


def alter(path: Path, statement: str) -> None:
    """Change a catalog behind its back, as a damaged page would."""
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(statement)


def flip_part(directory: Path) -> None:
    """Flip a bit in the midst of a part."""
    path = next(directory.glob("charges/*.parquet"))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 16
    path.write_bytes(content)


def cut_part(directory: Path) -> None:
    """Lose the end of a part."""
    path = next(directory.glob("charges/*.parquet"))
    path.write_bytes(path.read_bytes()[:-1])


def remove_part(directory: Path) -> None:
    """Lose a part."""
    next(directory.glob("charges/*.parquet")).unlink()


def change_total(directory: Path) -> None:
    """Have a bill state another total."""
    alter(directory / "catalog.sqlite", "UPDATE bills SET total='7.77' WHERE id=1")


def lose_bill(directory: Path) -> None:
    """Lose a bill."""
    alter(directory / "catalog.sqlite", "DELETE FROM bills WHERE id=1")


def change_column_type(directory: Path) -> None:
    """Have totals that are written be floats."""
    schema = "UPDATE sqlite_schema SET sql=replace(sql, '\"total\" TEXT', '\"total\" REAL')"
    with closing(sqlite3.connect(directory / "catalog.sqlite")) as db, db:
        db.execute("PRAGMA writable_schema=ON")
        db.execute(schema)


def delete_and_fail(db: store.OpenLedger) -> None:
    with store.open_transaction(db):
        db.catalog.execute("DELETE FROM bills")
        raise ZeroDivisionError


DAMAGES = [flip_part, cut_part, remove_part, change_total, lose_bill, change_column_type]


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_named_and_mended(damage: Callable[[Path], None], books: Workspace) -> None:
    """What is damaged in the ledger is named by verify, and whoever asks next gets the truth."""
    stage.collected(stage.twin(months=2), books, "cockroach")
    live = stage.read_digest(books)
    assert not list(find_damage(books.archive, books.ledger_path))
    damage(books.directory)
    codes = [finding.code for finding in find_damage(books.archive, books.ledger_path)]
    assert codes == [FindingCode.LEDGER_DAMAGED]
    assert stage.read_digest(books) == live
    assert not list(find_damage(books.archive, books.ledger_path))


def test_an_index_that_lacks_a_row_is_no_catalog_to_book_in(tmp_path: Path) -> None:
    """Who reads needs no index; who books would book a bill twice that one does not show."""
    with open_ledger(tmp_path) as ledger:
        ledger.book(bill("1"))
    path = tmp_path / "catalog.sqlite"
    with closing(sqlite3.connect(path)) as db, db:
        index_page = db.execute("SELECT rootpage FROM sqlite_schema WHERE name='bills_by_account'").fetchone()[0]
        page_size = db.execute("PRAGMA page_size").fetchone()[0]
    content = bytearray(path.read_bytes())
    content[(index_page - 1) * page_size + 4] = 0  # how many rows it has
    path.write_bytes(content)
    with store.open_ledger(path) as ledger_again, pytest.raises(DamagedLedgerError, match="index"):
        ledger_again.catalog.select("SELECT 1")


def test_every_way_to_write_keeps_the_checksum(tmp_path: Path) -> None:
    """Rows that are added, changed, replaced and removed count; what is rolled back does not."""
    with open_ledger(tmp_path) as ledger:
        for cost in ("1", "2", "1"):
            ledger.book(bill(cost))
        db = ledger.db
        with pytest.raises(ZeroDivisionError):
            delete_and_fail(db)
        with store.open_transaction(db):
            db.catalog.execute("INSERT OR REPLACE INTO meta VALUES ('last_bill', '9')")
            db.catalog.execute("UPDATE bills SET lines = lines + 1")
            db.catalog.execute("DELETE FROM runs")
        assert ("last_bill", "9") in read_catalog(db.path)["meta"]


def test_sums_of_rows_add_up_in_any_order() -> None:
    rows = [(1, "a", None), (2, "b", "1.50"), (3, "b", "1.50")]
    assert sum_rows(rows) == sum_rows(rows[::-1]) == sum_rows(rows[:1]) + sum_rows(rows[1:])
    assert sum_rows(rows) != sum_rows([*rows[:2], (3, "b", "1.51")])


def test_a_missing_file_has_no_checksum(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert (sum_file(tmp_path / "empty"), sum_file(tmp_path / "none")) == ("00000000", "")
