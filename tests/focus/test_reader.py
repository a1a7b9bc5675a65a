"""The ledger as programs read it: frames of arrow, answers to questions, and nothing that changes it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

import billfold
from billfold.collect.workspace import Workspace
from billfold.focus.reader import Ledger
from billfold.model.errors import InvalidArgument, LedgerError
from tests import stage
from tests.focus import sample


def test_frames_are_arrow_without_a_float(tmp_path: Path) -> None:
    sample.booked(tmp_path, sample.everything())
    with Ledger(tmp_path) as ledger:
        readers = [ledger.charges(), ledger.invoice_details(), ledger.billing_periods(), ledger.contract_commitments()]
        tables = [frame.read_all() for frame in readers]
        assert [table.num_rows for table in tables] == [36, 30, 5, 1]
        assert not any("double" in str(kind) or "float" in str(kind) for table in tables for kind in table.schema.types)
        total = duckdb.from_arrow(tables[0]).sum("BilledCost").fetchall()[0][0]
        names, records = ledger.rows("SELECT sum(BilledCost) AS total FROM CostAndUsage")
        assert (names, list(records)) == (["total"], [{"total": total}])


def test_every_time_says_that_it_is_utc(tmp_path: Path) -> None:
    """Times of all datasets, of SQL's answers and of rows are aware, and the same whichever way they are read."""
    sample.booked(tmp_path, sample.everything())
    query = "SELECT ChargePeriodStart, ChargePeriodStart, NULL::TIMESTAMP FROM CostAndUsage ORDER BY 1"
    with Ledger(tmp_path) as ledger:
        readers = [ledger.charges(), ledger.invoice_details(), ledger.billing_periods(), ledger.contract_commitments()]
        time_types = {str(kind) for reader in readers for kind in reader.schema.types if "timestamp" in str(kind)}
        assert time_types == {"timestamp[us, tz=UTC]"}
        answered = [
            list(row.values()) for row in ledger.sql(query).read_all().rename_columns(["a", "b", "c"]).to_pylist()
        ]
        assert answered == [list(row.values()) for row in ledger.rows(query)[1]]
        assert answered[0][0].utcoffset() == timedelta(0)
        assert answered[0][0] == min(
            charge.ChargePeriodStart for charge in ledger.iter_charges() if charge.ChargePeriodStart
        )


def test_typed_rows_are_what_the_datasets_are(tmp_path: Path) -> None:
    """Charges as typed rows are those of the dataset, and bills have a decimal total and a period that is aware."""
    sample.booked(tmp_path, sample.everything())
    with Ledger(tmp_path) as ledger:
        bills, charges = ledger.list_bills(), list(ledger.iter_charges())
        assert len(charges) == ledger.charges().read_all().num_rows
        assert all(isinstance(charge.BilledCost, Decimal) for charge in charges)
        assert {bill.state for bill in bills} == {"issued", "draft", "estimate"}
        assert all(bill.period_start.tzinfo and isinstance(bill.total, Decimal | None) for bill in bills)
        issued_ids = {bill.invoice_id for bill in bills if bill.state == "issued" and not bill.parked}
        assert issued_ids == {charge.InvoiceId for charge in charges if charge.x_State == "issued"}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(None, "there is no ledger"), (b"", "another format"), (b"damaged" * 1000, "cannot be read"), ("meta", "another")],
)
def test_what_is_no_ledger_is_not_read_as_one(content: bytes | str | None, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content:
        with closing(sqlite3.connect(path)) as other:
            other.execute(f"CREATE TABLE {content} (a INTEGER)")
    with pytest.raises(LedgerError, match=sentence) as error:
        Ledger(tmp_path)
    assert "billfold rebuild" in str(error.value)


@pytest.mark.parametrize(
    "query",
    [
        "DROP TABLE charges",
        "INSERT INTO bills SELECT * FROM bills",
        "SELECT 1; SELECT 2",
        "COPY charges TO 'x.csv'",
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT nothing FROM CostAndUsage",
        "ATTACH 'x.db'",
        "SET memory_limit = '1MB'",
        "",
    ],
)
def test_the_ledger_can_only_be_asked(query: str, tmp_path: Path) -> None:
    sample.booked(tmp_path, sample.everything())
    with Ledger(tmp_path) as ledger, pytest.raises(InvalidArgument):
        list(ledger.rows(query)[1])


def count_charges(directory: Path, as_of: date | None) -> int:
    with billfold.Ledger(directory, as_of=as_of) as ledger:
        return len(ledger.charges().read_all())


def test_a_ledger_shows_what_was_known_at_a_time(tmp_path: Path) -> None:
    """A ledger shows what was known at a time or at the end of a day."""
    host, books = stage.twin(months=1), Workspace(tmp_path)
    stage.collected(host, books, "cockroach")
    first = count_charges(tmp_path, None)
    host.clock.advance(timedelta(days=31))
    stage.collected(host, books, "cockroach")
    began, now = stage.AT.date(), count_charges(tmp_path, None)
    assert 0 < first < now
    assert (
        count_charges(tmp_path, stage.AT - timedelta(microseconds=1))
        == count_charges(tmp_path, began - timedelta(days=2))
        == 0
    )
    assert count_charges(tmp_path, stage.AT + timedelta(hours=1)) == count_charges(tmp_path, began) == first
    assert count_charges(tmp_path, date(2100, 1, 1)) == now
    wrongs: tuple[Any, ...] = datetime(2026, 11, 15), date.max, "2026-11-15"  # noqa: DTZ001 - it must be refused
    for wrong in wrongs:
        with pytest.raises(InvalidArgument):
            count_charges(tmp_path, wrong)
    books.archive.close()
    books.archive.path.unlink()
    with pytest.raises(LedgerError, match="no archive"):
        count_charges(tmp_path, began)
    assert not books.archive.path.exists()
