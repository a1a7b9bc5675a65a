"""Charges are split into rows that sum to each of them, amounts and quantities, to the last digit of a column."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from pathlib import Path

from billfold.ledger.allocated_charges import ChargeShare, ChargeShares
from billfold.ledger.focus_views import FocusViews, Selection
from billfold.model.bill import Charges
from tests.ledger.kit import COMMON, Line, bill, open_ledger
from tests.ledger.test_focus_views import RUN_SQL

KEYS = ("provider", "account", "currency", "tag:it's/a", "description")
CUTS = ("0", "0.333333333", "0.666666667", "1")


def share(tag: str, low: str, high: str) -> ChargeShare:
    values = ("vendor", "me", "USD", tag, "a line")
    return ChargeShare(values, Decimal(low), Decimal(high), "billfold:split", "{}", high, high, "{}")


def test_rows_sum_to_their_charge(tmp_path: Path) -> None:
    """Whatever its digits and sign; what fits no share stays whole, with null columns."""
    tagged = COMMON._replace(Tags='{"it\'s/a": "x"}', PricingQuantity=Decimal("0.000000000000000001"))
    amounts = [Decimal("0.000000000001"), Decimal("-99999999999999.999999999999"), Decimal(10)]
    tagged_charges = Charges.of([Line(amount, InvoiceDetailId=str(amount)) for amount in amounts], tagged)
    shares = [share("x", low, high) for low, high in pairwise(CUTS)]
    with open_ledger(tmp_path) as books:
        plain = Charges.of([Line(Decimal(7), InvoiceDetailId="plain")], COMMON)
        books.book(bill(total=str(sum(amounts) + 7), charges=[tagged_charges, plain]))
        books.write(RUN_SQL)
        FocusViews(books.db, Selection(shares=ChargeShares(KEYS, shares)))
        rows = books.db.execute(
            """SELECT InvoiceDetailId, sum(BilledCost), sum(PricingQuantity), list(AllocatedResourceId ORDER BY 1)
               FROM "CostAndUsage" GROUP BY ALL"""
        ).fetchall()
        details = books.db.execute('SELECT count(*), sum(BilledCost) FROM "InvoiceDetail"').fetchall()
    sums = {name: (cost, quantity, sorted(resources, key=str)) for name, cost, quantity, resources in rows}
    assert sums.pop("plain") == (Decimal(7), None, [None])
    quantity = Decimal("0.000000000000000001")
    assert sums == {str(amount): (amount, quantity, list(CUTS[1:])) for amount in amounts}
    assert details == [(4, sum(amounts) + 7)]


def test_without_shares_nothing_is_split(tmp_path: Path) -> None:
    with open_ledger(tmp_path) as books:
        books.book(bill("1", "2"))
        books.write(RUN_SQL)
        FocusViews(books.db, Selection(shares=ChargeShares(KEYS, [])))
        assert books.db.execute('SELECT sum(BilledCost), count(*) FROM "CostAndUsage"').fetchall() == [(Decimal(3), 2)]
