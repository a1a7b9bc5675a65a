"""What is asked of the ledger is answered for each currency on its own."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from billfold.ledger import query
from billfold.model.bill import Charges
from tests.ledger.kit import COMMON, Line, bill, open_ledger


def test_two_currencies_are_two_bills_and_two_sums(tmp_path: Path) -> None:
    euros = [Charges.of([Line(Decimal(5))], COMMON._replace(BillingCurrency="EUR"))]
    with open_ledger(tmp_path) as books:
        books.book(bill("1"))
        books.book(bill("5", currency="EUR", charges=euros))
        sums = {(row.currency, row.cost) for row in query.sum_charges(books.db, query.LedgerFilter())}
        assert sums == {("USD", Decimal(1)), ("EUR", Decimal(5))}
