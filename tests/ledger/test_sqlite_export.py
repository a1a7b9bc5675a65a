"""An SQLite file holds every digit as text, and takes nobody else's place."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from billfold.ledger import store
from billfold.ledger.focus_views import FocusViews, Selection
from billfold.ledger.query import LedgerFilter, iter_charges
from billfold.ledger.sqlite_export import export_sqlite
from billfold.model.errors import InvalidArgument
from tests.focus import sample


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sample.booked(tmp_path_factory.mktemp("ledger"), sample.everything())


def write(ledger: Path, path: Path) -> dict[str, int]:
    with store.open_ledger(ledger) as db:
        return export_sqlite(FocusViews(db, Selection()), path)


def test_a_file_holds_every_digit_once(ledger: Path, tmp_path: Path) -> None:
    path = tmp_path / "new" / "ledger.sqlite"
    counts = write(ledger, path)
    first = path.read_bytes()
    assert write(ledger, path) == counts
    assert path.read_bytes() == first
    with store.open_ledger(ledger) as db:
        charges = list(iter_charges(db, LedgerFilter()))
    with closing(sqlite3.connect(path)) as file:
        costs = [Decimal(row[0]) for row in file.execute("SELECT BilledCost FROM cost_and_usage")]
        types = file.execute("SELECT DISTINCT typeof(BilledCost) FROM cost_and_usage_numbers").fetchall()
    assert sorted(costs) == sorted(charge.BilledCost or Decimal(0) for charge in charges)
    assert types == [("real",)]
    assert counts["cost_and_usage"] == len(charges)
    assert [entry.name for entry in path.parent.iterdir()] == ["ledger.sqlite"]


def test_a_file_of_anybody_elses_stays(ledger: Path, tmp_path: Path) -> None:
    foreign = tmp_path / "foreign.sqlite"
    with closing(sqlite3.connect(foreign)) as file:
        file.execute("CREATE TABLE mine (a)")
    (tmp_path / "text").write_text("mine")
    for path in (foreign, tmp_path / "text"):
        before = path.read_bytes()
        with pytest.raises(InvalidArgument, match="would be replaced"):
            write(ledger, path)
        assert path.read_bytes() == before
    with pytest.raises(InvalidArgument, match="cannot be written"):
        write(ledger, tmp_path / "text" / "x")
