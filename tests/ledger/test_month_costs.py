"""Months have what they came to and how much of it recurs, by state and currency."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from billfold.ledger.month_costs import MonthCost, list_month_costs, list_recurring_estimates, read_last_asked
from billfold.ledger.query import LedgerFilter
from billfold.model.bill import Charges, State
from tests.ledger.kit import COMMON, MAY, Line, bill, open_ledger


def test_what_recurs_is_told_from_the_rest(tmp_path: Path) -> None:
    seats = COMMON._replace(ChargeCategory="Purchase", ChargeFrequency="Recurring")
    setup = COMMON._replace(ChargeCategory="Purchase", ChargeFrequency="One-Time")
    charges = [
        Charges.of([Line(Decimal(cost))], common) for cost, common in (("5", seats), ("2", setup), ("1", COMMON))
    ]
    with open_ledger(tmp_path) as books:
        books.book(bill("8", charges=charges))
        books.book(bill("3", state=State.ESTIMATE), "other")
        assert list_month_costs(books.db, LedgerFilter()) == [
            MonthCost("vendor", "me", "USD", MAY, "issued", Decimal(8), Decimal(5)),
            MonthCost("vendor", "other", "USD", MAY, "estimate", Decimal(3), Decimal(0)),
        ]
        assert list_recurring_estimates(books.db, LedgerFilter()) == set()
        books.book(bill("5", state=State.ESTIMATE, charges=charges[:1]), "third")
        assert list_recurring_estimates(books.db, LedgerFilter()) == {("vendor", "third")}
        assert read_last_asked(books.db, LedgerFilter()) is None
