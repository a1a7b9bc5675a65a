"""What a charge is split into has ratios that sum to 1, one beginning where the other ends."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from hypothesis import HealthCheck, given, settings

from billfold.ledger.allocated_charges import ChargeShare
from billfold.ledger.query import LedgerFilter
from billfold.ledger.usages import UsageRow
from billfold.report.allocate import allocate_charges, list_group_keys
from billfold.report.allocation_shares import list_charge_shares, split_groups
from billfold.settings.allocation import parse_rules
from tests.ledger.kit import bill, open_ledger
from tests.report.test_allocate import CHARGES, RULES, USAGE, Charge, group


def read_ratio(share: ChargeShare) -> Decimal:
    (element,) = json.loads(share.method_details, parse_float=Decimal)["Elements"]
    return Decimal(element["AllocatedRatio"])


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(CHARGES, RULES, USAGE)
def test_ratios_of_a_charge_sum_to_one(
    charges: Sequence[Charge], blocks: list[dict[str, object]], usage: Sequence[UsageRow]
) -> None:
    """For every file of rules: and by ratios, each one's cost is that of the table but for what its splits are rounded by."""
    rules = parse_rules({"rules": blocks}, "rules")
    keys = list_group_keys(rules)
    groups = group(charges, keys)
    shares_by_group = defaultdict[tuple[str, ...], list[ChargeShare]](list)
    for share in split_groups(groups, keys, rules, usage):
        shares_by_group[share.values].append(share)
    costs = defaultdict[str, Decimal](Decimal)
    for charge_group in groups:
        shares = shares_by_group[charge_group.values]
        bounds = [Decimal(0), *(share.high for share in shares)]
        assert [share.low for share in shares] == bounds[:-1]
        assert not shares or bounds[-1] == 1 == sum(map(read_ratio, shares))
        for share in shares:
            assert read_ratio(share) == share.high - share.low
            assert (share.resource_id is None) == (share.resource_name is None) == (share.tags is None)
            costs[json.loads(share.tags)["allocation:team"] if share.tags else ""] += charge_group.cost * read_ratio(
                share
            )
    expected = defaultdict[str, Decimal](Decimal)
    for allocation in allocate_charges(groups, keys, rules, usage):
        expected[allocation.target.team] += allocation.amount
    for team in expected.keys() - {"unallocated"}:
        assert abs(costs[team] - expected[team]) < Decimal("0.5")


def test_each_month_and_state_is_split_by_itself(tmp_path: Path) -> None:
    rules = parse_rules({"rules": [{"split": {"a": 2, "b": 1}}]}, "rules")
    with open_ledger(tmp_path) as books:
        books.book(bill("1"))
        charge_shares = list_charge_shares(books.db, LedgerFilter(), rules)
    assert charge_shares.keys == ("month", "state", "provider", "account", "currency")
    shares = [
        (share.values[:2], share.method_id, share.resource_id, read_ratio(share)) for share in charge_shares.shares
    ]
    assert shares == [
        (("2026-05", "issued"), "billfold:split", "a", Decimal("0.666666667")),
        (("2026-05", "issued"), "billfold:split", "b", Decimal("0.333333333")),
    ]
