"""Budgets held against a ledger: the month, those invoiced before, and the forecast, in a few questions."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from billfold.ledger.foreign_estimates import list_foreign_estimates
from billfold.ledger.grouping import ChargeGroup
from billfold.ledger.month_costs import read_last_asked
from billfold.ledger.query import LedgerFilter
from billfold.ledger.store import OpenLedger
from billfold.model.bill import State
from billfold.model.finding import AccountFinding
from billfold.model.money import ZERO
from billfold.model.period import Month
from billfold.report.allocation_rules import AllocationRules
from billfold.report.anomalies import USUAL_MONTHS, Anomaly, Thresholds, find_anomalies, list_anomaly_findings
from billfold.report.budget import (
    RECURRING_VALUES,
    Budget,
    BudgetEvidence,
    BudgetRow,
    judge_budgets,
    list_budget_findings,
    list_budget_keys,
)
from billfold.report.costs import GROUP_KEYS, read_rows
from billfold.tasks.costs import list_costs
from billfold.tasks.forecast import make_forecaster

SHARE_MONTHS = 3
"""How many months before say which share of an account a budget is of."""
ACCEPTED_MONTHS = 24
"""In how many months, the current one among them, what is accepted is looked for."""
ANOMALY_KEYS = ("provider", "account", "service")


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
        _drop_foreign(ledger, month_filters, list_costs(ledger, month_filters, keys, tuple(State), rules)),
        [group._replace(values=group.values[:-1]) for group in earlier_groups],
        [
            group._replace(values=group.values[:-1])
            for group in earlier_groups
            if group.values[-1] == last_months[group.values[:2]] and group.values[4:6] == RECURRING_VALUES
        ],
        forecaster.forecast_month(month) if forecaster else [],
    )
    return judge_budgets(budgets, month, evidence)


def list_anomalies(ledger: OpenLedger, filters: LedgerFilter, month: Month, thresholds: Thresholds) -> list[Anomaly]:
    """Return the services that are odd in an invoiced month."""
    wide_filters = filters._replace(first_month=month.add_months(-2 * USUAL_MONTHS), last_month=month)
    groups = list_costs(ledger, wide_filters, (*ANOMALY_KEYS, *GROUP_KEYS), (State.ISSUED,))
    return find_anomalies(read_rows(groups), month, thresholds)


def find_cost_findings(
    ledger: OpenLedger,
    filters: LedgerFilter,
    budgets: Sequence[Budget],
    rules: AllocationRules | None,
    finding_ids: Collection[str],
) -> dict[str, AccountFinding]:
    """Return by its id what `billfold budget` finds of the last two years, whatever its thresholds: until all ids are there."""
    by_id = dict[str, AccountFinding]()
    for located in _iter_cost_findings(ledger, filters, budgets, rules):
        by_id[located.id] = located
        if by_id.keys() >= set(finding_ids):
            break
    return by_id


def _iter_cost_findings(
    ledger: OpenLedger, filters: LedgerFilter, budgets: Sequence[Budget], rules: AllocationRules | None
) -> Iterator[AccountFinding]:
    this_month = find_this_month(ledger, filters)
    months = [this_month.add_months(-number) for number in range(ACCEPTED_MONTHS)] if this_month else []
    rows = list(read_rows(list_costs(ledger, filters, (*ANOMALY_KEYS, *GROUP_KEYS), (State.ISSUED,))) if months else ())
    for month in months:
        yield from list_anomaly_findings(find_anomalies(rows, month, Thresholds(ZERO, ZERO)))
    for month in months if budgets else ():
        yield from list_budget_findings(check_budgets(ledger, filters, budgets, month, rules))


def _drop_foreign(ledger: OpenLedger, filters: LedgerFilter, groups: Sequence[ChargeGroup]) -> list[ChargeGroup]:
    """Leave out estimates in another currency than their invoices: those count by their forecast, in their own."""
    foreign_places = {estimate[:3] for estimate in list_foreign_estimates(ledger, filters)}
    return [
        group
        for group in groups
        if group.values[3] == State.ISSUED or group.values[:3] not in foreign_places  # as in ``FIXED_KEYS``
    ]
