"""A part of a ledger: what is not of some accounts is in no table, in no charge and in no entry of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from billfold.collect.workspace import Workspace
from billfold.ledger import catalog, query
from billfold.ledger.archive import Archive
from billfold.ledger.chain import compute_head
from billfold.ledger.columns import CATALOG_TABLES
from billfold.ledger.layout import ARCHIVE_FILE
from billfold.ledger.narrowed_archive import NarrowedArchive
from billfold.ledger.narrowing import open_narrowed
from billfold.ledger.query import LedgerFilter
from billfold.ledger.store import OpenLedger
from billfold.ledger.verify import find_archive_damage
from billfold.model.identity import EVERY_ACCOUNT, AccountPatterns
from tests.stage import AT, collected, twin

VULTR = AccountPatterns(("vultr/*",))


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a ledger of two accounts, of one month."""
    path = tmp_path_factory.mktemp("narrowed") / "ledger"
    host = twin(months=1)
    vendors = [vendor for vendor in host.world.vendors if vendor.provider.name in {"vultr", "fastly"}]
    host.world.vendors[:] = [vendor._replace(accounts=vendor.accounts[:1]) for vendor in vendors]
    workspace = Workspace(path)
    collected(host, workspace)
    workspace.close()
    return path


@contextmanager
def narrowed(directory: Path, accounts: AccountPatterns) -> Iterator[tuple[OpenLedger, NarrowedArchive]]:
    """Open the part of a ledger that some accounts are."""
    with (
        closing(Workspace(directory)) as workspace,
        workspace.open_ledger() as db,
        closing(open_narrowed(db, workspace.archive.path, accounts)) as archive,
    ):
        yield db, archive


def test_no_table_has_another_account(directory: Path) -> None:
    with narrowed(directory, VULTR) as (db, _):
        for table, columns in CATALOG_TABLES.items():
            if "provider" in columns:
                providers = {row[0] for row in db.execute(f"SELECT DISTINCT provider FROM {table}").fetchall()}
                assert providers <= {"vultr"}, table
        assert {bill.provider for bill in catalog.list_bills(db, LedgerFilter())} == {"vultr"}
        issuers = {row[0] for row in db.execute("SELECT DISTINCT InvoiceIssuerName FROM charges").fetchall()}
        assert issuers == {"Vultr"}
        (bill_id,) = db.execute("SELECT max(id) FROM bills").fetchall()[0]
        assert db.execute(db.build_bill_sql(bill_id)).fetchall()
        orphans = "SELECT count(*) FROM charges WHERE bill NOT IN (SELECT id FROM bills)"
        assert db.execute(orphans).fetchall() == [(0,)]
        assert {charge.ServiceProviderName for charge in query.iter_charges(db, LedgerFilter())} == {"Vultr"}


def test_a_foreign_bill_has_no_charges_by_its_number(directory: Path) -> None:
    with closing(Workspace(directory)) as workspace, workspace.open_ledger() as db:
        foreign_ids = [bill.id for bill in catalog.list_bills(db, LedgerFilter()) if bill.provider == "fastly"]
    with narrowed(directory, VULTR) as (db, _):
        for bill_id in foreign_ids:
            assert db.execute(db.build_bill_sql(bill_id)).fetchall() == []


def test_the_archive_shows_no_other_entry(directory: Path) -> None:
    with narrowed(directory, VULTR) as (_, archive), Archive(directory / ARCHIVE_FILE) as whole:
        assert {entry.provider for entry in archive.iter_entries()} == {"vultr"}
        assert [run for run in whole.list_runs() if run.provider == "vultr"] == archive.list_runs()
        heads = {key: head for key, head in whole.read_account_heads().items() if key[0] == "vultr"}
        assert archive.read_head() == compute_head(heads)
        assert list(find_archive_damage(archive)) == []
        assert archive.read_last_seq() == max(entry.seq for entry in archive.iter_entries())


def test_nothing_is_left_for_no_pattern(directory: Path) -> None:
    with narrowed(directory, AccountPatterns(())) as (db, archive):
        assert catalog.list_bills(db, LedgerFilter()) == []
        assert (list(archive.iter_entries()), archive.list_runs(), archive.read_last_seq()) == ([], [], 0)
    with narrowed(directory, EVERY_ACCOUNT) as (db, archive):
        assert len({bill.provider for bill in catalog.list_bills(db, LedgerFilter())}) == 2
        assert len(archive.list_runs()) == 2


def test_damage_of_another_account_is_not_told(tmp_path: Path, directory: Path) -> None:
    """What is damaged is told to who sees the account, and only to him."""
    copy = tmp_path / ARCHIVE_FILE
    with Archive(directory / ARCHIVE_FILE) as archive:
        archive.checkpoint_wal()
    copy.write_bytes((directory / ARCHIVE_FILE).read_bytes())
    with Archive(copy) as archive:
        (entry, *_) = (row for row in archive.iter_answers() if row.provider == "fastly")
        with archive.open_transaction() as db:
            db.execute("UPDATE bodies SET packed = x'00' WHERE hash = ?", (entry.body,))
    for accounts, count in ((VULTR, 0), (AccountPatterns(("fastly/*",)), 1)):
        with closing(NarrowedArchive(copy, accounts, {})) as part:
            assert len(list(find_archive_damage(part))) == count


def test_an_account_goes_by_its_present_name(tmp_path: Path) -> None:
    """An account that was called otherwise is seen by who sees what it is called now, in all of its history, and by nobody else."""
    path, host = tmp_path / "ledger", twin(months=1)
    host.world.vendors[:] = [vendor for vendor in host.world.vendors if vendor.provider.name == "vultr"]
    host.world.vendors[:] = [vendor._replace(accounts=vendor.accounts[:1]) for vendor in host.world.vendors]
    workspace = Workspace(path)
    collected(host, workspace, called={"vultr": "secret"})
    host.clock.advance(timedelta(days=1))
    collected(host, workspace, called={"vultr": "open"})
    workspace.close()
    with narrowed(path, AccountPatterns(("vultr/open",))) as (db, archive):
        assert {entry.account for entry in archive.iter_answers()} == {"secret", "open"}
        assert catalog.list_bills(db, LedgerFilter())
    with narrowed(path, AccountPatterns(("vultr/secret",))) as (db, archive):
        assert list(archive.iter_answers()) == []
        assert catalog.list_bills(db, LedgerFilter()) == []
    assert host.clock.now() > AT
