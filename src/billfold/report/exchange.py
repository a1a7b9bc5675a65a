"""Sums in another currency beside their own: by rates that somebody stated for a month, never by a guessed one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import NamedTuple

from billfold.model.money import exact_product, exact_sum, find_minor_digits
from billfold.model.period import Month
from billfold.report.costs import STATES, CostRow

ROUNDING_CONTEXT = Context(prec=100)
"""Has room for any amount."""

CONVERTED_COLUMNS = ("converted", "converted_currency", "rate", "rate_table", "rate_date")
"""The fields that a row has beside its own where it is shown in another currency."""


class ExchangeRate(NamedTuple):
    """What one unit of a currency is in another in a month: as it was on a ``day`` of it, or (None) for all of it.

    ``table`` names where it comes from.
    """

    table: str
    source: str
    target: str
    month: Month
    day: date | None
    rate: Decimal

    @property
    def dated(self) -> str:
        """The day or the month that it is of."""
        return str(self.day or self.month)


class ConvertedSum(NamedTuple):
    """What was charged in a month, in a state and currency, and the same in another currency; None where there is no rate.

    ``exact`` is the product with all digits: sums are made of it, and ``converted`` is rounded to the currency's digits.
    """

    state: str
    month: Month
    currency: str
    cost: Decimal
    rate: Decimal | None
    table: str
    dated: str
    exact: Decimal | None
    converted: Decimal | None


def find_rate(rates: Iterable[ExchangeRate], source: str, target: str, month: Month) -> ExchangeRate | None:
    """Return the rate of a month: the one that is stated for the month, or the last one of its days; never another month's."""
    fitting = [rate for rate in rates if rate[1:4] == (source, target, month)]
    return max(fitting, key=lambda rate: rate.day or date.max, default=None)


def convert_rows(rows: Iterable[CostRow], target: str, rates: Sequence[ExchangeRate]) -> list[ConvertedSum]:
    """Return what rows come to by state, month and currency, each in its own currency and beside it in another."""
    costs_by_place = defaultdict[tuple[str, Month, str], list[Decimal]](list)
    for row in rows:
        costs_by_place[row.state, row.month, row.currency].append(row.cost)
    return [
        convert_cost(*place, exact_sum(costs), target, rates)
        for place, costs in sorted(costs_by_place.items(), key=lambda item: (STATES.index(item[0][0]), *item[0][1:]))
    ]


def convert_cost(
    state: str, month: Month, currency: str, cost: Decimal, target: str, rates: Sequence[ExchangeRate]
) -> ConvertedSum:
    """Return a cost in another currency: the exact product, rounded once; an amount in that currency stays what it is."""
    if currency == target:
        return ConvertedSum(state, month, currency, cost, None, "", "", cost, round_amount(cost, target))
    rate = find_rate(rates, currency, target, month)
    if rate is None:
        return ConvertedSum(state, month, currency, cost, None, "", "", None, None)
    product = exact_product(cost, rate.rate)
    return ConvertedSum(
        state, month, currency, cost, rate.rate, rate.table, rate.dated, product, round_amount(product, target)
    )


def build_converted_cells(row: CostRow, target: str, rates: Sequence[ExchangeRate]) -> dict[str, object]:
    """Return the fields that a row has beside its own: what it comes to in another currency, and by which rate."""
    converted = convert_cost(row.state, row.month, row.currency, row.cost, target, rates)
    cells = converted.converted, target, converted.rate, converted.table, converted.dated
    return dict(zip(CONVERTED_COLUMNS, cells, strict=True))


def sum_converted(sums: Iterable[ConvertedSum], target: str) -> Decimal | None:
    """Return what all of them come to in the other currency, rounded once; None where one has no rate: no part is a total."""
    amounts = [converted.exact for converted in sums]
    known_amounts = [amount for amount in amounts if amount is not None]
    return round_amount(exact_sum(known_amounts), target) if len(known_amounts) == len(amounts) else None


def round_amount(amount: Decimal, currency: str) -> Decimal:
    """Round to the digits of a currency's subunit, half to even."""
    quantum = Decimal(1).scaleb(-find_minor_digits(currency))
    return amount.quantize(quantum, ROUND_HALF_EVEN, ROUNDING_CONTEXT)


def list_missing_rates(sums: Iterable[ConvertedSum], target: str) -> list[str]:
    """Say which rates are missing, a sentence for each currency."""
    months_by_currency = defaultdict[str, set[Month]](set)
    for converted in sums:
        if converted.exact is None:
            months_by_currency[converted.currency].add(converted.month)
    return [
        f"there is no rate from {currency} to {target} for {', '.join(map(str, sorted(months)))}"
        for currency, months in sorted(months_by_currency.items())
    ]
