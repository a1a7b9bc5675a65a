"""Laws 8, 9 and 10: a bill adds up, the books balance, and syncing twice is syncing once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from billfold.collect.workspace import Workspace
from billfold.ledger import query
from billfold.model.focus import CostAndUsage
from billfold.model.money import exact_sum, format_decimal
from billfold.providers.provider import Provider
from billfold.twin.host import TwinHost
from billfold.twin.world import describe_bill
from tests import stage as stages
from tests.laws.kit import DOORS, named


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TwinHost, Workspace]]:
    host, books = stages.twin(), Workspace(tmp_path_factory.mktemp("ledger"))
    outcomes = stages.collected(host, books)
    assert all(outcome.error is None for outcome in outcomes), outcomes
    yield host, books
    books.close()


def rows(books: Workspace) -> list[dict[str, Any]]:
    with books.open_ledger() as db:
        return [charge._asdict() for charge in query.iter_charges(db, query.LedgerFilter())]


def test_law_8_every_bill_of_the_default_world_adds_up(world: tuple[TwinHost, Workspace]) -> None:
    _, books = world
    with books.open_ledger() as db:
        bills = db.execute(
            "SELECT provider, account, invoice_id, total, summed, parked FROM bills WHERE until_seq IS NULL"
        )
        wrong = [bill for bill in bills.fetchall() if bill[5] is not None or Decimal(bill[3]) != Decimal(bill[4])]
    assert not wrong


def test_law_8_the_ledger_lists_the_bills_that_are_true(world: tuple[TwinHost, Workspace]) -> None:
    host, books = world
    with books.open_ledger() as db:
        ours = [bill._asdict() for bill in query.list_invoices(db, query.LedgerFilter())]
    true = [describe_bill(account, bill) for account, bill in host.world.iter_bills(host.clock.now())]
    assert sorted(map(str, ours)) == sorted(map(str, true))
    assert sum(bill["lines"] for bill in true) >= 3000


def naive(value: Any) -> Any:
    return value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) else value


def worded(row: dict[str, Any], columns: tuple[str, ...]) -> tuple[Any, ...]:
    values = (naive(row[column]) for column in columns)
    return tuple(format_decimal(v.normalize()) if hasattr(v, "normalize") else v for v in values)


@pytest.mark.parametrize("provider", DOORS, ids=named)
def test_law_9_the_books_balance(provider: Provider, world: tuple[TwinHost, Workspace]) -> None:
    host, books = world
    played = stages.stage(host, provider.name)
    names = {account.name for account in played.accounts}
    columns = ("x_AccountName", "x_State", *played.twin.carried_columns)
    ours = Counter(
        worded(row, columns) for row in rows(books) if row["x_AccountName"] in names and not row["x_Synthetic"]
    )
    true: Counter[tuple[Any, ...]] = Counter()
    for account, bill in host.world.iter_bills(host.clock.now()):
        if account.provider == provider.name:
            for batch in bill.charges:
                for row in batch.iter_rows():
                    if not row.x_Synthetic:
                        column_values = row._replace(x_AccountName=account.name, x_State=str(bill.state))._asdict()
                        true[worded(column_values, columns)] += 1
    assert set(played.twin.carried_columns) <= set(CostAndUsage._fields)
    assert ours - true == Counter()
    assert true - ours == Counter()


MANDATORY = (
    "BilledCost",
    "BillingAccountId",
    "BillingCurrency",
    "BillingPeriodEnd",
    "BillingPeriodStart",
    "ChargeCategory",
    "ChargePeriodEnd",
    "ChargePeriodStart",
    "ContractedCost",
    "EffectiveCost",
    "InvoiceIssuerName",
    "ListCost",
    "PricingCurrency",
    "ServiceCategory",
    "ServiceName",
    "ServiceProviderName",
    "ServiceSubcategory",
    "x_ArchiveSeq",
    "x_JsonPath",
    "x_AccountName",
    "x_State",
)
PRICED = (
    "ListUnitPrice",
    "ContractedUnitPrice",
    "PricingQuantity",
    "PricingUnit",
    "PricingCategory",
    "SkuId",
    "SkuPriceId",
)


def test_every_charge_has_the_mandatory_columns(world: tuple[TwinHost, Workspace]) -> None:
    """Every charge has the columns that FOCUS makes mandatory."""
    _, books = world
    for row in rows(books):
        missing = [column for column in MANDATORY if row[column] is None]
        assert not missing, (row["x_AccountName"], row["ChargeDescription"], missing)
        assert row["ChargePeriodStart"] < row["ChargePeriodEnd"]
        assert (row["x_InvoiceIssueDate"] is None) == (row["x_State"] != "issued")
        assert (row["InvoiceId"] is None) == (row["x_State"] == "estimate") == (row["InvoiceDetailId"] is None)


def test_usage_and_purchases_are_priced_and_nothing_else_is(world: tuple[TwinHost, Workspace]) -> None:
    _, books = world
    for row in rows(books):
        priced = row["ChargeCategory"] in {"Usage", "Purchase"}
        assert all((row[column] is not None) == priced for column in PRICED), (
            row["x_AccountName"],
            row["ChargeDescription"],
        )
        if priced:
            difference = abs(row["ListUnitPrice"] * row["PricingQuantity"] - row["ListCost"])
            assert difference * 10**9 <= max(abs(row["ListCost"]), 1)
            assert row["ListUnitPrice"] >= 0
        assert not (row["ChargeCategory"] == "Purchase" and row["ChargeFrequency"] == "Usage-Based")


def test_a_service_has_one_category_and_a_price_one_sku(world: tuple[TwinHost, Workspace]) -> None:
    _, books = world
    categories, skus = dict[str, Any](), dict[str, Any]()
    for row in rows(books):
        service = row["ServiceName"], row["ServiceCategory"], row["ServiceSubcategory"]
        assert categories.setdefault(service[0], service) == service
        if row["SkuPriceId"]:
            assert skus.setdefault(row["SkuPriceId"], row["SkuId"]) == row["SkuId"]


def test_law_10_syncing_twice_is_syncing_once(tmp_path: Path) -> None:
    host, books = stages.twin(), Workspace(tmp_path)
    stages.collected(host, books)
    with books.open_ledger() as db:
        before = db.execute("SELECT count(*), max(id) FROM bills").fetchall(), rows_of(db)
    stages.collected(host, books)
    with books.open_ledger() as db:
        assert (db.execute("SELECT count(*), max(id) FROM bills").fetchall(), rows_of(db)) == before
    books.drop_ledger()
    with books.open_ledger() as db:
        assert rows_of(db) == before[1]
    books.close()


def rows_of(db: Any) -> list[Any]:
    return sorted(map(str, db.execute("SELECT * EXCLUDE (bill) FROM charges").fetchall()))


def test_a_month_later_drafts_have_become_invoices(tmp_path: Path) -> None:
    """A month later, estimates and drafts have become invoices."""
    host, books = stages.twin(), Workspace(tmp_path)
    stages.collected(host, books)
    for _ in range(2):
        host.clock.advance(timedelta(days=21))
        stages.collected(host, books)
        with books.open_ledger() as db:
            ours = [bill._asdict() for bill in query.list_invoices(db, query.LedgerFilter())]
        true = [describe_bill(account, bill) for account, bill in host.world.iter_bills(host.clock.now())]
        assert sorted(map(str, ours)) == sorted(map(str, true))
    with books.open_ledger() as db:
        filters = query.LedgerFilter(seq=books.archive.find_seq_at(stages.AT + timedelta(days=1)))
        believed_before = [bill._asdict() for bill in query.list_invoices(db, filters)]
    first = [describe_bill(account, bill) for account, bill in host.world.iter_bills(stages.AT)]
    assert sorted(map(str, believed_before)) == sorted(map(str, first))
    books.close()


def test_sums_of_money_are_exact(world: tuple[TwinHost, Workspace]) -> None:
    _, books = world
    with books.open_ledger() as db:
        sums = query.sum_charges(db, query.LedgerFilter())
        bills = db.execute("SELECT summed FROM bills WHERE until_seq IS NULL").fetchall()
    assert exact_sum(row.cost for row in sums) == exact_sum(Decimal(bill[0]) for bill in bills)
