"""Measured usage is believed by SKU and month, an organization's as a whole, and is asked for by month and account."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from billfold.ledger import identities, store
from billfold.ledger.query import LedgerFilter
from billfold.ledger.stated_values import book_usages
from billfold.ledger.usages import list_usages
from billfold.model.period import Month
from billfold.model.usage import MeasuredUsage, UserType
from tests.ledger.kit import Ledger, open_ledger

JUNE = Month(2026, 6)


@pytest.fixture
def ledger(tmp_path: Path) -> Any:
    with open_ledger(tmp_path) as opened:
        yield opened


def book(ledger: Ledger, *usages: MeasuredUsage) -> None:
    """Book what a new run states."""
    ledger.seq += 10
    with store.open_transaction(ledger.db):
        identity = identities.resolve_account(ledger.db, "vendor", "me", "me", ledger.seq, ledger.seq, [])
        book_usages(ledger.db, identity, usages, is_imported=False)
    store.reload_ledger(ledger.db)


def make_usage(sku: str, user: str, quantity: str, month: Month = JUNE) -> MeasuredUsage:
    """Make what a service used of a SKU."""
    return MeasuredUsage(month.period, sku, UserType.RESOURCE, user, user.upper(), "GB", Decimal(quantity))


def test_usage_is_believed_by_sku_and_month(ledger: Ledger) -> None:
    """What is stated of a SKU and month is all of it; what no later run asks for stays, and a month can be asked for."""
    book(ledger, make_usage("gb", "www", "1.5"), make_usage("gb", "api", "2"), make_usage("requests", "www", "7"))
    book(ledger)
    book(ledger, make_usage("gb", "www", "1.50"), make_usage("gb", "www", "4", JUNE.add_months(1)))
    june = LedgerFilter(first_month=JUNE, last_month=JUNE)
    before = [(row.sku, row.user_name, row.quantity) for row in list_usages(ledger.db, june._replace(seq=20))]
    assert before == [("gb", "API", Decimal(2)), ("gb", "WWW", Decimal("1.5")), ("requests", "WWW", Decimal(7))]
    now = [(row.sku, row.user_id, row.quantity) for row in list_usages(ledger.db, june)]
    assert now == [("gb", "www", Decimal("1.50")), ("requests", "www", Decimal(7))]
    assert len(list_usages(ledger.db, LedgerFilter(provider="vendor", account="me"))) == 3
    assert list_usages(ledger.db, LedgerFilter(account="other")) == []


def test_an_organizations_usage_is_believed_as_a_whole(ledger: Ledger) -> None:
    """An overview of an organization ends what an earlier one of it has, and no other organization's."""
    first, second = (
        make_usage("a", user, "1")._replace(user_type=UserType.SUB_ACCOUNT, amount=Decimal(5)) for user in "xy"
    )
    book(ledger, first, second)
    book(ledger, first._replace(sku="b"))
    rows = [(row.sku, row.user_id, row.amount) for row in list_usages(ledger.db, LedgerFilter())]
    assert rows == [("a", "y", Decimal(5)), ("b", "x", Decimal(5))]
