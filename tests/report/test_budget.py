"""A budget is held against what is billed, bought and expected; money and forecasts stay apart."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billfold.ledger.grouping import ChargeGroup
from billfold.model.finding_codes import FindingCode
from billfold.model.period import Month
from billfold.report.budget import (
    Budget,
    BudgetEvidence,
    BudgetRow,
    BudgetState,
    judge_budgets,
    list_budget_findings,
    list_budget_keys,
)
from billfold.report.forecast import ForecastMethod, ForecastRow

OCTOBER = Month(2026, 10)
SEATS = Budget("seats", "USD", Decimal(100), (("service", "Seats"),))


def group(account: str, service: str, state: str, cost: str, frequency: str = "Usage-Based") -> ChargeGroup:
    category = "Purchase" if frequency == "Recurring" else "Usage"
    return ChargeGroup(("v", account, "USD", state, category, frequency, service), Decimal(cost), 1)


def forecast(account: str, amount: str, method: ForecastMethod, recurring: str = "0") -> ForecastRow:
    amounts = Decimal(0), Decimal(recurring), Decimal(amount)
    return ForecastRow("v", account, OCTOBER, "USD", *amounts, None, None, 0, method)


def judge(budget: Budget) -> BudgetRow:
    """Account a is invoiced; b is open, a quarter of it seats, 20 of which recur and are not in its estimate."""
    earlier_groups = [group("b", "Seats", "issued", "20", "Recurring"), group("b", "Seats", "issued", "5")]
    evidence = BudgetEvidence(
        list_budget_keys([SEATS]),
        [
            group("a", "Seats", "issued", "59"),
            group("a", "Seats", "draft", "1"),
            group("b", "Seats", "estimate", "3"),
            group("b", "Calls", "estimate", "7"),
        ],
        [*earlier_groups, group("b", "Calls", "issued", "75")],
        earlier_groups[:1],
        [forecast("a", "60", ForecastMethod.ISSUED), forecast("b", "200", ForecastMethod.TRACK_RECORD, "20")],
    )
    [row] = judge_budgets([budget], OCTOBER, evidence)
    return row


def test_a_part_of_an_account_is_expected_by_its_share() -> None:
    row = judge(SEATS)
    assert (row.issued, row.open, row.committed) == (Decimal(59), Decimal(4), Decimal(20))
    assert (row.expected, row.state) == (Decimal("110.00"), BudgetState.AT_RISK)
    assert judge(SEATS._replace(scope=())).expected == Decimal("260.00")


@pytest.mark.parametrize(
    ("amount", "state", "code"),
    [
        ("62.99", BudgetState.OVER, FindingCode.BUDGET_EXCEEDED),
        ("63", BudgetState.AT_RISK, FindingCode.BUDGET_AT_RISK),
        ("110", BudgetState.OK, None),
    ],
)
def test_a_finding_says_which_budget_is_over(amount: str, state: BudgetState, code: FindingCode | None) -> None:
    row = judge(SEATS._replace(amount=Decimal(amount)))
    assert row.state is state
    assert [located.finding.code for located in list_budget_findings([row])] == ([code] if code else [])


def test_another_currency_counts_for_nothing() -> None:
    row = judge(SEATS._replace(currency="EUR"))
    assert {row.billed, row.committed, row.expected} == {Decimal(0)}
    assert row.state is BudgetState.OK
