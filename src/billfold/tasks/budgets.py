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
from billfold.report.anomalies import (
    ADJUSTING_CATEGORIES,
    USUAL_MONTHS,
    AnomalySearch,
    Thresholds,
    find_anomalies,
    list_anomaly_findings,
)
from billfold.report.budget import (
    RECURRING_VALUES,
    Budget,
    BudgetEvidence,
    BudgetRow,
    judge_budgets,
    list_budget_findings,
    list_budget_keys,
)
from billfold.report.costs import GROUP_KEYS, CostRow, read_rows
from billfold.tasks.costs import list_costs
from billfold.tasks.forecast import make_forecaster

SHARE_MONTHS = 3
"""How many months before say which share of an account a budget is of."""
ACCEPTED_MONTHS = 24
"""In how many months, the current one among them, what is accepted is looked for."""
ANOMALY_KEYS = ("provider", "account", "service", "charge-category")
NOTHING_SEARCHED = AnomalySearch((), 0, ())


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


def search_anomalies(
    ledger: OpenLedger, filters: LedgerFilter, month: Month, thresholds: Thresholds, *, is_whole: bool = False
) -> AnomalySearch:
    """Find the services that are odd in an invoiced month; taxes, credits and adjustments only where ``is_whole``."""
    wide_filters = filters._replace(first_month=month.add_months(-2 * USUAL_MONTHS), last_month=month)
    return find_anomalies(read_services(ledger, wide_filters, is_whole=is_whole), month, thresholds)


def read_services(ledger: OpenLedger, filters: LedgerFilter, *, is_whole: bool) -> list[CostRow]:
    """Return what services were invoiced for, as anomalies are found in it; taxes, credits and adjustments only where ``is_whole``."""
    left_out = () if is_whole else ADJUSTING_CATEGORIES
    groups = list_costs(ledger, filters, (*ANOMALY_KEYS, *GROUP_KEYS), (State.ISSUED,))
    return [row for row in read_rows(groups) if row.values[-1] not in left_out]


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
    for is_whole in (False, True):
        rows = read_services(ledger, filters, is_whole=is_whole) if months else []
        for month in months:
            yield from list_anomaly_findings(find_anomalies(rows, month, Thresholds(ZERO, ZERO)).anomalies)
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
