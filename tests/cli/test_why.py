"""Why a month costs more: parts that sum to what the invoices differ by, in JSON, CSV and a table that fits."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from billfold.collect.workspace import Workspace
from tests import stage
from tests.cli.terminal import Terminal, clear
from tests.ledger.kit import invoice, invoices

KINDS = "new gone rate quantity calendar credit discount tax shortfall restatement other"


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    """Return a terminal with three months of Vultr and Fastly, of which a Vultr invoice was restated."""
    home = tmp_path_factory.mktemp("why")
    host, workspace = stage.twin(months=3), Workspace(home / "ledger")
    for vendor in ("vultr", "fastly"):
        stage.collected(host, workspace, vendor)
    host.clock.advance(timedelta(hours=1))
    host.set_fault(stage.fault("vultr", "restated-changed"))
    stage.collected(host, workspace, "vultr", recheck_months=3)
    workspace.close()
    return Terminal(home)


def read_rows(terminal: Terminal, *arguments: str, code: int = 0) -> list[dict[str, Any]]:
    """Return what the command says in JSON."""
    return terminal.rows("--ledger", "ledger", "why", *arguments, code=code)


def sum_amounts(rows: list[dict[str, Any]]) -> dict[tuple[str, ...], Decimal]:
    """Return what parts come to by provider, account and currency."""
    sums = defaultdict[tuple[str, ...], Decimal](Decimal)
    for row in rows:
        sums[row["provider"], row["account"], row["currency"]] += Decimal(row["amount"])
    return sums


def find_changes(terminal: Terminal, month: str, against: str) -> dict[tuple[str, ...], Decimal]:
    """Return what the issued invoices of two months differ by, by provider, account and currency."""
    changes = defaultdict[tuple[str, ...], Decimal](Decimal)
    for bill in terminal.rows("--ledger", "ledger", "invoices"):
        sign = {month: 1, against: -1}.get(bill["period_start"][:7], 0)
        if bill["state"] == "issued" and sign:
            changes[bill["provider"], bill["account"], bill["currency"]] += sign * Decimal(bill["total"])
    return changes


@pytest.mark.parametrize(
    ("month", "against", "by"),
    [("2026-10", "2026-09", "account"), ("2026-10", "2026-08", "resource"), ("2026-09", "2026-10", "sku")],
)
def test_parts_sum_to_what_the_invoices_differ_by(month: str, against: str, by: str, terminal: Terminal) -> None:
    rows = read_rows(terminal, month, "--against", against, "--by", by)
    assert sum_amounts(rows) == find_changes(terminal, month, against)
    assert {row["kind"] for row in rows} <= set(KINDS.split())
    assert all(by in row for row in rows)


def test_a_restated_invoice_is_a_kind_of_its_own(terminal: Terminal) -> None:
    (change,) = terminal.rows("--ledger", "ledger", "restatements")
    month = change["period_start"][:7]
    (row,) = [row for row in read_rows(terminal, month, "--provider", "vultr") if row["kind"] == "restatement"]
    assert (row["amount"], row["invoices"]) == (change["difference"], [change["invoice_id"]])


def test_each_part_leads_to_its_charges(terminal: Terminal) -> None:
    """An id that a part names is one that ``explain`` knows."""
    rows = [row for row in read_rows(terminal, "2026-10") if row["kind"] in {"gone", "quantity"}]
    for reference in (rows[0]["charges"][0], rows[-1]["charges"][-1], rows[0]["invoices"][0]):
        assert terminal.run("--ledger", "ledger", "explain", reference).code == 0


def test_csv_has_the_same_parts(terminal: Terminal) -> None:
    result = terminal.run("--ledger", "ledger", "why", "2026-10", "--by", "service", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(result.out)))
    columns = ["provider", "account", "currency", "service", "kind", "amount", "charge_count", "charges", "invoices"]
    assert list(rows[0]) == columns
    assert sum_amounts(rows) == sum_amounts(read_rows(terminal, "2026-10"))


def test_the_table_says_what_moved_and_names_the_largest(terminal: Terminal) -> None:
    result = terminal.run("--ledger", "ledger", "why", "2026-09")
    clear(result, 0, "Issued invoices of 2026-09 against 2026-08")
    for text in ("fastly subtotal", "quantity", "What moved most", "billfold explain"):
        assert text in result.out


def test_what_cannot_be_compared_is_said(terminal: Terminal) -> None:
    clear(terminal.run("--ledger", "ledger", "why", "2020-05"), 1, "no issued invoices of 2020-04 or 2020-05")
    same = terminal.run("--ledger", "ledger", "why", "2026-10", "--against", "2026-10")
    clear(same, 2, "2026-10 cannot be compared with itself: choose another month with --against")
    unissued = terminal.run("--ledger", "ledger", "why", "2026-11", "--provider", "vultr")
    assert "vultr vultr has no issued invoice of 2026-11 in USD" in unissued.err


def test_what_is_parked_is_named(tmp_path: Path) -> None:
    """A month whose invoice does not add up is compared without it, and that is told."""
    terminal = Terminal(tmp_path)
    (tmp_path / "off.json").write_bytes(invoices(invoice("r", total="7")))
    terminal.run("--ledger", "ledger", "import", "cockroach", "off.json")
    clear(terminal.run("--ledger", "ledger", "why", "2026-08"), 1, "its charges sum to 1.5 USD")
