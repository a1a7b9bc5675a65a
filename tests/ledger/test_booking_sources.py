"""An invoice that several sources tell is one invoice: the source that says most of it is believed."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from billfold.collect.importing import ImportResult, import_files
from billfold.collect.workspace import Workspace
from billfold.ledger import restatements
from billfold.ledger.query import LedgerFilter
from billfold.model.bill import Bill, BillSource, State
from billfold.model.finding import make_finding
from billfold.model.finding_codes import FindingCode
from billfold.model.period import parse_instant
from billfold.providers import provider
from billfold.providers.fastly.api_v2 import GetInvoice, GetInvoiceFile
from billfold.report import reconcile
from billfold.twin.host import TwinHost
from billfold.wire.operation import Operation
from tests import stage as stages
from tests.findings import list_notices
from tests.ledger.kit import Ledger, bill, open_ledger


def less(*costs: str, source: BillSource = BillSource.OLDER_API, **more: Any) -> Bill:
    return bill(*costs, source=source, **more)


@pytest.fixture
def host() -> TwinHost:
    return stages.twin(months=2)


@pytest.fixture
def books(tmp_path: Path, host: TwinHost) -> Any:
    books = Workspace(tmp_path / "ledger")
    stages.collected(host, books)
    yield books
    books.close()


def restated(ledger: Ledger) -> list[tuple[str, str | None]]:
    runs = "SELECT DISTINCT run, provider, account, TIMESTAMP '2026-11-15', from_seq FROM bills"
    ledger.db.execute(f"INSERT INTO runs (run, provider, account, ended, seq) {runs}")
    return [(event.change.old_total, event.change.new_total) for event in restatements.list_restatements(ledger.db)]


@pytest.mark.parametrize(
    "poorer", [less("3"), less("1", "2"), less("3", total=None), less("3", currency="XXX", total=None)]
)
def test_what_says_less_never_takes_the_place_of_what_says_more(poorer: Bill, tmp_path: Path) -> None:
    with open_ledger(tmp_path) as ledger:
        assert ledger.book(bill("3"))
        before = ledger.all()
        assert not ledger.book(poorer)
        assert ledger.all() == before


def test_a_final_of_any_source_takes_the_place_of_a_draft(tmp_path: Path) -> None:
    with open_ledger(tmp_path) as ledger:
        ledger.book(bill("3", state=State.DRAFT))
        assert ledger.book(less("4"))
        assert ledger.bills("state", "total") == [("issued", "4")]


def test_what_says_more_restates_only_another_total(tmp_path: Path) -> None:
    """What says more takes the place and restates only another total."""
    with open_ledger(tmp_path) as ledger:
        for version in (less("3", source=BillSource.OLDER_FILE), less("1", "2"), bill("2", "1"), bill("4")):
            assert ledger.book(version)
        assert ledger.bills("total", "grade") == [("4", 0)]
        assert restated(ledger) == [("3", "4")]
    (tmp_path / "catalog.sqlite").unlink()
    with open_ledger(tmp_path) as ledger:
        ledger.book(less("3"))
        ledger.book(bill("4"))
        assert restated(ledger) == [("3", "4")]


def saved(host: TwinHost, vendor: str, op: Operation[Any], path: Path) -> Path:
    path.write_bytes(stages.connection(host, stages.stage(host, vendor).accounts[0]).send(op).body)
    return path


def state(books: Workspace) -> list[Any]:
    """Return what is believed; the terms of payment are taken from any source that states them."""
    with books.open_ledger() as db:
        columns = "* EXCLUDE (run, from_seq, terms, due_on)"
        rows = db.execute(f"SELECT {columns} FROM bills WHERE until_seq IS NULL ORDER BY ALL").fetchall()
        return [rows, restatements.list_restatements(db)]


def imported(books: Workspace, vendor: str, file: Path, name: str, **ids: str) -> ImportResult:
    return import_files(books, provider.find_provider(vendor), name, [file], None, ids)


@pytest.mark.parametrize("vendor", ["vultr", "genesys"])
def test_lines_alone_take_no_booked_invoices_place(
    vendor: str, host: TwinHost, books: Workspace, tmp_path: Path
) -> None:
    """Lines alone do not take the place of an invoice that is booked."""
    vendor_provider, [account, *_] = provider.find_provider(vendor), stages.stage(host, vendor).accounts
    with books.open_ledger() as db:
        query = "SELECT invoice_id FROM bills JOIN accounts USING (provider, account) WHERE name=? AND state='issued'"
        [key, *_] = [row[0] for row in db.execute(query, [account.name]).fetchall()]
    before = state(books)
    kind = vendor_provider.find_operation(
        "get_invoice_items" if vendor == "vultr" else "get_billing_contracts_invoice_lines"
    )
    file = saved(host, vendor, kind(invoice_id=key), tmp_path / "lines.json")
    import_result = imported(books, vendor, file, account.name, invoice_id=key)
    assert (import_result.is_doubtful, import_result.bills) == (False, [])
    assert state(books) == before


@pytest.mark.parametrize("file_format", ["json", "csv"])
def test_one_invoice_of_two_api_generations_is_one(
    file_format: str, host: TwinHost, books: Workspace, tmp_path: Path
) -> None:
    """One invoice of two API generations is one that nothing restates."""
    before, month = state(books), host.world.first_month
    fields: dict[str, Any] = {"year": f"{month}"[:4], "month": f"{month}"[5:]}
    op = GetInvoice(**fields) if file_format == "json" else GetInvoiceFile(**fields, format="csv")
    file = saved(host, "fastly", op, tmp_path / f"old.{file_format}")
    [account, *_] = stages.stage(host, "fastly").accounts
    import_result = imported(books, "fastly", file, account.name)
    assert (import_result.is_doubtful, import_result.bills) == (False, [])
    assert state(books) == before
    assert all(list_notices(outcome.findings) == () for outcome in stages.collected(host, books))
    assert state(books) == before


def test_an_older_api_with_another_total_is_not_booked(host: TwinHost, books: Workspace, tmp_path: Path) -> None:
    """An older API that says another total is told and not booked."""
    before, month = state(books), host.world.first_month
    op = GetInvoice(year=f"{month}"[:4], month=f"{month}"[5:])
    host.set_fault(stages.fault("fastly", "total-off-by-a-lot", times=9))
    file = saved(host, "fastly", op, tmp_path / "old.json")
    import_result = imported(books, "fastly", file, stages.stage(host, "fastly").accounts[0].name)
    assert import_result.is_doubtful
    assert "by a source that says less than the one booked" in import_result.files[-1].message
    assert state(books) == before


def test_a_draft_in_another_currency_takes_nothing_from_a_final(tmp_path: Path) -> None:
    with open_ledger(tmp_path) as ledger:
        ledger.book(bill("3"))
        before = ledger.all()
        assert not ledger.book(bill("4", state=State.DRAFT, currency="EUR"))
        assert ledger.all() == before


@pytest.mark.parametrize("vendor", ["vultr", "cockroach", "genesys"])
@pytest.mark.parametrize("first", ["sync", "import"])
def test_an_import_under_another_name_counts_once(vendor: str, first: str, host: TwinHost, tmp_path: Path) -> None:
    """An invoice that is imported under another name is not counted twice."""
    books, [account, *_] = Workspace(tmp_path / "other"), stages.stage(host, vendor).accounts
    operation_names = {
        "vultr": "list_invoices",
        "cockroach": "list_invoices",
        "genesys": "get_billing_contracts_invoices",
    }
    file = saved(
        host, vendor, provider.find_provider(vendor).find_operation(operation_names[vendor])(), tmp_path / "list.json"
    )
    called = {account.name: f"my-{account.name}" for account in stages.stage(host, vendor).accounts}
    for step in (first, *{"sync", "import"} - {first}):
        if step == "sync":
            stages.collected(host, books, vendor, called=called)
        else:
            imported(books, vendor, file, account.name)
    with books.open_ledger() as db:
        query = (
            "SELECT invoice_id, currency, count(*) FROM bills WHERE until_seq IS NULL AND state='issued' GROUP BY ALL"
        )
        assert [row for row in db.execute(query).fetchall() if row[2] > 1] == []
        assert f"my-{account.name}" in {row[0] for row in db.execute("SELECT name FROM accounts").fetchall()}
    books.close()


def test_an_estimate_without_a_total_contradicts_nothing(tmp_path: Path) -> None:
    """An estimate without a total says nothing against its invoice."""
    with open_ledger(tmp_path) as ledger:
        ledger.book(
            bill(
                "1",
                state=State.ESTIMATE,
                total=None,
                findings=(make_finding(FindingCode.BILL_UNREADABLE, "it cannot be trusted"),),
            )
        )
        ledger.book(bill("2"))
        assert reconcile.compare_estimates(ledger.db, LedgerFilter()) == []


@pytest.mark.parametrize("is_older_first", [False, True])
def test_terms_of_an_older_source_are_taken(is_older_first: bool, tmp_path: Path) -> None:
    """Terms of payment that only an older source states stay with the invoice, and so does the date that follows."""
    issued_on = parse_instant("2026-06-01")
    versions = [bill("3", issued_on=issued_on), less("3", terms="Net15", issued_on=issued_on)]
    with open_ledger(tmp_path) as ledger:
        for version in reversed(versions) if is_older_first else versions:
            ledger.book(version)
        assert ledger.bills("grade", "terms", "due_on") == [(0, "Net15", datetime(2026, 6, 16))]  # noqa: DTZ001
        before = ledger.all()
        assert not ledger.book(versions[0])
        assert ledger.all() == before
