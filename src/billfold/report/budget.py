"""Budgets of a month: what is billed so far, what is bought for it, and where it is expected to end, against what it may cost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from typing import NamedTuple

from billfold.ledger.grouping import ChargeGroup
from billfold.model.bill import State
from billfold.model.finding import AccountFinding, make_finding
from billfold.model.finding_codes import FindingCode
from billfold.model.money import ZERO, exact_sum, format_amount
from billfold.model.period import Month
from billfold.report.exchange import round_amount
from billfold.report.forecast import ForecastMethod, ForecastRow

FIXED_KEYS = ("provider", "account", "currency", "state", "charge-category", "charge-frequency")
"""What charges are grouped by for budgets, besides what the budgets are of."""
OPEN_STATES = (State.DRAFT, State.ESTIMATE)
RECURRING_VALUES = ("Purchase", "Recurring")


class Budget(NamedTuple):
    """What a month may cost: ``scope`` says of what, by the keys of ``ledger.grouping``; all of it must fit, none is everything."""

    name: str
    currency: str
    amount: Decimal
    scope: tuple[tuple[str, str], ...] = ()

    def fits(self, values: Mapping[str, str]) -> bool:
        """Tell whether a charge counts for it."""
        return values["currency"] == self.currency and all(values[key] == text for key, text in self.scope)


class BudgetState(StrEnum):
    """Where a budget stands."""

    OK = "ok"
    AT_RISK = "at risk"
    OVER = "over"


class BudgetRow(NamedTuple):
    """A budget in a month: ``issued`` and ``open`` (drafts, estimates) are money that is billed.

    ``committed`` is bought for the month and in none of them yet. ``expected`` is where it ends by the forecast, and no money.
    """

    budget: str
    month: Month
    currency: str
    amount: Decimal
    issued: Decimal
    open: Decimal
    committed: Decimal
    expected: Decimal
    state: BudgetState

    @property
    def billed(self) -> Decimal:
        """What is invoiced, in drafts and in estimates."""
        return exact_sum((self.issued, self.open))

    @property
    def used_share(self) -> Decimal:
        """What is expected, as a share of the budget."""
        return self.expected / self.amount


class BudgetEvidence(NamedTuple):
    """What budgets are held against: the month's groups, those of the invoiced months before, and the forecast of each account.

    ``keys`` are those of the groups' values.
    """

    keys: Sequence[str]
    groups: Sequence[ChargeGroup]
    earlier_groups: Sequence[ChargeGroup]
    recurring_groups: Sequence[ChargeGroup]
    forecasts: Sequence[ForecastRow]


def list_budget_keys(budgets: Iterable[Budget]) -> list[str]:
    """Return what charges are to be grouped by for budgets."""
    return list(dict.fromkeys([*FIXED_KEYS, *(key for budget in budgets for key, _ in budget.scope)]))


def judge_budgets(budgets: Iterable[Budget], month: Month, evidence: BudgetEvidence) -> list[BudgetRow]:
    """Return where each budget stands."""
    return [_judge_budget(budget, month, evidence) for budget in budgets]


def _judge_budget(budget: Budget, month: Month, evidence: BudgetEvidence) -> BudgetRow:
    matched = _sum_accounts(evidence.groups, evidence.keys, budget)
    issued = exact_sum(cost for (_, _, state), cost in matched.items() if state == State.ISSUED)
    open_cost = exact_sum(cost for (_, _, state), cost in matched.items() if state != State.ISSUED)
    shares = _measure_shares(budget, evidence)
    recurring = _sum_accounts(evidence.recurring_groups, evidence.keys, budget)
    committed, expected = [], [issued]
    for row in evidence.forecasts:
        if row.currency != budget.currency:
            continue
        if row.method is ForecastMethod.ISSUED:
            expected += [matched.get((row.provider, row.account, state), ZERO) for state in OPEN_STATES]
            continue
        if row.recurring:
            committed.append(recurring.get((row.provider, row.account, State.ISSUED), ZERO))
        expected.append(row.forecast * shares.get((row.provider, row.account), ZERO))
    expected_cost = round_amount(sum(expected, ZERO), budget.currency)
    billed = exact_sum((issued, open_cost))
    state = BudgetState.OVER if billed > budget.amount else BudgetState.OK
    if state is BudgetState.OK and expected_cost > budget.amount:
        state = BudgetState.AT_RISK
    amounts = budget.amount, issued, open_cost, exact_sum(committed), expected_cost
    return BudgetRow(budget.name, month, budget.currency, *amounts, state)


def _sum_accounts(
    groups: Iterable[ChargeGroup], keys: Sequence[str], budget: Budget
) -> dict[tuple[str, str, str], Decimal]:
    """Return what fits a budget, by provider, account and state."""
    costs = defaultdict[tuple[str, str, str], list[Decimal]](list)
    for group in groups:
        values = dict(zip(keys, group.values, strict=True))
        if budget.fits(values):
            costs[values["provider"], values["account"], values["state"]].append(group.cost)
    return {place: exact_sum(amounts) for place, amounts in costs.items()}


def _measure_shares(budget: Budget, evidence: BudgetEvidence) -> dict[tuple[str, str], Decimal]:
    """Return which share of each account's cost a budget is of: by its invoiced months, without any by what is open."""
    shares = dict[tuple[str, str], Decimal]()
    everything = budget._replace(scope=())
    for groups in (evidence.groups, evidence.earlier_groups):  # what is invoiced says more
        wholes, parts = (_sum_places(groups, evidence.keys, part) for part in (everything, budget))
        shares |= {place: parts.get(place, ZERO) / whole for place, whole in wholes.items() if whole > 0}
    return shares


def _sum_places(groups: Iterable[ChargeGroup], keys: Sequence[str], budget: Budget) -> dict[tuple[str, str], Decimal]:
    sums = defaultdict[tuple[str, str], Decimal](lambda: ZERO)
    for (provider, account, _), cost in _sum_accounts(groups, keys, budget).items():
        sums[provider, account] = exact_sum((sums[provider, account], cost))
    return sums


def list_budget_findings(rows: Iterable[BudgetRow]) -> list[AccountFinding]:
    """Return a finding for each budget that is over, or expected to be."""
    return [
        AccountFinding(
            "", "", str(row.month), make_finding(code, text, row.budget, amount=row.amount, currency=row.currency)
        )
        for row in rows
        for code, text in _describe_row(row)
    ]


def _describe_row(row: BudgetRow) -> Iterable[tuple[FindingCode, str]]:
    budget_text = f"its budget is {format_amount(row.amount)} {row.currency}"
    if row.state is BudgetState.OVER:
        billed = exact_sum((row.issued, row.open))
        yield (
            FindingCode.BUDGET_EXCEEDED,
            f"{row.month} has come to {format_amount(billed)} {row.currency}; {budget_text}",
        )
    elif row.state is BudgetState.AT_RISK:
        expected = f"{row.expected.quantize(Decimal(1), ROUND_HALF_EVEN):,}"
        yield FindingCode.BUDGET_AT_RISK, f"{row.month} is expected to come to {expected} {row.currency}; {budget_text}"
    elif not any((row.issued, row.open, row.committed, row.expected)):
        yield FindingCode.BUDGET_UNUSED, f"no charge of {row.month} or the months before fits it, and none is expected"
