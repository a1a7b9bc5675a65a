"""How often the 90 % interval of a forecast holds the invoice, and how wide it is: 400 invented series of 24 months.

Each series has a level that drifts, a use that comes unevenly over the month, an estimate on day 15, and a month in twenty that
spikes after it. The first 23 months are invoiced; the last one is forecast as `billfold forecast` does it.

    python bench/forecast.py [SEED]
"""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import NamedTuple

from billfold.ledger.estimate_history import EstimateRecord
from billfold.ledger.month_costs import MonthCost
from billfold.model.period import Month
from billfold.report.forecast import Forecaster, ForecastRow, History

SERIES, MONTHS, DAY, SEED = 400, 24, 15, 14
SPIKE_SHARE = 0.05
FIRST_MONTH = Month(2024, 12)
Series = list[tuple[Month, Decimal, Decimal]]
"""Of each month what was estimated on the day, and what was invoiced."""


class Coverage(NamedTuple):
    """How many intervals there are, the share of them that hold the invoice, and their median width as a share of it."""

    intervals: int
    coverage: float
    width: float


def invent_series(random_source: random.Random) -> Iterator[tuple[Month, Decimal, Decimal]]:
    """Yield each month of a series: what was estimated on the day, and what was invoiced."""
    level = math.exp(random_source.gauss(8, 1.5))
    for month in FIRST_MONTH.iter_until(FIRST_MONTH.add_months(MONTHS - 1)):
        level *= math.exp(random_source.gauss(0.01, 0.08))
        days = (month.end - month.start).days
        first_part = level * DAY / days * math.exp(random_source.gauss(0, 0.05))
        rest = level * (days - DAY) / days * math.exp(random_source.gauss(0, 0.10))
        if random_source.random() < SPIKE_SHARE:
            rest *= random_source.uniform(1.5, 3)
        yield month, Decimal(f"{first_part:.2f}"), Decimal(f"{first_part + rest:.2f}")


def measure_coverage(seed: int = SEED, accounts_per_vendor: int = 1) -> Coverage:
    """Forecast the last month of each series, and compare with what it comes to."""
    random_source, hits, widths = random.Random(seed), 0, list[float]()
    for vendor in range(SERIES // accounts_per_vendor):
        all_series = [list(invent_series(random_source)) for _ in range(accounts_per_vendor)]
        rows = forecast_last_month(f"vendor-{vendor}", all_series)
        for row, series in zip(rows, all_series, strict=True):
            invoiced = series[-1][2]
            if row.low is not None and row.high is not None:
                hits += row.low <= invoiced <= row.high
                widths.append(float((row.high - row.low) / invoiced))
    return Coverage(len(widths), hits / len(widths), sorted(widths)[len(widths) // 2])


def forecast_last_month(vendor: str, all_series: Sequence[Series]) -> list[ForecastRow]:
    """Return the forecasts of the last month of series, as a vendor's accounts in their order."""
    records, costs = list[EstimateRecord](), list[MonthCost]()
    for number, series in enumerate(all_series):
        account = f"account-{number:03}"
        for month, estimated, invoiced in series:
            asked_at, is_last = month.start + timedelta(days=DAY, hours=6), month == series[-1][0]
            final = None if is_last else invoiced
            records.append(EstimateRecord(vendor, account, month, "USD", "estimate", asked_at, estimated, final))
            state, cost = ("estimate", estimated) if is_last else ("issued", invoiced)
            costs.append(MonthCost(vendor, account, "USD", month, state, cost, Decimal(0)))
    last_month = all_series[0][-1][0]
    history = History(costs, records, set(), last_month.start + timedelta(days=DAY, hours=6))
    return Forecaster(history).forecast_month(last_month)


if __name__ == "__main__":
    seed_option = int(sys.argv[1]) if len(sys.argv) > 1 else SEED
    for pool_size in (1, 4, 20):
        result = measure_coverage(seed_option, pool_size)
        print(
            f"{pool_size:>2} accounts a vendor: {result.intervals} intervals, {result.coverage:.1%} hold the invoice, "
            f"median width {result.width:.1%} of it"
        )
