"""Daily costs of vendors that bill by the month: how much their estimates and drafts grew from one collection to the next."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from billfold.ledger.estimate_history import EstimateRecord, count_days
from billfold.ledger.month_costs import MonthCost
from billfold.model.bill import State
from billfold.model.errors import InvalidArgument
from billfold.model.money import ZERO, exact_sum
from billfold.model.period import Month
from billfold.report.costs import CostRow

DAY_KEY = "day"
DAY_KEYS = ("provider", "account", DAY_KEY)
INVOICE_SUFFIX = " invoice"
"""Stands behind a month's last day for what came with the invoice and was in no estimate."""
AccountMonth = tuple[str, str, str, Month]


def check_day_keys(keys: Iterable[str]) -> None:
    """Raise ``InvalidArgument`` where keys are of days, and of what estimates do not tell day by day."""
    others = [key for key in keys if key not in DAY_KEYS]
    if DAY_KEY in keys and others:
        raise InvalidArgument(
            f"days are known by vendor and account, and not by {others[0]}: vendors bill by the month"
        )


def list_daily_costs(
    costs: Iterable[MonthCost], records: Iterable[EstimateRecord], keys: Sequence[str]
) -> list[CostRow]:
    """Return what each day cost, by keys; the days of an account and month sum to its bills exactly.

    A day without a collection stands with the next one that has one, as ``2026-10-03/05``. What an invoice has that no estimate had is
    of no day.
    """
    costs_by_month = defaultdict[AccountMonth, dict[str, Decimal]](dict)
    for cost in costs:
        costs_by_month[cost.provider, cost.account, cost.currency, cost.month][cost.state] = cost.cost
    records_by_month = defaultdict[AccountMonth, list[EstimateRecord]](list)
    for record in records:
        records_by_month[record.provider, record.account, record.currency, record.month].append(record)
    parts = defaultdict[tuple[tuple[str, ...], Month, str, str], list[Decimal]](list)
    for place, by_state in costs_by_month.items():
        for day, state, cost_part in _split_month(place[3], by_state, records_by_month.get(place, ())):
            values = dict(zip(DAY_KEYS, (*place[:2], day), strict=True))
            parts[tuple(values[key] for key in keys), place[3], state, place[2]].append(cost_part)
    return [CostRow(*place, exact_sum(amounts), len(amounts)) for place, amounts in sorted(parts.items())]


def _split_month(
    month: Month, by_state: dict[str, Decimal], records: Sequence[EstimateRecord]
) -> Iterator[tuple[str, str, Decimal]]:
    """Yield the days of a month, or spans of days, with their state and cost."""
    issued = by_state.get(State.ISSUED)
    open_states = [state for state in by_state if state != State.ISSUED]
    days = dict(_find_growth(records, count_days(month), is_open=issued is None))
    state = str(State.ISSUED) if issued is not None else open_states[0]
    covered = ZERO
    for (first, last), growth in days.items():
        covered = exact_sum((covered, growth))
        yield _name_days(month, first, last), state, growth
    whole = issued if issued is not None else exact_sum(by_state.values())
    if rest := exact_sum((whole, -covered)):
        suffix = INVOICE_SUFFIX if issued is not None else ""
        yield f"{month}-{count_days(month):02}{suffix}", state, rest
    if issued is not None:
        for open_state in open_states:
            yield f"{month}-{count_days(month):02}", open_state, by_state[open_state]


def _find_growth(
    records: Iterable[EstimateRecord], day_count: int, *, is_open: bool
) -> Iterator[tuple[tuple[int, int], Decimal]]:
    """Yield how much estimates grew over which days; once invoices come, estimates after the month lack what is invoiced."""
    estimates = {
        max(record.days_over, 1): record.estimated
        for record in records
        if record.days_over >= 0 and (is_open or record.days_over < day_count)
    }
    last_day, last_estimate = 0, ZERO
    for day, estimated in sorted(estimates.items()):
        yield (last_day + 1, day), exact_sum((estimated, -last_estimate))
        last_day, last_estimate = day, estimated


def _name_days(month: Month, first: int, last: int) -> str:
    return f"{month}-{last:02}" if first == last else f"{month}-{first:02}/{last:02}"
