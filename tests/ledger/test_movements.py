"""What moved between two months: charges are paired by what they are for, whatever they cost."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from billfold.ledger import movements
from billfold.ledger.movements import MonthTotals, Movement
from billfold.ledger.query import LedgerFilter
from billfold.model.bill import Charges, State
from billfold.model.focus import CostAndUsage
from billfold.model.money import exact_sum
from billfold.model.period import Month
from tests.ledger import kit

APRIL, MAY = Month(2026, 4), Month(2026, 5)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[kit.Ledger]:
    """Return an empty ledger."""
    with kit.open_ledger(tmp_path) as opened:
        yield opened


def make_charge(month: Month, cost: str, **columns: Any) -> CostAndUsage:
    """Make a charge of a server that ran through a month at 0.1 an hour, but for these columns."""
    hours = Decimal((month.end - month.start).days * 24)
    row = CostAndUsage(
        BilledCost=Decimal(cost), BillingCurrency="USD", PricingCurrency="USD", ServiceName="Compute", ChargeCategory="Usage",
        ChargePeriodStart=month.start, ChargePeriodEnd=month.end, PricingQuantity=hours, PricingUnit="Hours", SkuId="server",
        SkuPriceId="server@hours", ResourceId="r1", InvoiceDetailId="d1", x_UnitPrice=Decimal("0.1"), x_PriceBasis="rate",
        InvoiceIssuerName="I", ChargeDescription="a server",
    )  # fmt: skip
    return row._replace(**columns)


def book(ledger: kit.Ledger, month: Month, *rows: CostAndUsage, account: str = "me", **fields: Any) -> None:
    """Book the issued invoice of a month with these charges."""
    total = exact_sum(row.BilledCost for row in rows if row.BilledCost is not None)
    fields = {"invoice_id": f"i{month}", "period": month.period, "charges": [Charges.of(rows)]} | fields
    assert ledger.book(kit.bill(total=str(total), **fields), account)


def list_moved(ledger: kit.Ledger, by: str = "account") -> list[Movement]:
    """Return what moved from April to May."""
    return movements.list_movements(ledger.db, LedgerFilter(), MAY, APRIL, by)


def test_a_price_that_rises_is_one_thing(ledger: kit.Ledger) -> None:
    book(ledger, APRIL, make_charge(APRIL, "72"))
    book(ledger, MAY, make_charge(MAY, "148.8", x_UnitPrice=Decimal("0.2"), InvoiceDetailId="d2"))
    (moved,) = list_moved(ledger)
    assert (moved.old_rate, moved.new_rate) == (Decimal("0.1"), Decimal("0.2"))
    assert (moved.is_timed, moved.is_steady, moved.is_equal, moved.is_capped) == (True, True, False, False)
    assert (moved.details, moved.invoices, moved.charges) == (["d2"], ["i2026-05"], 2)


def test_what_stayed_is_left_out(ledger: kit.Ledger) -> None:
    for month in (APRIL, MAY):
        book(ledger, month, make_charge(month, "10", x_PriceBasis="capped"))
    assert list_moved(ledger) == []
    (totals,) = movements.list_month_totals(ledger.db, LedgerFilter(), MAY, APRIL)
    assert totals == MonthTotals("vendor", "me", "USD", Decimal(10), Decimal(10), 1, 1)


def test_an_address_that_is_used_again_is_another_thing(ledger: kit.Ledger) -> None:
    book(ledger, APRIL, make_charge(APRIL, "72", ResourceId="198.51.100.7", ResourceName="old"))
    book(ledger, MAY, make_charge(MAY, "74.4", ResourceId="198.51.100.7", ResourceName="new"))
    assert [(moved.is_before, moved.is_after) for moved in list_moved(ledger)] == [(False, True), (True, False)]


def test_a_name_that_changes_is_the_same_thing(ledger: kit.Ledger) -> None:
    book(ledger, APRIL, make_charge(APRIL, "72", ResourceName="old"))
    book(ledger, MAY, make_charge(MAY, "74.4", ResourceName="new"))
    assert [moved.group for moved in list_moved(ledger, "resource")] == ["new"]


def test_a_step_that_is_reached_no_longer_is_less_of_the_same(ledger: kit.Ledger) -> None:
    first = make_charge(APRIL, "50", SkuPriceId="gb@eu/first", PricingUnit="GB", x_PriceBasis="tiered")
    second = make_charge(APRIL, "7", SkuPriceId="gb@eu/next", PricingUnit="GB", x_PriceBasis="tiered")
    book(ledger, APRIL, first, second)
    book(ledger, MAY, first)
    (moved,) = list_moved(ledger)
    assert (moved.is_before, moved.is_after, moved.new_cost - moved.old_cost) == (True, True, Decimal(-7))


def test_classes_come_from_categories(ledger: kit.Ledger) -> None:
    rows = [
        make_charge(MAY, "1", ChargeCategory="Tax"),
        make_charge(MAY, "-2", ChargeCategory="Credit"),
        make_charge(MAY, "-4", ChargeClass="Correction"),
        make_charge(MAY, "-8", ChargeCategory="Adjustment", ChargeDescription="Volume Rebate"),
        make_charge(MAY, "16", ChargeCategory="Adjustment", ChargeDescription="Rounding"),
        make_charge(MAY, "32", ChargeCategory="Purchase", ChargeDescription="Commit Shortfall"),
        make_charge(MAY, "64", ChargeClass="Correction"),
    ]
    book(ledger, MAY, *rows)
    costs = {moved.movement_class: moved.new_cost for moved in list_moved(ledger)}
    assert costs == {"tax": 1, "credit": -6, "discount": -8, "other": 16, "shortfall": 32, "priced": 64}


def test_what_came_later_is_a_restatement(ledger: kit.Ledger) -> None:
    """The charges are those of the first version; what was changed since stands beside them."""
    book(ledger, APRIL, make_charge(APRIL, "72"))
    book(ledger, MAY, make_charge(MAY, "74.4"))
    book(ledger, MAY, make_charge(MAY, "80"))
    moved = {row.movement_class: row.new_cost - row.old_cost for row in list_moved(ledger)}
    assert moved == {"priced": Decimal("2.4"), "restatement": Decimal("5.6")}
    before = movements.list_movements(ledger.db, LedgerFilter(seq=20), MAY, APRIL)
    assert [row.movement_class for row in before] == ["priced"]


def test_drafts_estimates_and_parked_bills_are_not_compared(ledger: kit.Ledger) -> None:
    book(ledger, APRIL, make_charge(APRIL, "72"))
    ledger.book(kit.bill("5", total="500", period=MAY.period, invoice_id="parked"))
    ledger.book(kit.bill("5", state=State.DRAFT, period=MAY.period, invoice_id="draft"))
    ledger.book(kit.bill("5", state=State.ESTIMATE, period=MAY.period))
    (totals,) = movements.list_month_totals(ledger.db, LedgerFilter(), MAY, APRIL)
    assert (totals.new_bills, totals.new_total) == (0, Decimal(0))
    (moved,) = list_moved(ledger)
    assert (moved.is_before, moved.is_after) == (True, False)


@pytest.mark.parametrize("by", movements.ITEM_SQL)
def test_every_grouping_sums_to_the_totals(by: str, ledger: kit.Ledger) -> None:
    for account in ("me", "you"):
        book(ledger, APRIL, make_charge(APRIL, "72"), make_charge(APRIL, "3", ChargeCategory="Tax"), account=account)
        book(ledger, MAY, make_charge(MAY, "70.5"), make_charge(MAY, "9", SkuPriceId="other@hours"), account=account)
    for totals in movements.list_month_totals(ledger.db, LedgerFilter(), MAY, APRIL):
        moved = [row for row in list_moved(ledger, by) if row.account == totals.account]
        assert exact_sum(row.new_cost - row.old_cost for row in moved) == totals.new_total - totals.old_total
    rows, items = movements.list_movements_and_items(ledger.db, LedgerFilter(), MAY, APRIL, by, 2)
    assert rows == movements.list_movements(ledger.db, LedgerFilter(), MAY, APRIL, by)
    assert len(items) == 2
