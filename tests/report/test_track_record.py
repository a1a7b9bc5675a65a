"""The track record has every day's word beside what was invoiced, and its interval is that of the ranks."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from billfold.ledger.estimate_history import EstimateRecord
from billfold.model.period import Month
from billfold.report.track_record import Recurring, list_accuracy, list_residuals, measure_spread, select_day

JUNE = Month(2026, 6)


def record(day: int, estimated: str, invoiced: str | None = "300", month: Month = JUNE) -> EstimateRecord:
    final = None if invoiced is None else Decimal(invoiced)
    asked_at = month.start + timedelta(days=day, hours=1)
    return EstimateRecord("v", "a", month, "USD", "draft", asked_at, Decimal(estimated), final)


def test_ends_are_the_ranks_of_split_conformal_prediction() -> None:
    """Of 19 the outermost; of 39 the second ones; of 18 none; the middle of an even number is between two."""
    for count, ends in ((18, (None, None)), (19, (1, 19)), (39, (2, 38)), (40, (2, 39))):
        spread = measure_spread(map(Decimal, range(count, 0, -1)))
        assert spread is not None
        assert (spread.residuals, spread.low, spread.high) == (count, *ends)
        assert spread.middle == Decimal(count + 1) / 2
    assert measure_spread([]) is None


def test_each_day_has_a_residual_but_none_after_the_month() -> None:
    records = [record(10, "100"), record(29, "290"), record(30, "300"), record(12, "0"), record(3, "9", None)]
    residuals = list_residuals(records, Recurring({}))
    assert [(residual.day, residual.expected) for residual in residuals] == [(10, Decimal(300)), (29, Decimal(300))]


def test_the_nearest_day_stands_for_a_day_without_an_estimate() -> None:
    residuals = list_residuals([record(9, "90"), record(11, "110"), record(14, "140")], Recurring({}))
    assert [residual.day for residual in select_day(residuals, 11)] == [11]
    assert [residual.day for residual in select_day(residuals, 10)] == [9]


def test_accuracy_is_of_estimates_and_of_forecasts() -> None:
    """In three months the estimate stood at a third; the middle of the others misses by nothing or by a tenth."""
    months = [JUNE, Month(2026, 4), Month(2026, 9)]
    records = [record(10, "100", total, month) for month, total in zip(months, ("300", "300", "330"), strict=True)]
    [accuracy] = list_accuracy(list_residuals(records, Recurring({})))
    assert (accuracy.provider, accuracy.day, accuracy.residuals, accuracy.low) == ("v", 10, 3, None)
    assert accuracy.stood_at == Decimal(100) / 300
    assert accuracy.error == Decimal("1.05") - 1
