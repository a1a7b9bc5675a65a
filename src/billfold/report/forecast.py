"""Where open months will end, and the next ones: estimates by their track record, invoices before them, what recurs.

A forecast is no money: it is rounded to the currency's digits, never booked, and never added to anything but forecasts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from billfold.ledger.estimate_history import EstimateRecord, count_days, count_days_over
from billfold.ledger.month_costs import MonthCost
from billfold.model.bill import State
from billfold.model.money import ZERO, exact_sum
from billfold.model.period import Month
from billfold.report.exchange import round_amount
from billfold.report.track_record import (
    AccountKey,
    Recurring,
    Residual,
    Spread,
    is_near,
    list_residuals,
    measure_spread,
    select_day,
)

MONTHS_AHEAD = 3
LEVEL_MONTHS = 3
"""How many invoiced months make the level of an account."""
MIN_TRACK_RECORD = 3
"""How many residuals a middle needs; with fewer an estimate is carried on."""
MIN_RUN_DAYS = 3
"""How many days of an estimate are carried on to a month."""
MAX_SILENT_MONTHS = 3
"""An account without a bill for longer is not expected to send one."""


class ForecastMethod(StrEnum):
    """How a forecast comes about."""

    ISSUED = "issued"
    """The month is invoiced: no forecast; what of it is not invoiced yet, as of another contract, counts as it stands."""
    TRACK_RECORD = "track record"
    """As the run rate, by how the vendor's invoices lay to it on the same day of the month."""
    RUN_RATE = "run rate"
    """The estimate carried on to the month's end: what recurs once, all else day by day."""
    INVOICES = "invoices"
    """What recurs, and the mean of the rest in the last invoiced months, by how invoices lay to such means before."""


class ForecastRow(NamedTuple):
    """Where a month of an account will end; ``low`` and ``high`` hold 90 % (None: fewer than 19 ``residuals``, or invoiced).

    ``so_far`` is what invoices, drafts and estimates have of it, ``recurring`` what comes beside the estimate for certain.
    """

    provider: str
    account: str
    month: Month
    currency: str
    so_far: Decimal
    recurring: Decimal
    forecast: Decimal
    low: Decimal | None
    high: Decimal | None
    residuals: int
    method: ForecastMethod


class History(NamedTuple):
    """What a forecast is made of: what each month came to, each day's estimates, and which accounts' estimates have what recurs."""

    costs: Sequence[MonthCost]
    records: Sequence[EstimateRecord]
    complete_estimates: set[tuple[str, str]]
    asked_at: datetime


class _Account(NamedTuple):
    """One account in one currency: its invoiced months, what recurs in them, and what is open."""

    key: AccountKey
    invoices: Mapping[Month, Decimal]
    recurring: Mapping[Month, Decimal]
    open_costs: Mapping[Month, Decimal]

    @property
    def last_month(self) -> Month | None:
        return max(self.invoices, default=None)


class Forecaster:
    """Forecasts of all accounts of a ledger, each by its own history and its vendor's track record."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._accounts = _group_accounts(history.costs)
        self._recurring = Recurring(
            {key: account.recurring for key, account in self._accounts.items()}, history.complete_estimates
        )
        self._records_by_vendor = defaultdict[str, list[EstimateRecord]](list)
        for record in history.records:
            self._records_by_vendor[record.provider].append(record)
        self._last_records = {
            (record.provider, record.account, record.currency, record.month): record for record in history.records
        }
        self._level_ratios = _list_level_ratios(self._accounts.values())
        self._day_spreads = dict[tuple[str, int], Spread | None]()
        self._level_spreads = dict[tuple[str, int], Spread | None]()

    @property
    def asked_at(self) -> datetime:
        """When the vendors were asked last, by their time."""
        return self._history.asked_at

    def list_residuals(self) -> list[Residual]:
        """Return what each estimate of an invoiced month led to expect, and what the month came to."""
        return list_residuals(self._history.records, self._recurring)

    def list_months(self) -> list[Month]:
        """Return the months to forecast: from the first that is open of an account still billed to three months ahead."""
        this_month = Month.of(self._history.asked_at)
        first_months = [
            account.last_month.add_months(1) if account.last_month else min(account.open_costs, default=this_month)
            for account in self._accounts.values()
            if self._is_billed(account)
        ]
        return list(min([this_month, *first_months]).iter_until(this_month.add_months(MONTHS_AHEAD)))

    def forecast_month(self, month: Month) -> list[ForecastRow]:
        """Return the forecast of each account that is still billed, and what is invoiced of the month."""
        rows = []
        for account in self._accounts.values():
            if month in account.invoices:
                total = exact_sum((account.invoices[month], account.open_costs.get(month, ZERO)))
                rows.append(
                    ForecastRow(*_place(account.key, month), total, ZERO, total, None, None, 0, ForecastMethod.ISSUED)
                )
            elif self._is_billed(account) and (account.last_month is None or month > account.last_month):
                rows.append(self._forecast(account, month))
        return sorted(rows)

    def _is_billed(self, account: _Account) -> bool:
        last_month = max((*account.invoices, *account.open_costs))
        return last_month.add_months(MAX_SILENT_MONTHS) >= Month.of(self._history.asked_at)

    def _forecast(self, account: _Account, month: Month) -> ForecastRow:
        so_far = account.open_costs.get(month, ZERO)
        record = self._last_records.get((*account.key, month))
        if record is not None and month in account.open_costs:
            recurring, _ = self._recurring.find_parts(account.key, month)
            expected = self._recurring.carry_on(record)
            spread = self._find_day_spread(account.key[0], _find_day(month, record.asked_at))
            if spread and spread.residuals >= MIN_TRACK_RECORD and expected > 0:
                return _make_row(account, month, so_far, recurring, expected, spread, ForecastMethod.TRACK_RECORD)
            if record.days_over >= MIN_RUN_DAYS:
                return _make_row(account, month, so_far, recurring, expected, None, ForecastMethod.RUN_RATE)
        return self._forecast_level(account, month, so_far)

    def _find_day_spread(self, provider: str, day: int) -> Spread | None:
        if (provider, day) not in self._day_spreads:
            records = [record for record in self._records_by_vendor[provider] if is_near(record, day)]
            day_residuals = select_day(list_residuals(records, self._recurring), day)
            self._day_spreads[provider, day] = measure_spread(residual.ratio for residual in day_residuals)
        return self._day_spreads[provider, day]

    def _find_level_spread(self, provider: str, distance: int) -> Spread | None:
        """Return how a vendor's invoices lay to their level so many months before; None of too few."""
        key = provider, distance
        if key not in self._level_spreads:
            ratios = self._level_ratios.get(key, ())
            self._level_spreads[key] = measure_spread(ratios) if len(ratios) >= MIN_TRACK_RECORD else None
        return self._level_spreads[key]

    def _forecast_level(self, account: _Account, month: Month, so_far: Decimal) -> ForecastRow:
        last_month = account.last_month
        if last_month is None:
            return _make_row(account, month, so_far, ZERO, so_far, None, ForecastMethod.INVOICES)
        level, recurring = _find_level(account, last_month), account.recurring[last_month]
        distance = (month.year - last_month.year) * 12 + month.number - last_month.number
        spread = self._find_level_spread(account.key[0], distance) if level > 0 else None
        return _make_row(account, month, so_far, recurring, level, spread, ForecastMethod.INVOICES)


