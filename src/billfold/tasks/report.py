"""What is paid by any keys, month by month: as `billfold report` and the API list it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from billfold import config
from billfold.ledger.estimate_history import list_estimate_records
from billfold.ledger.grouping import TAG_PREFIX, find_last_month
from billfold.ledger.month_costs import list_month_costs
from billfold.ledger.query import LedgerFilter
from billfold.ledger.store import OpenLedger
from billfold.model.bill import State
from billfold.model.period import Month
from billfold.report import costs, exchange
from billfold.report.allocation_rules import AllocationRules
from billfold.report.costs import GROUP_KEYS, CostChange, CostRow
from billfold.report.daily import DAY_KEY, list_daily_costs
from billfold.report.exchange import CONVERTED_COLUMNS, ExchangeRate
from billfold.settings.reporting import Reporting, read_reporting
from billfold.tasks.costs import list_costs

JSON_KEYS = ("provider", "account", "service")
AMOUNT_COLUMNS = ("month", "state", "currency", "cost", "charges")
COMPARE_COLUMNS = ("before", "change")


def load_reporting(path: Path) -> Reporting:
    """Return in which currency a configuration wants reports, and its rates; raises ``ConfigurationError``."""
    return read_reporting(config.load_section(path, "reporting"), str(path))


class CostQuestion(NamedTuple):
    """Which costs are wanted: by which keys, of which states (none: all), and the rules that say whose they are."""

    keys: Sequence[str]
    states: Sequence[str] = ()
    rules: AllocationRules | None = None


class CostFormat(NamedTuple):
    """What a row says beside its cost: the change against the month before, and what it comes to in another currency."""

    is_comparing: bool = False
    target: str | None = None
    rates: Sequence[ExchangeRate] = ()


def narrow_months(db: OpenLedger, filters: LedgerFilter, count: int | None) -> LedgerFilter:
    """Narrow to the last months, unless others are wanted; they are counted back from the last one that is invoiced."""
    if filters.first_month or filters.last_month or count is None:
        return filters
    last_month = find_last_month(db, filters, State.ISSUED) or find_last_month(db, filters)
    return filters._replace(first_month=last_month.add_months(1 - count)) if last_month else filters


def list_changes(db: OpenLedger, filters: LedgerFilter, question: CostQuestion) -> list[CostChange]:
    """Return the cost of each group and month, with that of the month before."""
    keys, first_month = question.keys, filters.first_month
    if DAY_KEY in keys:
        return [CostChange(row, None) for row in _list_days(db, filters, question)]
    earlier_filters = filters._replace(first_month=first_month.add_months(-1)) if first_month else filters
    steady_keys = [key for key in keys if key != "month"]
    rows = list_cost_rows(db, earlier_filters, question._replace(keys=steady_keys))
    changes = costs.compare_months(rows, first_month or Month(1, 1))
    return costs.insert_months(changes, keys.index("month")) if "month" in keys else changes


def _list_days(db: OpenLedger, filters: LedgerFilter, question: CostQuestion) -> list[CostRow]:
    rows = list_daily_costs(list_month_costs(db, filters), list_estimate_records(db, filters), question.keys)
    return [row for row in rows if not question.states or row.state in question.states]


def list_cost_rows(db: OpenLedger, filters: LedgerFilter, question: CostQuestion) -> list[CostRow]:
    """Return the cost of each group and month."""
    states = [State(state) for state in question.states] or tuple(State)
    return list(costs.read_rows(list_costs(db, filters, (*question.keys, *GROUP_KEYS), states, question.rules)))


def build_cells(
    changes: Iterable[CostChange], keys: Sequence[str], cost_format: CostFormat
) -> list[Mapping[str, object]]:
    """Return rows for JSON and CSV, with all digits; one without a charge only tells what is gone."""
    names = list(map(name_column, keys))
    return [
        dict(zip(names, row.values, strict=True))
        | dict(zip(AMOUNT_COLUMNS, (str(row.month), *row[2:]), strict=True))
        | ({"before": change.before, "change": change.change} if cost_format.is_comparing else {})
        | (exchange.build_converted_cells(row, cost_format.target, cost_format.rates) if cost_format.target else {})
        for change in changes
        for row in [change.row]
        if cost_format.is_comparing or row.charges
    ]


def list_columns(keys: Sequence[str], cost_format: CostFormat) -> list[str]:
    """Return the names of the cells that ``build_cells`` gives a row."""
    compared_columns = COMPARE_COLUMNS if cost_format.is_comparing else ()
    converted_columns = CONVERTED_COLUMNS if cost_format.target else ()
    return list(dict.fromkeys((*map(name_column, keys), *AMOUNT_COLUMNS, *compared_columns, *converted_columns)))


def name_column(key: str) -> str:
    """Return what the column of a key is called."""
    return key if key.startswith(TAG_PREFIX) else key.replace("-", "_")
