"""An allocation as FOCUS writes it: each charge is split into rows with a ratio, and the ratios of a charge sum to 1."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from math import lcm

from billfold.ledger.allocated_charges import ChargeShare, ChargeShares
from billfold.ledger.grouping import ChargeGroup, group_charges
from billfold.ledger.query import LedgerFilter
from billfold.ledger.store import OpenLedger
from billfold.ledger.usages import UsageRow, list_usages
from billfold.model.money import format_trimmed, spread_amount
from billfold.report.allocate import ChargePart, MonthAllocator, group_usage_by_month, list_group_keys
from billfold.report.allocation_rules import UNALLOCATED, AllocationRules

RATIO_DIGITS = 9
"""Decimals of a ratio: as many as a cost can be multiplied by exactly in the ledger's decimals."""
METHOD_PREFIX, TAG_PREFIX = "billfold:", "allocation:"
SPAN_KEYS = ("month", "state")
"""What is allocated by itself: the bills of a month in one state."""


def list_charge_shares(db: OpenLedger, filters: LedgerFilter, rules: AllocationRules) -> ChargeShares:
    """Return into which rows the charges are split, by what they are grouped by; each month and state by itself."""
    keys = tuple(dict.fromkeys([*SPAN_KEYS, *list_group_keys(rules)]))
    groups_by_span = defaultdict[tuple[str, ...], list[ChargeGroup]](list)
    for group in group_charges(db, filters, keys):
        groups_by_span[group.values[: len(SPAN_KEYS)]].append(group)
    usages_by_month = group_usage_by_month(list_usages(db, filters) if rules.has_usage else ())
    shares = [
        share
        for (month, _), groups in groups_by_span.items()
        for share in split_groups(groups, keys, rules, usages_by_month.get(month, ()))
    ]
    return ChargeShares(keys, shares)


def split_groups(
    groups: Sequence[ChargeGroup], keys: Sequence[str], rules: AllocationRules, usage: Iterable[UsageRow]
) -> list[ChargeShare]:
    """Return the rows of each group's charges; charges that are nobody's stay as they are."""
    allocator = MonthAllocator(groups, keys, rules, usage)
    return [
        share
        for group in groups
        for share in _build_shares(group.values, allocator.find_parts(dict(zip(keys, group.values, strict=True))))
    ]


def _build_shares(values: tuple[str, ...], parts: Sequence[ChargePart]) -> list[ChargeShare]:
    if all(part.target.team == UNALLOCATED for part in parts):
        return []
    shares, low = list[ChargeShare](), Fraction(0)
    for part, ratio in zip(parts, _round_ratios([part.weight for part in parts]), strict=True):
        if ratio:
            high = low + Fraction(ratio)
            shares.append(_build_share(values, part, ratio)._replace(low=_to_decimal(low), high=_to_decimal(high)))
            low = high
    return shares


def _round_ratios(weights: Sequence[Fraction]) -> list[Decimal]:
    denominator = lcm(*(weight.denominator for weight in weights))
    numerators = [Decimal(weight.numerator * (denominator // weight.denominator)) for weight in weights]
    return spread_amount(Decimal(1), numerators, RATIO_DIGITS)


def _to_decimal(fraction: Fraction) -> Decimal:
    return Decimal(int(fraction * 10**RATIO_DIGITS)).scaleb(-RATIO_DIGITS)


def _build_share(values: tuple[str, ...], part: ChargePart, ratio: Decimal) -> ChargeShare:
    is_owned = part.target.team != UNALLOCATED
    resource_id, resource_name = part.user or (part.target.team, part.target.team)
    tags = {f"{TAG_PREFIX}{name}": text for name, text in part.target._asdict().items() if text}
    element = f'{{"AllocatedRatio": {format_trimmed(ratio)}, "x_Rule": {json.dumps(part.rule, ensure_ascii=False)}}}'
    return ChargeShare(
        values,
        Decimal(0),
        Decimal(1),
        f"{METHOD_PREFIX}{part.method}",
        f'{{"Elements": [{element}]}}',
        resource_id if is_owned else None,
        resource_name if is_owned else None,
        json.dumps(tags, ensure_ascii=False) if is_owned else None,
    )
