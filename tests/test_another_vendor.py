"""The provider in docs/another-vendor.md is all that a fifth vendor needs."""

from __future__ import annotations

import re
import runpy
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from unittest import mock

import pytest

from billfold.collect.redact import redact_workspace
from billfold.collect.workspace import Workspace
from billfold.focus.check import check_directory
from billfold.focus.export import ExportSpec, export_focus
from billfold.ledger import catalog, query
from billfold.ledger.digest import compute_digest
from billfold.ledger.entries import ArchivedResponse
from billfold.ledger.focus_views import Selection
from billfold.providers import provider
from billfold.wire.operation import question_text
from tests import stage
from tests.cli.terminal import Terminal

DOCUMENT = Path(__file__).parent.parent / "docs" / "another-vendor.md"
BAD_BODY = b"""{"invoices": [
    {"id": "no-month", "total": 1, "lines": [{"text": "anvil", "cost": 1}]},
    {"month": "2026-05", "total": 1, "lines": [{"text": "anvil", "cost": 1}]},
    {"id": "no-cost", "month": "2026-05", "total": 1, "lines": [{"text": "anvil"}]},
    {"id": "good", "month": "2026-06", "total": 7, "lines": [{"text": "anvil", "cost": 7}]}]}"""
BODY = b"""{"invoices": [{"id": "a1", "month": "2026-05", "total": 12.30, "lines": [{"text": "anvil", "cost": 12.30}]},
                         {"id": "a2", "month": "2026-06", "total": 9, "lines": [{"text": "anvil", "cost": 1}]}]}"""


@pytest.fixture
def acme(monkeypatch: pytest.MonkeyPatch) -> provider.Provider:
    (code,) = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    module = ModuleType("billfold_acme")
    monkeypatch.setitem(sys.modules, "billfold_acme", module)
    exec(code, module.__dict__)
    homes = {**provider._find_modules(), "acme": "billfold_acme"}
    monkeypatch.setattr(provider, "_find_modules", lambda: homes)
    return provider.find_provider("acme")


def collect(books: Workspace, acme: provider.Provider, body: bytes = BODY) -> None:
    """Archive an answer of the vendor, as a collection does."""
    (kind,) = acme.operations
    now = datetime.now(UTC)
    run = books.archive.start_run("acme", "me", "sync", now)
    books.archive.add_responses(
        run,
        ArchivedResponse("list_invoices", question_text(kind()), 200, {"content-type": "application/json"}, body, now),
    )
    books.archive.end_run(run, "complete", now)


def test_its_export_passes_the_focus_checks(acme: provider.Provider, tmp_path: Path) -> None:
    """What it books is exported as files in which `check focus` finds nothing."""
    books = Workspace(tmp_path / "ledger")
    collect(books, acme)
    with books.open_ledger() as db:
        result = export_focus(db, ExportSpec(tmp_path / "out"), Selection(), datetime.now(UTC))
    books.close()
    assert result.rows["CostAndUsage"] == 1
    assert check_directory(tmp_path / "out") == []


def test_a_bad_invoice_is_parked_and_hides_no_other(acme: provider.Provider, tmp_path: Path) -> None:
    """An invoice without its month, id or a cost is parked, and those after it are booked."""
    books = Workspace(tmp_path)
    collect(books, acme, BAD_BODY)
    with books.open_ledger() as db:
        parked_ids = [bill.invoice_id for bill in catalog.list_parked_bills(db, query.LedgerFilter())]
        (charge,) = query.iter_charges(db, query.LedgerFilter())
    books.close()
    assert sorted(parked_ids, key=str) == [None, "no-cost", "no-month"]
    assert charge.InvoiceId == "good"


def test_the_page_says_how_to_try_it_uninstalled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder that the page makes on PYTHONPATH is found as an entry point."""
    page = DOCUMENT.read_text(encoding="utf-8")
    (folder,) = re.findall(r"mkdir -p try/(\S+)", page)
    (entry_points,) = re.findall(r"printf '(.*?)'", page)
    (tmp_path / folder).mkdir()
    (tmp_path / folder / "entry_points.txt").write_text(entry_points.replace("\\n", "\n"), encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    assert provider._find_modules.__wrapped__()["acme"] == "billfold_acme"


@contextmanager
def uninstalled(acme: provider.Provider) -> Iterator[None]:
    """Take the vendor's module away again."""
    homes = {name: home for name, home in provider._find_modules().items() if name != acme.name}
    with mock.patch.object(provider, "_find_modules", return_value=homes):
        yield


def test_one_module_is_found_booked_and_judged(acme: provider.Provider, tmp_path: Path) -> None:
    books = Workspace(tmp_path)
    collect(books, acme)
    with books.open_ledger() as db:
        assert [(bill.invoice_id, bill.total) for bill in query.list_invoices(db, query.LedgerFilter())] == [
            ("a1", "12.30"),
            ("a2", "9"),
        ]
        assert [bill.invoice_id for bill in catalog.list_parked_bills(db, query.LedgerFilter())] == ["a2"]
        (charge,) = query.iter_charges(db, query.LedgerFilter())
        assert (charge.BilledCost, charge.x_JsonPath) == (Decimal("12.30"), "$.invoices[0].lines[0]")
    books.close()


def test_a_vendor_not_installed_any_more_stops_no_other(
    acme: provider.Provider, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A vendor that is not installed any more stops no other, and is told."""
    books, terminal = Workspace(tmp_path / "ledger"), Terminal(tmp_path)
    collect(books, acme)
    sentence = "not complete: acme me: what was collected is kept, but not booked: its provider is not installed"
    with uninstalled(acme):
        assert [
            outcome.error for outcome in stage.collected(stage.twin(months=1), books, "cockroach") if outcome.error
        ] == []
        assert len(terminal.rows("--ledger", "ledger", "invoices", code=1)) > 0
        for command in (["rebuild"], ["reconcile"]):
            result = terminal.run("--ledger", "ledger", *command)
            assert (result.code, "its provider is not installed" in result.all) == (1, True), result
        assert sentence in terminal.run("--ledger", "ledger", "report").err.splitlines()
        assert redact_workspace(books) == 0
        assert "acme is not installed: its answers are not redacted" in caplog.text
    with books.open_ledger() as db:  # and what was left out comes in when it is installed again
        assert len(query.list_invoices(db, query.LedgerFilter(provider="acme"))) == 2
        late = compute_digest(db)
    books.drop_ledger()
    with books.open_ledger() as db:
        assert compute_digest(db) == late
    books.close()
    assert sentence not in terminal.run("--ledger", "ledger", "report").err


def test_a_vendor_without_a_twin_is_no_part_of_the_world(acme: provider.Provider) -> None:
    assert not acme.has_twin
    assert "acme" not in {vendor.provider.name for vendor in stage.twin(months=1).world.vendors}


def test_the_table_of_coverage_holds_only_our_own_vendors(acme: provider.Provider) -> None:
    """A vendor of another package gets no row in docs/coverage.md."""
    render_coverage = runpy.run_path(str(DOCUMENT.with_name("make.py")))["render_coverage"]
    assert "acme" not in render_coverage()
