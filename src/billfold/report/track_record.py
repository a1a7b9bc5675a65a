"""The track record of guesses: what was expected on a day of the month, what was invoiced, and the interval that follows.

A forecast is no money: its ratios are rounded decimals, and nothing of it enters the ledger. Ranks of ratios are those of their
logarithms, so that an interval is symmetric in neither more nor less, only in how often an invoice lies beyond each end.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from billfold.ledger.estimate_history import EstimateRecord, count_days
from billfold.model.money import ZERO
from billfold.model.period import Month

MIN_RESIDUALS = 19
"""How many residuals a two-sided interval of 90 % needs: with fewer, its ends would lie beyond the outermost."""
TAIL_PARTS = 20
"""Each tail is one of so many parts: 5 %."""
NEAR_DAYS = 1
"""How many days beside the wanted one stand for it where an account was not collected on it."""
SHARE_QUANTUM = Decimal("0.0001")

AccountKey = tuple[str, str, str]
"""Provider, account and currency."""


class Recurring(NamedTuple):
    """What recurred in each invoiced month of an account, and provider and name of those whose estimates have it in them."""

    costs: Mapping[AccountKey, Mapping[Month, Decimal]]
    complete_estimates: Collection[tuple[str, str]] = ()

    def find_parts(self, key: AccountKey, month: Month) -> tuple[Decimal, Decimal]:
        """Return what recurs in a month, beside its estimate and inside it, by the last invoiced month before."""
        by_month = self.costs.get(key, {})
        last_month = max((invoiced for invoiced in by_month if invoiced < month), default=None)
        cost = by_month[last_month] if last_month else ZERO
        return (ZERO, cost) if key[:2] in self.complete_estimates else (cost, ZERO)

    def carry_on(self, record: EstimateRecord) -> Decimal:
        """Return an estimate carried on to the month's end: what recurs once, all else day by day."""
        key = record.provider, record.account, record.currency
        outside, inside = self.find_parts(key, record.month)
        inside = min(inside, max(record.estimated, ZERO))
        days_over = max(record.days_over, 1)
        return outside + inside + (record.estimated - inside) * count_days(record.month) / days_over


class Residual(NamedTuple):
    """What was expected of a month on a day of it, and what it came to."""

    provider: str
    account: str
    currency: str
    month: Month
    day: int
    estimated: Decimal
    expected: Decimal
    invoiced: Decimal

    @property
    def ratio(self) -> Decimal:
        """The invoice over what was expected."""
        return self.invoiced / self.expected


class Spread(NamedTuple):
    """How the invoices of a vendor lay to what was expected: the middle, and the ends of 90 % (None: too few residuals)."""

    residuals: int
    middle: Decimal
    low: Decimal | None
    high: Decimal | None


def list_residuals(records: Iterable[EstimateRecord], recurring: Recurring) -> list[Residual]:
    """Return a residual for each day that an invoiced month was estimated on; what is not above 0 has none.

    What was expected is the estimate carried on to the month's end. Days after the month's end say nothing: an invoice may be there.
    """
    return list(_iter_residuals(records, recurring))


def _iter_residuals(records: Iterable[EstimateRecord], recurring: Recurring) -> Iterator[Residual]:
    for record in records:
        if record.invoiced is None or not 0 <= record.days_over < count_days(record.month):
            continue
        key, expected = (record.provider, record.account, record.currency), recurring.carry_on(record)
        if expected > 0 and record.invoiced > 0:
            yield Residual(*key, record.month, record.days_over, record.estimated, expected, record.invoiced)


def is_near(record: EstimateRecord, day: int) -> bool:
    """Tell whether what was estimated may stand for a day of the month: on that day, or beside it."""
    return abs(record.days_over - day) <= NEAR_DAYS


def select_day(residuals: Iterable[Residual], day: int) -> list[Residual]:
    """Return of each account and month the residual of a day of the month, or the nearest day's."""
    nearest = dict[tuple[object, ...], Residual]()
    for residual in residuals:
        other = nearest.get(residual[:4])
        if other is None or _rank_day(residual, day) < _rank_day(other, day):
            nearest[residual[:4]] = residual
    return list(nearest.values())


def _rank_day(residual: Residual, day: int) -> tuple[int, int]:
    return abs(residual.day - day), residual.day


def measure_spread(ratios: Iterable[Decimal]) -> Spread | None:
    """Return the middle and the conformal interval of ratios; None without any.

    Split conformal prediction: with n residuals the ends are those of rank floor((n + 1) / 20) and ceil(19 (n + 1) / 20), so that
    the next one lies between them with 90 % at least, whatever their distribution.
    """
    ordered = sorted(ratios)
    count = len(ordered)
    if not count:
        return None
    if count < MIN_RESIDUALS:
        return Spread(count, find_middle(ordered), None, None)
    low_rank, high_rank = (count + 1) // TAIL_PARTS, -(-(count + 1) * (TAIL_PARTS - 1) // TAIL_PARTS)
    return Spread(count, find_middle(ordered), ordered[low_rank - 1], ordered[high_rank - 1])


def find_middle(ordered: Sequence[Decimal]) -> Decimal:
    """Return the median of sorted values; between two it is their mean."""
    count = len(ordered)
    return (ordered[(count - 1) // 2] + ordered[count // 2]) / 2


class Accuracy(NamedTuple):
    """How well a vendor's months could be told on a day: ``stood_at`` is the estimate as a share of the invoice (median).

    ``error`` is the median of how far the middle of the others missed an invoice, as a share of it. ``low`` and ``high`` are the
    ends of the 90 % interval as shares of the forecast (None: too few residuals).
    """

    provider: str
    day: int
    residuals: int
    stood_at: Decimal
    error: Decimal | None
    low: Decimal | None
    high: Decimal | None


def list_accuracy(residuals: Sequence[Residual]) -> list[Accuracy]:
    """Return each vendor's accuracy on each day of the month that it was asked on."""
    by_place = defaultdict[tuple[str, int], list[Residual]](list)
    for residual in residuals:
        by_place[residual.provider, residual.day].append(residual)
    return [_measure_accuracy(*place, members) for place, members in sorted(by_place.items())]


def _measure_accuracy(provider: str, day: int, residuals: Sequence[Residual]) -> Accuracy:
    ratios = sorted(residual.ratio for residual in residuals)
    spread = measure_spread(ratios)
    assert spread is not None
    stood_at = find_middle(sorted(residual.estimated / residual.invoiced for residual in residuals))
    low, high = (None if end is None else end / spread.middle for end in spread[2:])
    return Accuracy(provider, day, spread.residuals, stood_at, _measure_error(ratios), low, high)


def round_accuracy(row: Accuracy) -> Accuracy:
    """Return an accuracy with shares to four decimals, as it is listed."""
    shares = (None if share is None else share.quantize(SHARE_QUANTUM) for share in row[3:])
    return Accuracy(*row[:3], *shares)  # type: ignore[arg-type]


def _measure_error(ratios: Sequence[Decimal]) -> Decimal | None:
    """Return the median miss where each of sorted ratios is forecast by the middle of the others."""
    if len(ratios) < 2:
        return None
    misses = [
        abs(find_middle([*ratios[:index], *ratios[index + 1 :]]) / ratio - 1) for index, ratio in enumerate(ratios)
    ]
    return find_middle(sorted(misses))
