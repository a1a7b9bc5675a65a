"""Debits are credits are the rounded total, of every invoice of many worlds: a second computation says the same."""

from __future__ import annotations

import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

import duckdb
import pytest

from billfold.collect.workspace import Workspace
from billfold.ledger.query import LedgerFilter
from billfold.model.errors import InvalidArgument
from billfold.model.money import NATIONAL_CURRENCIES
from billfold.report.journal.files import JournalFile
from billfold.report.journal.invoices import Journal
from billfold.report.journal.mapping import Coding, JournalMapping, JournalRule
from billfold.report.journal.writers import WRITERS
from billfold.tasks.journal import make_journal, write_journal_files
from tests import stage
from tests.laws.worlds import choose_worlds

RULES = [
    JournalRule({"charge-category": "Tax"}, Coding("1576")),
    JournalRule({"provider": "genesys", "service": "*CX*"}, Coding("6410", None, "SUPPORT")),
    JournalRule({"provider": "cockroach", "tag:team": "?*"}, Coding(None, None, "TAGGED")),
    JournalRule({"charge-category": "Usage"}, Coding("6400", "9")),
]
MAPPING = JournalMapping(RULES, suspense="9999")
RATE = Decimal("0.95")


def sum_true_totals(directory: Path) -> dict[tuple[str, str], Decimal]:
    """Sum the charges of each issued invoice with SQL of its own over the files, by invoice and currency."""
    with closing(sqlite3.connect(directory / "catalog.sqlite")) as catalog:
        bills = catalog.execute(
            "SELECT id, invoice_id, currency FROM bills WHERE state='issued' AND until_seq IS NULL AND parked IS NULL"
        ).fetchall()
    parts = f"read_parquet('{directory}/charges/*.parquet', hive_partitioning=false)"
    with closing(duckdb.connect()) as db:
        costs = {
            bill: (cost, spent)
            for bill, cost, spent in db.execute(
                f"SELECT bill, sum(BilledCost), sum(PricingCurrencyEffectiveCost) FROM {parts} GROUP BY bill"
            ).fetchall()
        }
    return {
        (invoice_id, currency): costs[number][0] if currency in NATIONAL_CURRENCIES else costs[number][1] * RATE
        for number, invoice_id, currency in bills
    }


@pytest.fixture(scope="module", params=choose_worlds(3, 8))
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Journal]]:
    directory = tmp_path_factory.mktemp("journal")
    with closing(Workspace(directory)) as workspace:
        stage.collected(stage.twin(seed=request.param, months=4), workspace)
        with workspace.open_ledger() as db:
            yield directory, make_journal(db, LedgerFilter(), MAPPING, {"CRDB_CLOUD_CREDITS": RATE}, {})


def test_every_invoice_is_booked_to_the_cent(world: tuple[Path, Journal]) -> None:
    directory, journal = world
    true_totals, booked = sum_true_totals(directory), dict[tuple[str, str], Decimal]()
    for entry in journal.entries:
        currency = "CRDB_CLOUD_CREDITS" if entry.kind == "Credits used" else entry.currency
        booked[entry.invoice_id, currency] = entry.total
        assert sum(line.amount for line in entry.lines) == entry.total
        assert entry.exact_total == entry.total + entry.residue
    cents = {key: total.quantize(Decimal("0.01"), ROUND_HALF_EVEN) for key, total in true_totals.items() if total}
    assert booked == cents
    assert [bill for bill in journal.left_out if bill.is_wrong] == []


def test_every_program_gets_the_same_sums(world: tuple[Path, Journal]) -> None:
    """The amounts in each file, read back from its text, sum to what is booked, and transactions to zero."""
    _, journal = world
    total = sum(entry.total for entry in journal.entries)
    (beancount,), (hledger,) = (WRITERS[name]("x", journal.entries, MAPPING) for name in ("beancount", "hledger"))
    for file in (beancount, hledger):
        postings = re.findall(
            r"^ +(Expenses|Liabilities|Assets)\S+  (-?[\d.]+) USD", file.content.decode(), re.MULTILINE
        )
        sums = defaultdict[bool, Decimal](Decimal)
        for root, amount in postings:
            sums[root == "Expenses"] += Decimal(amount)
        assert sums == {True: total, False: -total}
    keys = re.findall(r"external_id: \"(.*)\"", beancount.content.decode())
    assert len(set(keys)) == len(keys) == len(journal.entries)


def test_the_same_ledger_gives_the_same_files(world: tuple[Path, Journal]) -> None:
    directory, journal = world
    with closing(Workspace(directory)) as workspace, workspace.open_ledger() as db:
        again = make_journal(db, LedgerFilter(), MAPPING, {"CRDB_CLOUD_CREDITS": RATE}, {})
    assert [writer("x", again.entries, MAPPING) for name, writer in WRITERS.items() if name != "datev"] == [
        writer("x", journal.entries, MAPPING) for name, writer in WRITERS.items() if name != "datev"
    ]


def test_files_are_put_beside_each_other(tmp_path: Path) -> None:
    files = [JournalFile("a.csv", b"1"), JournalFile("a-credits.csv", b"2")]
    paths = write_journal_files(tmp_path / "new" / "a.csv", files)
    assert {path.name: path.read_bytes() for path in paths} == {"a.csv": b"1", "a-credits.csv": b"2"}
    assert sorted((tmp_path / "new").iterdir()) == sorted(paths)
    (tmp_path / "file").touch()
    with pytest.raises(InvalidArgument, match="cannot be written"):
        write_journal_files(tmp_path / "file" / "a.csv", files)
