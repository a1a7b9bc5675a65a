"""Charges are summed by any keys, tags too, and each currency stays on its own."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from billfold.ledger.grouping import ChargeGroup, group_charges
from billfold.ledger.query import LedgerFilter
from billfold.model.bill import Charges
from billfold.model.errors import InvalidArgument
from tests.ledger.kit import COMMON, Line, bill, open_ledger


def test_charges_are_summed_by_account_tag_and_currency(tmp_path: Path) -> None:
    tagged = COMMON._replace(BillingCurrency="EUR", Tags='{"a/b": "x"}')
    with open_ledger(tmp_path) as books:
        books.book(bill("1"))
        books.book(bill("5", currency="EUR", charges=[Charges.of([Line(Decimal(5))], tagged)]))
        groups = group_charges(books.db, LedgerFilter(), ("tag:a/b", "currency"))
    assert groups == [ChargeGroup(("", "USD"), Decimal(1), 1), ChargeGroup(("x", "EUR"), Decimal(5), 1)]


def test_a_state_that_is_not_wanted_is_not_summed(tmp_path: Path) -> None:
    with open_ledger(tmp_path) as books:
        books.book(bill("1"))
        assert group_charges(books.db, LedgerFilter(), ("currency",), ("draft",)) == []


def test_a_key_that_there_is_not_is_refused(tmp_path: Path) -> None:
    with open_ledger(tmp_path) as books, pytest.raises(InvalidArgument, match="group by"):
        group_charges(books.db, LedgerFilter(), ("color",))
