"""Laws of payments and balances: over several worlds, against sums of the raw answers by other code."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from billfold.collect.workspace import Workspace
from billfold.ledger.payments import list_payments
from billfold.ledger.query import LedgerFilter
from billfold.report.balances import BalanceMonth, roll_forward
from billfold.report.payables import Payables, find_payables
from tests import stage
from tests.laws.worlds import choose_worlds
from tests.ledger.kit import collected

MONTHS = 4
ALL = LedgerFilter()
Sums = dict[tuple[str, str], tuple[Decimal, Decimal, Decimal]]
"""Used, bought (0 where no answer says it) and closing, by balance and month."""


@pytest.fixture(params=choose_worlds(2, 8), scope="module")
def workspace(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """Yield what was collected twice of a world, 31 days apart; leave it as it is."""
    host, books = stage.twin(seed=request.param, months=MONTHS), Workspace(tmp_path_factory.mktemp("books"))
    for vendor in ("vultr", "cockroach", "genesys"):
        stage.collected(host, books, vendor, workers=1)
    host.clock.advance(timedelta(days=31))
    for vendor in ("vultr", "cockroach", "genesys"):
        stage.collected(host, books, vendor, workers=1)
    yield books
    books.close()


def read_report(books: Workspace) -> tuple[list[BalanceMonth], Payables]:
    """Return the roll-forward and what is to be paid."""
    with books.open_ledger() as db:
        return roll_forward(db, ALL), find_payables(db, ALL)


def list_bodies(books: Workspace, operation: str) -> Iterator[Any]:
    """Yield the raw answers to an operation, the last ones last."""
    for entry in books.archive.iter_answers(operation=operation):
        yield json.loads(books.archive.read_body(entry.body), parse_float=Decimal, parse_int=Decimal)


def sum_history(books: Workspace) -> Sums:
    """Add up Vultr's billing history: what is in the customer's favor is below 0 there."""
    *_, last = list_bodies(books, "list_billing_history")
    sums: Sums = {}
    for row in reversed(last["billing_history"]):
        key, amount = ("account", row["date"][:7]), abs(row["amount"])
        used, bought, _ = sums.get(key, (Decimal(0),) * 3)
        is_invoice = row["type"] == "invoice"
        sums[key] = (used + amount * is_invoice, bought + amount * (not is_invoice), -row["balance"])
    return sums


def sum_credits(books: Workspace) -> Sums:
    """Take what CockroachDB's final invoices state in credits."""
    sums: Sums = {}
    for body in list_bodies(books, "list_invoices"):
        for invoice in body.get("invoices", []):
            (total,), (balance,) = invoice["totals"], invoice["balances"]
            if balance["currency"] == "CRDB_CLOUD_CREDITS" and invoice["status"] == "FINALIZED":
                closing = Decimal(str(balance["amount"]))
                sums[balance["currency"], invoice["period_start"][:7]] = (total["amount"], Decimal(0), closing)
    return sums


def sum_wallets(books: Workspace) -> Sums:
    """Take what Genesys' wallets state; what goes beyond them is no use of them."""
    sums: Sums = {}
    for body in list_bodies(books, "get_billing_contract_billingperiod"):
        for wallet in body["wallets"]:
            used = wallet["balanceConsumption"] - wallet["balanceOverage"]
            bought = wallet["balanceIncrease"] - wallet["balanceDecrease"]
            sums[wallet["id"], body["dateStart"][:7]] = (used, bought, wallet["endingBalance"])
    return sums


def test_every_month_closes_as_the_vendor_says(workspace: Workspace) -> None:
    """Closing = opening - used + bought, = the vendor's figure, = the sum of the raw answers; each opens as the last closed."""
    months, _ = read_report(workspace)
    stated = sum_history(workspace) | sum_credits(workspace) | sum_wallets(workspace)
    earlier = dict[str, BalanceMonth]()
    compared = set[tuple[str, str]]()
    for month in months:
        assert month.closing == month.opening - month.used + month.bought
        assert month.difference in {0, None}
        if before := earlier.get(month.balance_id):
            assert month.opening == before.closing + month.renewed
        earlier[month.balance_id] = month
        if (key := (month.balance_id, month.month)) in stated:
            compared.add(key)
            assert (month.used, month.bought, month.closing) == stated[key]
    assert compared == stated.keys()
    assert {month.provider for month in months} == {"vultr", "cockroach", "genesys"}


def test_what_is_open_is_what_the_account_owes(workspace: Workspace) -> None:
    """The open invoices of a history sum to the balance that the vendor states, and nothing is wrong in a clean world."""
    _, payables = read_report(workspace)
    assert payables.findings == []
    with workspace.open_ledger() as db:
        balance = [row.balance for row in list_payments(db, ALL) if row.provider == "vultr"][-1]
    open_amounts = [row.open for row in payables.rows if row.provider == "vultr"]
    assert sum(open_amounts) == max(balance or 0, 0)
    states = defaultdict[str, set[str]](set)
    for row in payables.rows:
        assert row.total == row.paid + row.open
        states[row.provider].add(row.state)
    assert states["vultr"] == {"paid"}
    assert states["genesys"] == {"paid", "open"}


def test_a_balance_that_lost_credits_is_told(tmp_path: Path) -> None:
    """A vendor that takes 50,000 credits off a month's balance is found out, and the months after it are not doubted."""
    host, books = stage.twin(seed=3, months=MONTHS), Workspace(tmp_path)
    stage.collected(host, books, "cockroach", workers=1)
    (entry,) = [
        entry
        for entry in books.archive.iter_answers(operation="list_invoices")
        if b"CREDITS" in books.archive.read_body(entry.body)
    ]
    body = json.loads(books.archive.read_body(entry.body))
    for invoice in body["invoices"]:
        if invoice["period_start"] >= "2026-09":
            invoice["balances"][0]["amount"] -= 50_000
    books.close()
    altered, content = Workspace(tmp_path / "altered"), json.dumps(body).encode()
    collected(altered, content)
    months, _ = read_report(altered)
    assert [(month.month, month.difference) for month in months if month.difference] == [("2026-09", Decimal(-50_000))]
    altered.close()
