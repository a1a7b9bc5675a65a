"""Whose cost a month is: charges go to teams by rules, what is shared is split exactly, and nothing is lost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from billfold.ledger.grouping import ChargeGroup
from billfold.ledger.usages import UsageRow
from billfold.model.money import EXACT_CONTEXT, ZERO, exact_sum, spread_amount
from billfold.model.period import Month
from billfold.model.usage import UserType
from billfold.report.allocation_rules import (
    NO_TARGET,
    UNALLOCATED,
    AllocationMethod,
    AllocationRules,
    Rule,
    RuleMatcher,
    Scope,
    Target,
)

FIXED_KEYS = ("provider", "account", "currency")
SKU = "sku"
"""What tells charges apart that are split by usage: each SKU is used by others."""
NO_RULE = "no rule"
SHARED_METHODS = frozenset([AllocationMethod.DIRECT, AllocationMethod.EQUAL])


class Place(NamedTuple):
    """Whose bill it was, and in which currency."""

    provider: str
    account: str
    currency: str


class Allocation(NamedTuple):
    """A part of a month and whose cost it is; ``pool`` is the amount that it was split from, ``values`` what its charges are."""

    target: Target
    place: Place
    amount: Decimal
    rule: str
    method: AllocationMethod | None
    pool: Decimal
    values: Mapping[str, str]

    @property
    def is_shared(self) -> bool:
        """Whether it is a share of what was nobody's alone."""
        return self.method in SHARED_METHODS


class _Pool(NamedTuple):
    """What is split together: charges of one bill that fit one rule, and of a kind where they are split by usage."""

    rule_index: int
    place: Place
    usage_values: tuple[tuple[str, str], ...] = ()
    """What the rules look at, and the SKU, where it is split by usage."""


def list_group_keys(rules: AllocationRules, extra_keys: Iterable[str] = ()) -> list[str]:
    """Return what charges are to be grouped by for ``allocate_charges``: what the rules look at, and ``extra_keys``."""
    usage_keys = (SKU,) if rules.has_usage else ()
    return list(dict.fromkeys([*FIXED_KEYS, *rules.keys, *usage_keys, *extra_keys]))


def allocate_charges(
    groups: Iterable[ChargeGroup], keys: Sequence[str], rules: AllocationRules, usage: Iterable[UsageRow] = ()
) -> list[Allocation]:
    """Say whose cost each group of charges is; the parts of each bill's account and currency sum to it exactly.

    ``keys`` are those that the groups are of, as ``list_group_keys`` gives them. By which keys more they are grouped changes no sum.
    """
    return MonthAllocator(groups, keys, rules, usage).allocations


class ChargePart(NamedTuple):
    """Which part of every charge of a kind is whose cost: ``user`` is the id and name of what used it, where it is split so."""

    target: Target
    weight: Fraction
    rule: str
    method: AllocationMethod | None
    user: tuple[str, str] | None = None


