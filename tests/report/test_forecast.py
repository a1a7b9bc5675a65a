"""Forecasts carry estimates on by their vendor's track record, and have an interval only where enough is known."""

from __future__ import annotations

import runpy
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from billfold.ledger.estimate_history import EstimateRecord
from billfold.ledger.month_costs import MonthCost
from billfold.model.period import Month
from billfold.report.forecast import Forecaster, ForecastMethod, ForecastRow, History

BENCH = Path(__file__).parent.parent.parent / "bench" / "forecast.py"
OCTOBER = Month(2026, 10)
DAY = 10


def cost(month: Month, amount: str, state: str = "issued", recurring: str = "0", account: str = "a") -> MonthCost:
    return MonthCost("v", account, "USD", month, state, Decimal(amount), Decimal(recurring))


def record(month: Month, estimated: str, invoiced: str | None, days: int = DAY) -> EstimateRecord:
    asked_at = month.start + timedelta(days=days, hours=6)
    final = None if invoiced is None else Decimal(invoiced)
    return EstimateRecord("v", "a", month, "USD", "estimate", asked_at, Decimal(estimated), final)


def forecast(
    costs: list[MonthCost], records: list[EstimateRecord], month: Month = OCTOBER, *, is_complete: bool = False
) -> ForecastRow:
    asked_at = OCTOBER.start + timedelta(days=DAY, hours=6)
    history = History(costs, records, {("v", "a")} if is_complete else set(), asked_at)
    [row] = Forecaster(history).forecast_month(month)
    return row


def list_past(count: int, ratio: str = "2") -> tuple[list[MonthCost], list[EstimateRecord]]:
    """Return invoiced months of 30 days' length at ``ratio`` times their estimate carried on."""
    months = [OCTOBER.add_months(-number) for number in range(count, 0, -1)]
    days = [(month.end - month.start).days for month in months]
    invoices = [str(Decimal(10) * length / DAY * Decimal(ratio)) for length in days]
    return (
        [cost(month, invoice) for month, invoice in zip(months, invoices, strict=True)],
        [record(month, "10", invoice) for month, invoice in zip(months, invoices, strict=True)],
    )


def test_an_estimate_is_taken_by_its_track_record() -> None:
    """Invoices were twice their estimates carried on; with 18 of them there is no interval, with 19 there is."""
    for count, interval in ((18, (None, None)), (19, (Decimal("62.00"), Decimal("62.00")))):
        costs, records = list_past(count)
        row = forecast([*costs, cost(OCTOBER, "10", "estimate")], [*records, record(OCTOBER, "10", None)])
        assert (row.forecast, row.method, row.residuals) == (Decimal("62.00"), ForecastMethod.TRACK_RECORD, count)
        assert (row.low, row.high) == interval


def test_an_estimate_without_a_track_record_is_carried_on() -> None:
    """What recurs counts once, whether the estimate has it in it or not."""
    past = cost(Month(2026, 9), "100", recurring="40")
    outside = forecast([past, cost(OCTOBER, "10", "estimate")], [record(OCTOBER, "10", None)])
    inside = forecast([past, cost(OCTOBER, "50", "estimate")], [record(OCTOBER, "50", None)], is_complete=True)
    assert (outside.forecast, outside.recurring, outside.method) == (
        Decimal("71.00"),
        Decimal(40),
        ForecastMethod.RUN_RATE,
    )
    assert (inside.forecast, inside.recurring) == (Decimal("71.00"), Decimal(0))


def test_without_an_estimate_the_last_invoices_tell() -> None:
    """What recurs as it was last, and the mean of the rest in three months; also of the months ahead."""
    months = [Month(2026, number) for number in (7, 8, 9)]
    costs = [cost(month, total, recurring="10") for month, total in zip(months, ("13", "16", "19"), strict=True)]
    for month in (OCTOBER, Month(2027, 1)):
        row = forecast(costs, [], month)
        assert (row.forecast, row.low, row.method) == (Decimal("16.00"), None, ForecastMethod.INVOICES)


def test_an_invoiced_month_is_what_it_is() -> None:
    row = forecast([cost(OCTOBER, "12.3456")], [])
    assert (row.forecast, row.low, row.high, row.method) == (Decimal("12.3456"), None, None, ForecastMethod.ISSUED)


def test_what_of_an_invoiced_month_is_open_counts_as_it_stands() -> None:
    row = forecast([cost(OCTOBER, "12"), cost(OCTOBER, "3", "estimate")], [record(OCTOBER, "3", "12")])
    assert (row.forecast, row.so_far, row.method) == (Decimal(15), Decimal(15), ForecastMethod.ISSUED)


def test_an_account_that_is_silent_is_not_forecast() -> None:
    asked_at = OCTOBER.start + timedelta(days=DAY)
    history = History([cost(Month(2026, 5), "1"), cost(Month(2026, 9), "1", account="b")], [], set(), asked_at)
    forecaster = Forecaster(history)
    assert [row.account for row in forecaster.forecast_month(OCTOBER)] == ["b"]
    assert forecaster.list_months() == list(OCTOBER.iter_until(Month(2027, 1)))


@pytest.mark.parametrize("pool_size", [1, 20])
def test_nine_of_ten_intervals_hold_the_invoice(pool_size: int) -> None:
    """On 400 invented series of 24 months, each on its own and twenty accounts a vendor."""
    coverage = runpy.run_path(str(BENCH))["measure_coverage"](14, pool_size)
    assert coverage.intervals == 400
    assert 0.88 <= coverage.coverage <= 0.93
