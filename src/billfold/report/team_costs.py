"""Costs by team: groups of charges, each month and state allocated on its own by the rules, so that every sum holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal

from billfold.ledger.grouping import ChargeGroup
from billfold.ledger.usages import UsageRow
from billfold.model.money import exact_sum
from billfold.report.allocate import allocate_charges, group_usage_by_month, list_group_keys
from billfold.report.allocation_rules import AllocationRules

TEAM_KEY = "team"
APART_KEYS = ("month", "state")
"""Costs of two months or states are never allocated together."""


def list_ledger_keys(keys: Iterable[str], rules: AllocationRules) -> list[str]:
    """Return what the ledger is to group by, so that ``split_groups`` can say what is each team's."""
    return list_group_keys(rules, [*(key for key in keys if key != TEAM_KEY), *APART_KEYS])


def split_groups(
    groups: Iterable[ChargeGroup],
    ledger_keys: Sequence[str],
    keys: Sequence[str],
    rules: AllocationRules,
    usages: Iterable[UsageRow] = (),
) -> list[ChargeGroup]:
    """Return groups by ``keys``, of which one is the team; they sum to the groups by ``ledger_keys`` exactly.

    What is shared has no value of its own for keys but its account. ``charges`` counts parts: 1 for each.
    """
    by_month = defaultdict[tuple[str, ...], list[ChargeGroup]](list)
    usages_by_month = group_usage_by_month(usages)
    indexes = [ledger_keys.index(key) for key in APART_KEYS]
    for group in groups:
        by_month[tuple(group.values[index] for index in indexes)].append(group)
    parts = defaultdict[tuple[str, ...], list[Decimal]](list)
    for place, members in sorted(by_month.items()):
        fixed_values = dict(zip(APART_KEYS, place, strict=True))
        for allocation in allocate_charges(members, ledger_keys, rules, usages_by_month.get(place[0], ())):
            values = {
                **allocation.values,
                **allocation.place._asdict(),
                **fixed_values,
                TEAM_KEY: allocation.target.team,
            }
            parts[tuple(values.get(key, "") for key in keys)].append(allocation.amount)
    return [ChargeGroup(values, exact_sum(amounts), len(amounts)) for values, amounts in sorted(parts.items())]