def _group_accounts(costs: Iterable[MonthCost]) -> dict[AccountKey, _Account]:
    accounts = dict[AccountKey, _Account]()
    for row in costs:
        account = accounts.setdefault(row[:3], _Account(row[:3], {}, {}, {}))
        invoices, recurring, open_costs = (dict(account.invoices), dict(account.recurring), dict(account.open_costs))
        if row.state == State.ISSUED:
            invoices[row.month], recurring[row.month] = row.cost, row.recurring
        else:
            open_costs[row.month] = open_costs.get(row.month, ZERO) + row.cost
        accounts[row[:3]] = _Account(row[:3], invoices, recurring, open_costs)
    return accounts


def _place(key: AccountKey, month: Month) -> tuple[str, str, Month, str]:
    return key[0], key[1], month, key[2]


def _find_day(month: Month, asked_at: datetime) -> int:
    """Return the day of the month that an estimate is of; after the month's end its last one."""
    return min(count_days_over(month, asked_at), count_days(month) - 1)


def _find_level(account: _Account, last_month: Month) -> Decimal:
    """Return what a month comes to by the last invoiced ones up to a month: what recurs in the last, and the mean of the rest."""
    months = [month for month in sorted(account.invoices) if month <= last_month][-LEVEL_MONTHS:]
    rest = exact_sum(account.invoices[month] - account.recurring[month] for month in months)
    return account.recurring[months[-1]] + rest / len(months)


def _list_level_ratios(accounts: Iterable[_Account]) -> dict[tuple[str, int], list[Decimal]]:
    """Return how invoices lay to the level so many months before, by vendor and distance."""
    ratios = defaultdict[tuple[str, int], list[Decimal]](list)
    for account in accounts:
        for distance, ratio in _iter_level_ratios(account):
            ratios[account.key[0], distance].append(ratio)
    return ratios


def _iter_level_ratios(account: _Account) -> Iterator[tuple[int, Decimal]]:
    for base_month in sorted(account.invoices)[LEVEL_MONTHS - 1 :]:
        level = _find_level(account, base_month)
        for distance in range(1, MONTHS_AHEAD + 3):
            invoiced = account.invoices.get(base_month.add_months(distance), ZERO)
            if level > 0 and invoiced > 0:
                yield distance, invoiced / level


def _make_row(
    account: _Account,
    month: Month,
    so_far: Decimal,
    recurring: Decimal,
    expected: Decimal,
    spread: Spread | None,
    method: ForecastMethod,
) -> ForecastRow:
    currency = account.key[2]
    factors = (spread.middle, spread.low, spread.high) if spread else (Decimal(1), None, None)
    forecast, low, high = (None if factor is None else round_amount(expected * factor, currency) for factor in factors)
    assert forecast is not None
    count = spread.residuals if spread else 0
    place = _place(account.key, month)
    return ForecastRow(*place, so_far, recurring, forecast, low, high, count, method)
