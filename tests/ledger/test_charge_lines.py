"""The charges behind a number are all that fit, the dearest first, and sum to it."""

from __future__ import annotations

from decimal import Decimal

from billfold.collect.workspace import Workspace
from billfold.ledger.charge_lines import list_charge_lines, sum_charge_lines
from billfold.ledger.query import LedgerFilter
from billfold.model.money import exact_sum
from tests.ledger.kit import collected, invoice, invoices

ALL = LedgerFilter()


def test_charges_are_narrowed_and_sum_up(books: Workspace) -> None:
    collected(books, invoices(invoice("i1", "6", ["1", "5"]), invoice("i2", total="9")))
    with books.open_ledger() as db:
        lines = list_charge_lines(db, ALL, {}, 10)
        assert [line.cost for line in lines] == [Decimal(5), Decimal(1)]
        (total,) = sum_charge_lines(db, ALL, {})
        assert (total.cost, total.charges) == (exact_sum(line.cost or Decimal(0) for line in lines), 2)
        assert all(line.seq and line.path for line in lines)
        assert list_charge_lines(db, ALL, {}, 1) == lines[:1]
        assert sum_charge_lines(db, ALL, {"currency": "EUR"}) == []
        service = lines[0].service or ""
        assert sum_charge_lines(db, ALL, {"service": service, "state": "issued"})[0].charges >= 1
        assert len(list_charge_lines(db, ALL, {"sub-account": lines[0].sub_account or ""}, 10)) >= 1
