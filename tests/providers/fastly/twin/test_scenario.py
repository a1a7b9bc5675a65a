"""The invented Fastly customer's charges."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from billfold.model.bill import State
from billfold.providers.fastly.twin.handlers import TWIN
from tests.providers.fastly.twin.kit import ACCOUNT
from tests.providers.kit import NOW


def test_year_has_every_charge_type() -> None:
    """A year has every type of charge and a lifelike number of lines."""
    bills = list(TWIN.true_bills(ACCOUNT, NOW))
    assert [bill.state for bill in bills] == [State.ISSUED] * 12 + [State.ESTIMATE]
    assert all(39 <= (bill.line_count or 0) <= 60 for bill in bills)
    rows = [row for bill in bills for batch in bill.charges for row in batch.iter_rows()]
    assert {row.ChargeCategory for row in rows} == {"Usage", "Purchase", "Adjustment", "Tax"}
    descriptions = {row.ChargeDescription for row in rows}
    assert {"Commit Shortfall", "Discount 5%", "Sales Tax", "Image Optimizer (setup)"} <= descriptions


def test_running_month_grows_at_midnight() -> None:
    """The running month only grows, and only at midnight."""
    totals = [
        list(TWIN.true_bills(ACCOUNT, NOW + timedelta(hours=hour)))[-1].total or Decimal(0) for hour in range(0, 240, 6)
    ]
    assert totals == sorted(totals)
    assert len(set(totals)) == 10
