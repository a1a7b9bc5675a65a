"""The days of a month sum to its bills, however often its estimates were collected."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billfold.ledger.estimate_history import EstimateRecord
from billfold.ledger.month_costs import MonthCost
from billfold.model.errors import InvalidArgument
from billfold.model.money import exact_sum
from billfold.model.period import Month
from billfold.report.daily import check_day_keys, list_daily_costs

JUNE = Month(2026, 6)
KEYS = ("account", "day")


def cost(amount: str, state: str = "issued") -> MonthCost:
    return MonthCost("v", "a", "USD", JUNE, state, Decimal(amount), Decimal(0))


def record(days: int, estimated: str) -> EstimateRecord:
    asked_at = JUNE.start + timedelta(days=days, hours=9)
    return EstimateRecord("v", "a", JUNE, "USD", "estimate", asked_at, Decimal(estimated), None)


def test_days_are_what_estimates_grew_by() -> None:
    """The first day has what was there before it ended; days without a collection stand together."""
    records = [record(0, "2"), record(1, "5"), record(2, "9"), record(5, "8"), record(30, "1")]
    rows = list_daily_costs([cost("20"), cost("3", "draft")], records, KEYS)
    assert [(row.values[1], row.state, row.cost) for row in rows] == [
        ("2026-06-01", "issued", Decimal(5)),
        ("2026-06-02", "issued", Decimal(4)),
        ("2026-06-03/05", "issued", Decimal(-1)),
        ("2026-06-30", "draft", Decimal(3)),
        ("2026-06-30 invoice", "issued", Decimal(12)),
    ]


def test_an_open_month_goes_as_far_as_its_last_estimate() -> None:
    rows = list_daily_costs([cost("9", "estimate")], [record(2, "4"), record(4, "9")], ("day",))
    assert [(row.values, row.cost) for row in rows] == [
        (("2026-06-01/02",), Decimal(4)),
        (("2026-06-03/04",), Decimal(5)),
    ]


def test_only_vendors_and_accounts_have_days() -> None:
    check_day_keys(["provider", "account", "day"])
    with pytest.raises(InvalidArgument, match="not by service"):
        check_day_keys(["service", "day"])


amounts = st.integers(-(10**7), 10**7).map(lambda units: str(Decimal(units).scaleb(-4)))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.integers(0, 30), amounts), amounts, st.none() | amounts)
def test_days_sum_to_the_bills_of_each_state(estimates: dict[int, str], total: str, rest: str | None) -> None:
    records = [record(days, estimated) for days, estimated in sorted(estimates.items())]
    costs = [cost(total), *([cost(rest, "draft")] if rest is not None else [])]
    rows = list_daily_costs(costs, records, KEYS)
    for state, amount in (("issued", total), ("draft", rest or "0")):
        assert exact_sum(row.cost for row in rows if row.state == state) == Decimal(amount)