class MonthAllocator:
    """A month's charges, allocated when it is made: what is one team's at once, pools when all charges are in."""

    def __init__(
        self, groups: Iterable[ChargeGroup], keys: Sequence[str], rules: AllocationRules, usage: Iterable[UsageRow]
    ) -> None:
        self.allocations, self._rules = list[Allocation](), rules
        self._pools = defaultdict[_Pool, Decimal](lambda: ZERO)
        self._usage = _group_usage(usage)
        self._matcher = RuleMatcher(rules)
        self._shared_weights: dict[tuple[int, Place], dict[Target, Decimal]] = {}
        for group in groups:
            self._place_group(dict(zip(keys, group.values, strict=True)), group.cost)
        self._split_pools()

    def find_parts(self, values: Mapping[str, str], first_rule: int = 0) -> list[ChargePart]:
        """Return whose cost the charges with these values are, as weights that sum to 1: before they are rounded to an amount's digits."""
        place, index = Place(*(values[key] for key in FIXED_KEYS)), self._matcher.find_rule(values, first_rule)
        if index is None:
            return [ChargePart(NO_TARGET, Fraction(1), NO_RULE, None)]
        rule = self._rules.rules[index]
        if rule.method is AllocationMethod.TEAM:
            return [ChargePart(self._rules.resolve_target(rule.target, values), Fraction(1), rule.name, rule.method)]
        if rule.method is AllocationMethod.USAGE:
            return self._find_user_parts(values, place, index)
        weights = (
            self._weigh_split(rule) if rule.method is AllocationMethod.SPLIT else self._shared_weights[index, place]
        )
        total = exact_sum(weights.values())
        parts = {target: Fraction(weight) / Fraction(total) for target, weight in weights.items() if weight}
        return [
            ChargePart(target, weight, rule.name, rule.method)
            for target, weight in (parts or {NO_TARGET: Fraction(1)}).items()
        ]

    def _find_user_parts(self, values: Mapping[str, str], place: Place, index: int) -> list[ChargePart]:
        users = self._find_users(place, values)
        total, rule = exact_sum(users.values()), self._rules.rules[index]
        return [
            part._replace(weight=part.weight * Fraction(quantity) / Fraction(total), method=rule.method, user=user)
            for user, quantity in users.items()
            for part in self.find_parts({**values, **_name_user(user)}, index + 1)
        ] or self.find_parts(values, index + 1)

    def _find_users(self, place: Place, values: Mapping[str, str]) -> Mapping[tuple[str, str], Decimal]:
        return self._usage.get((*place[:2], values[SKU].rpartition("/")[2]), {})

    def _weigh_split(self, rule: Rule) -> dict[Target, Decimal]:
        return {self._rules.resolve_target(Target(team), {}): weight for team, weight in rule.weights}

    def _place_group(self, values: Mapping[str, str], amount: Decimal, first_rule: int = 0) -> None:
        """Put what fits a team's rule to its team, and what is to be split into its pool."""
        place, index = Place(*(values[key] for key in FIXED_KEYS)), self._matcher.find_rule(values, first_rule)
        if index is None:
            self.allocations.append(Allocation(NO_TARGET, place, amount, NO_RULE, None, amount, values))
            return
        rule = self._rules.rules[index]
        if rule.method is AllocationMethod.TEAM:
            target = self._rules.resolve_target(rule.target, values)
            self.allocations.append(Allocation(target, place, amount, rule.name, rule.method, amount, values))
            return
        usage_keys = sorted({SKU, *self._rules.keys}) if rule.method is AllocationMethod.USAGE else ()
        pool = _Pool(index, place, tuple((key, values[key]) for key in usage_keys))
        self._pools[pool] = exact_sum([self._pools[pool], amount])

    def _split_pools(self) -> None:
        """Split the pools, those that are shared by direct costs last."""
        for index, rule in enumerate(self._rules.rules):
            if rule.method is AllocationMethod.USAGE:
                self._split_usage(index)
        pools = {pool: amount for pool, amount in sorted(self._pools.items()) if not pool.usage_values}
        for pool, amount in pools.items():
            rule = self._rules.rules[pool.rule_index]
            if rule.method is AllocationMethod.SPLIT:
                self._split_pool(pool, rule, amount, self._weigh_split(rule))
        shared_scopes = {rule.scope for rule in self._rules.rules if rule.method in SHARED_METHODS}
        direct_costs = _sum_direct_costs(self.allocations, shared_scopes)
        for pool, amount in pools.items():
            rule = self._rules.rules[pool.rule_index]
            if rule.method in SHARED_METHODS:
                weights = _weigh_targets(direct_costs.get((rule.scope, _widen_place(pool.place, rule.scope)), {}), rule)
                self._shared_weights[pool.rule_index, pool.place] = weights
                self._split_pool(pool, rule, amount, weights)

    def _split_usage(self, index: int) -> None:
        """Split what fits a rule over what used it, and let the later rules say whose each part is."""
        pools = sorted((pool, amount) for pool, amount in self._pools.items() if pool.rule_index == index)
        for pool, amount in pools:
            values = {**dict(pool.usage_values), **pool.place._asdict()}
            users = self._find_users(pool.place, values)
            parts = spread_amount(trim_zeros(amount), list(users.values())) if users else [amount]
            for user, part in zip(users or [None], parts, strict=True):
                self._place_group(values | _name_user(user), part, index + 1)

    def _split_pool(self, pool: _Pool, rule: Rule, amount: Decimal, weights: Mapping[Target, Decimal]) -> None:
        """Split a pool exactly; one that has no weights is nobody's."""
        targets = list(weights) or [NO_TARGET]
        parts = spread_amount(trim_zeros(amount), list(weights.values())) if weights else [amount]
        values = pool.place._asdict()
        self.allocations += [
            Allocation(target, pool.place, part, rule.name, rule.method, amount, values)
            for target, part in zip(targets, parts, strict=True)
        ]


def group_usage_by_month(usage: Iterable[UsageRow]) -> dict[str, list[UsageRow]]:
    """Return usage by the month in which its period begins, as ``2026-10``."""
    usage_by_month = defaultdict[str, list[UsageRow]](list)
    for row in usage:
        usage_by_month[str(Month.of(row.period_start))].append(row)
    return dict(usage_by_month)


def _name_user(user: tuple[str, str] | None) -> dict[str, str]:
    return {"resource": user[1], "resource-id": user[0]} if user else {}


def trim_zeros(amount: Decimal) -> Decimal:
    """Return an amount without zeros at its end, which would be digits to split."""
    return amount.normalize(EXACT_CONTEXT) if amount else ZERO


def _group_usage(usage: Iterable[UsageRow]) -> dict[tuple[str, str, str], dict[tuple[str, str], Decimal]]:
    """Return how much each resource used, by account and SKU; what organizations used is not all that is billed, and no weight."""
    quantities = defaultdict[tuple[str, str, str], dict[tuple[str, str], Decimal]](dict)
    for row in usage:
        if row.user_type is UserType.RESOURCE and row.quantity > 0:
            users, user = quantities[row.provider, row.account, row.sku], (row.user_id, row.user_name)
            users[user] = exact_sum([users.get(user, ZERO), row.quantity])
    return dict(quantities)


def _sum_direct_costs(
    allocations: Iterable[Allocation], scopes: Iterable[Scope]
) -> dict[tuple[Scope, Place], dict[Target, Decimal]]:
    """Return what each has in each scope that a rule shares by; "" stands for any provider or account in a scope's place."""
    amounts = defaultdict[tuple[Scope, Place], defaultdict[Target, list[Decimal]]](lambda: defaultdict(list))
    for allocation in allocations:
        for scope in scopes:
            amounts[scope, _widen_place(allocation.place, scope)][allocation.target].append(allocation.amount)
    return {
        scope_place: {target: exact_sum(parts) for target, parts in sorted(amounts_by_target.items())}
        for scope_place, amounts_by_target in amounts.items()
    }


def _widen_place(place: Place, scope: Scope) -> Place:
    if scope is Scope.ACCOUNT:
        return place
    return Place(place.provider if scope is Scope.PROVIDER else "", "", place.currency)


def _weigh_targets(costs: Mapping[Target, Decimal], rule: Rule) -> dict[Target, Decimal]:
    """Return who bears how much of what is shared: what each has above 0, or the same for each with anything."""
    weights = {target: cost for target, cost in costs.items() if cost > 0}
    if rule.method is AllocationMethod.EQUAL:
        return {target: Decimal(1) for target in weights if target.team != UNALLOCATED}
    return weights
