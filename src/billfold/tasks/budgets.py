"""Budgets held against a ledger: the month, those invoiced before, and the forecast, in a few questions."""

from __future__ import annotations

from collections.abc import Sequence

from billfold.ledger.month_costs import read_last_asked
from billfold.ledger.query import LedgerFilter
from billfold.ledger.store import OpenLedger
from billfold.model.bill import State
from billfold.model.period import Month
from billfold.report.allocation_rules import AllocationRules
from billfold.report.budget import (
    RECURRING_VALUES,
    Budget,
    BudgetEvidence,
    BudgetRow,
    judge_budgets,
    list_budget_keys,
)
from billfold.tasks.costs import list_costs
from billfold.tasks.forecast import make_forecaster

SHARE_MONTHS = 3
"""How many months before say which share of an account a budget is of."""


def find_this_month(ledger: OpenLedger, filters: LedgerFilter) -> Month | None:
    """Return the month of the last collection, by the vendors' time; None before the first."""
    asked_at = read_last_asked(ledger, filters)
    return Month.of(asked_at) if asked_at else None


def check_budgets(
    ledger: OpenLedger,
    filters: LedgerFilter,
    budgets: Sequence[Budget],
    month: Month,
    rules: AllocationRules | None = None,
) -> list[BudgetRow]:
    """Return where each budget stands in a month."""
    keys = list_budget_keys(budgets)
    forecaster = make_forecaster(ledger, filters)
    month_filters = filters._replace(first_month=month, last_month=month)
    earlier_filters = filters._replace(first_month=month.add_months(-SHARE_MONTHS), last_month=month.add_months(-1))
    earlier_groups = list_costs(ledger, earlier_filters, (*keys, "month"), (State.ISSUED,), rules)
    last_months = dict[tuple[str, ...], str]()
    for group in earlier_groups:
        last_months[group.values[:2]] = max(last_months.get(group.values[:2], ""), group.values[-1])
    evidence = BudgetEvidence(
        keys,
        list_costs(ledger, month_filters, keys, tuple(State), rules),
        [group._replace(values=group.values[:-1]) for group in earlier_groups],
        [
            group._replace(values=group.values[:-1])
            for group in earlier_groups
            if group.values[-1] == last_months[group.values[:2]] and group.values[4:6] == RECURRING_VALUES
        ],
        forecaster.forecast_month(month) if forecaster else [],
    )
    return judge_budgets(budgets, month, evidence)
