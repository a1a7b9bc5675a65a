"""However a month is allocated, its parts sum to it: for each account and currency, to the last digit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billfold.ledger.grouping import ChargeGroup
from billfold.ledger.usages import UsageRow
from billfold.model.period import Month
from billfold.model.usage import UserType
from billfold.report.allocate import Allocation, allocate_charges, list_group_keys
from billfold.report.allocation_rows import sum_allocations
from billfold.report.allocation_rules import AllocationRules
from billfold.settings.allocation import parse_rules

NAMES = st.sampled_from(["a", "b", "ab", ""])
PATTERNS = st.sampled_from(["a", "b", "a*", "*", "?", ""])
CONDITIONS = st.dictionaries(st.sampled_from(["provider", "account", "resource", "service"]), PATTERNS, max_size=2)
SPLITS = st.dictionaries(st.sampled_from("xyz"), st.integers(0, 9), min_size=1).filter(
    lambda split: any(split.values())
)
ACTIONS = st.one_of(
    st.builds(lambda team: {"team": team}, st.sampled_from(["x", "y", "{resource}", "t-{service}"])),
    st.builds(lambda split: {"split": split}, SPLITS),
    st.just({"split": "usage"}),
    st.builds(
        lambda shared, over: {"shared": shared, "over": over},
        st.sampled_from(["direct", "equal"]),
        st.sampled_from(["account", "provider", "all"]),
    ),
)
RULES = st.lists(st.builds(lambda action, match: {**action, "match": match}, ACTIONS, CONDITIONS), max_size=6)
AMOUNTS = st.integers(-(10**7), 10**7).map(lambda units: Decimal(units).scaleb(-4))


class Charge(NamedTuple):
    provider: str
    account: str
    currency: str
    resource: str
    service: str
    sku: str
    invoice: str
    amount: Decimal


CHARGES = st.lists(
    st.builds(
        Charge, NAMES, NAMES, st.sampled_from(["USD", "EUR"]), NAMES, NAMES, NAMES, st.sampled_from("12"), AMOUNTS
    ),
    max_size=12,
)


def used(provider: str, account: str, sku: str, user: str, quantity: Decimal) -> UsageRow:
    """Make what a service used of a SKU."""
    start = Month(2026, 6).start
    return UsageRow(provider, account, start, sku, UserType.RESOURCE, f"{user}-id", user, "GB", quantity, None, "")


USAGE = st.lists(st.builds(used, NAMES, NAMES, NAMES, st.sampled_from(["a", "b", "c"]), AMOUNTS), max_size=5)


def group(charges: Sequence[Charge], keys: Sequence[str]) -> list[ChargeGroup]:
    """Sum charges as the ledger does."""
    sums = defaultdict[tuple[str, ...], list[Decimal]](list)
    for charge in charges:
        sums[tuple(charge._asdict().get(key, "") for key in keys)].append(charge.amount)
    return [ChargeGroup(values, sum(amounts, Decimal(0)), len(amounts)) for values, amounts in sums.items()]


def allocate(
    charges: Sequence[Charge], rules: AllocationRules, usage: Sequence[UsageRow] = (), *more_keys: str
) -> list[Allocation]:
    keys = list_group_keys(rules, more_keys)
    return allocate_charges(group(charges, keys), keys, rules, usage)


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(CHARGES, RULES, USAGE)
def test_parts_sum_to_the_month(
    charges: Sequence[Charge], blocks: list[dict[str, object]], usage: Sequence[UsageRow]
) -> None:
    """For every file of rules and any charges: nothing is lost, and nothing goes to another account or currency."""
    rules, sums = parse_rules({"rules": blocks}, "rules"), defaultdict[tuple[str, ...], Fraction](Fraction)
    for charge in charges:
        sums[charge[:3]] += Fraction(charge.amount)
    for row in sum_allocations(allocate(charges, rules, usage)):
        assert row.amount == row.direct + row.shared
        sums[row.provider, row.account, row.currency] -= Fraction(row.amount)
    assert not any(sums.values())


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(CHARGES, RULES, USAGE)
def test_more_detail_changes_no_sum(
    charges: Sequence[Charge], blocks: list[dict[str, object]], usage: Sequence[UsageRow]
) -> None:
    """A statement, which groups charges by more keys, comes to what the table says."""
    rules = parse_rules({"rules": blocks}, "rules")
    detailed = allocate(charges, rules, usage, "invoice", "resource", "service")
    assert sum_allocations(detailed) == sum_allocations(allocate(charges, rules, usage))


TAX = Charge("p", "a", "USD", "", "tax", "", "1", Decimal("-0.05"))
WEB, API = (
    Charge("p", "a", "USD", name, "s", "", "1", Decimal(amount)) for name, amount in (("web", "2"), ("api", "1"))
)


@pytest.mark.parametrize(
    ("shared", "parts"),
    [("direct", {"web": "-0.03", "api": "-0.02"}), ("equal", {"web": "-0.02", "api": "-0.03"})],
)
def test_what_is_shared_is_split_by_direct_costs_or_equally(shared: str, parts: dict[str, str]) -> None:
    """The cent that does not divide goes to the largest remainder, or to the first of equal ones."""
    blocks = [{"match": {"service": "tax"}, "shared": shared}, {"team": "{resource}"}]
    rows = sum_allocations(allocate([TAX, WEB, API], parse_rules({"rules": blocks}, "rules")))
    assert {row.team: row.shared for row in rows} == {team: Decimal(part) for team, part in parts.items()}


def test_what_has_nothing_to_be_shared_by_is_unallocated() -> None:
    rules = parse_rules({"rules": [{"shared": "direct"}]}, "rules")
    (row,) = sum_allocations(allocate([TAX], rules))
    assert (row.team, row.amount, row.rules) == ("unallocated", TAX.amount, ("rule 1",))


def test_usage_splits_what_later_rules_give_to_teams() -> None:
    """Each SKU by its own usage; what was not measured goes on undivided, and organizations are no weights."""
    blocks = [{"match": {"service": "cdn"}, "split": "usage"}, {"match": {"resource": "www"}, "team": "web"}]
    usage = [
        used("p", "a", "gb", "www", Decimal(1)),
        used("p", "a", "gb", "api", Decimal(2)),
        used("p", "a", "requests", "www", Decimal(9)),
        used("p", "b", "gb", "www", Decimal(0)),
        used("p", "b", "gb", "www", Decimal(5))._replace(user_type=UserType.SUB_ACCOUNT),
    ]
    charges = [Charge("p", account, "USD", "", "cdn", "delivery/gb", "1", Decimal("10.00")) for account in "ab"]
    rows = sum_allocations(allocate(charges, parse_rules({"rules": blocks}, "rules"), usage))
    assert [(row.team, row.account, row.amount) for row in rows] == [
        ("web", "a", Decimal("3.33")),
        ("unallocated", "a", Decimal("6.67")),
        ("unallocated", "b", Decimal("10.00")),
    ]
