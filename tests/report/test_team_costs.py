"""Costs by team sum to the charges, month by month and state by state."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billfold.ledger.grouping import ChargeGroup
from billfold.report.team_costs import list_ledger_keys, split_groups
from billfold.settings.allocation import parse_rules

RULES = parse_rules(
    {
        "rules": [
            {"name": "taxes", "match": {"charge-category": "Tax"}, "shared": "direct"},
            {"name": "web", "match": {"account": "a"}, "team": "web"},
            {"name": "both", "match": {"account": "b"}, "split": {"web": 1, "data": 2}},
        ]
    },
    "allocation.toml",
)
KEYS = ("team", "account", "month", "state", "currency")
LEDGER_KEYS = list_ledger_keys(KEYS, RULES)
CHARGES = st.lists(
    st.fixed_dictionaries(
        {
            "provider": st.just("v"),
            "account": st.sampled_from("abc"),
            "currency": st.sampled_from(["USD", "EUR"]),
            "month": st.sampled_from(["2026-09", "2026-10"]),
            "state": st.sampled_from(["issued", "draft"]),
            "charge-category": st.sampled_from(["Tax", "Usage"]),
            "cost": st.integers(-(10**7), 10**7).map(lambda units: Decimal(units).scaleb(-4)),
        }
    ),
    max_size=12,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(CHARGES)
def test_teams_sum_to_each_account_month_state_and_currency(charges: list[dict[str, object]]) -> None:
    groups = [
        ChargeGroup(tuple(str(charge[key]) for key in LEDGER_KEYS), Decimal(str(charge["cost"])), 1)
        for charge in charges
    ]
    sums, parts = (defaultdict[tuple[str, ...], Decimal](Decimal) for _ in range(2))
    for charge in charges:
        sums[tuple(str(charge[key]) for key in KEYS[1:])] += Decimal(str(charge["cost"]))
    for values, cost, _ in split_groups(groups, LEDGER_KEYS, KEYS, RULES):
        assert values[0] in {"web", "data", "unallocated"}
        parts[values[1:]] += cost
    assert parts == sums


def test_the_team_is_no_key_of_the_ledger() -> None:
    assert "team" not in LEDGER_KEYS
    assert {"month", "state", "charge-category"} <= set(LEDGER_KEYS)
