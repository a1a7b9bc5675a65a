"""An allocated month as it is shown: summed by whose cost it is, how much of it is anybody's, and one team's statement."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from typing import NamedTuple

from billfold.ledger.usages import UsageRow
from billfold.model.money import EXACT_CONTEXT, ZERO, exact_sum
from billfold.model.usage import UserType
from billfold.report.allocate import NO_RULE, Allocation, Place
from billfold.report.allocation_rules import UNALLOCATED, AllocationMethod, Target

NO_OWNERS = frozenset(["", UNALLOCATED])
PERCENT_QUANTUM = Decimal("0.01")
METHOD_TEXTS = {
    AllocationMethod.SPLIT: "fixed weights",
    AllocationMethod.DIRECT: "by direct costs",
    AllocationMethod.EQUAL: "equal shares",
}


class AllocationRow(NamedTuple):
    """What of an account and currency is whose cost: directly, by a share, and both; ``rules`` are those that said so."""

    team: str
    cost_center: str
    customer: str
    provider: str
    account: str
    currency: str
    direct: Decimal
    shared: Decimal
    amount: Decimal
    rules: tuple[str, ...]


def sum_allocations(allocations: Iterable[Allocation]) -> list[AllocationRow]:
    """Sum allocations by whose cost they are, account and currency; what is nobody's comes last."""
    members = defaultdict[tuple[Target, Place], list[Allocation]](list)
    for allocation in allocations:
        members[allocation.target, allocation.place].append(allocation)
    rows = [_sum_members(target, place, parts) for (target, place), parts in members.items()]
    return sorted(rows, key=lambda row: (row.team == UNALLOCATED, row[:6]))


def _sum_members(target: Target, place: Place, members: Sequence[Allocation]) -> AllocationRow:
    direct = exact_sum(member.amount for member in members if not member.is_shared)
    shared = exact_sum(member.amount for member in members if member.is_shared)
    rules = tuple(sorted({member.rule for member in members if member.rule != NO_RULE}))
    return AllocationRow(*target, *place, direct, shared, exact_sum([direct, shared]), rules)


class OwnerRow(NamedTuple):
    """What of an account and currency is the cost of one customer, cost center or other ``owner``; "" is nobody's."""

    owner: str
    provider: str
    account: str
    currency: str
    direct: Decimal
    shared: Decimal
    amount: Decimal


def sum_by_owner(rows: Iterable[AllocationRow], field: str) -> list[OwnerRow]:
    """Sum rows by one field of theirs, account and currency; what has nothing in it comes last."""
    members = defaultdict[tuple[str, str, str, str], list[AllocationRow]](list)
    for row in rows:
        members[str(getattr(row, field)), row.provider, row.account, row.currency].append(row)
    sums = [
        OwnerRow(*key, *(exact_sum(getattr(row, name) for row in parts) for name in ("direct", "shared", "amount")))
        for key, parts in members.items()
    ]
    return sorted(sums, key=lambda row: (row.owner in NO_OWNERS, row[:4]))


class CustomerOverview(NamedTuple):
    """What a customer's use comes to by its vendor's overview of it: at its own prices, before tax; in no sum of bills."""

    customer: str
    provider: str
    account: str
    currency: str
    amount: Decimal


def sum_overviews(usages: Iterable[UsageRow]) -> list[CustomerOverview]:
    """Sum the usage of organizations that has a price, by customer."""
    amounts = defaultdict[tuple[str, str, str, str], list[Decimal]](list)
    for row in usages:
        if row.user_type is UserType.SUB_ACCOUNT and row.amount is not None:
            amounts[row.user_name, row.provider, row.account, row.currency].append(row.amount)
    return [CustomerOverview(*key, exact_sum(parts)) for key, parts in sorted(amounts.items())]


class Coverage(NamedTuple):
    """How much of an account's month is somebody's; ``percent`` counts costs and credits alike, None where there are none."""

    provider: str
    account: str
    currency: str
    amount: Decimal
    allocated: Decimal
    unallocated: Decimal
    percent: Decimal | None


def measure_coverage(rows: Iterable[AllocationRow], field: str = "team") -> list[Coverage]:
    """Return how much of each account and currency has a team, or whatever ``field`` names."""
    return list(_iter_coverage(rows, field, lambda row: (row.provider, row.account, row.currency)))


def measure_total_coverage(rows: Iterable[AllocationRow], field: str = "team") -> list[Coverage]:
    """Return how much of everything has a team, or whatever ``field`` names, by currency."""
    return list(_iter_coverage(rows, field, lambda row: ("", "", row.currency)))


def _iter_coverage(
    rows: Iterable[AllocationRow], field: str, find_key: Callable[[AllocationRow], tuple[str, str, str]]
) -> Iterator[Coverage]:
    members = defaultdict[tuple[str, str, str], list[AllocationRow]](list)
    for row in rows:
        members[find_key(row)].append(row)
    for key, parts in sorted(members.items()):
        owned_parts = [row for row in parts if getattr(row, field) not in NO_OWNERS]
        amount, allocated = (exact_sum(row.amount for row in group) for group in (parts, owned_parts))
        volume, owned_volume = (exact_sum(abs(row.amount) for row in group) for group in (parts, owned_parts))
        percent = divide_percent(owned_volume, volume)
        yield Coverage(*key, amount, allocated, EXACT_CONTEXT.subtract(amount, allocated), percent)


def divide_percent(share: Decimal, total: Decimal) -> Decimal | None:
    """Return a share in percent to two decimals, None of nothing; no rounding makes it 100 where it is not."""
    if not total:
        return None
    percent = (share * 100 / total).quantize(PERCENT_QUANTUM, ROUND_HALF_EVEN)
    return Decimal(100) - PERCENT_QUANTUM if percent == 100 and share != total else percent


class StatementLine(NamedTuple):
    """A group of charges, or a share of a pool, that a team or customer bears."""

    provider: str
    account: str
    invoice: str
    service: str
    resource: str
    description: str
    currency: str
    amount: Decimal
    rule: str
    method: str


STATEMENT_KEYS = ("invoice", "service", "resource", "description")
"""What charges are grouped by for a statement, beside what the rules look at."""


def build_statement(allocations: Iterable[Allocation], owner: str) -> list[StatementLine]:
    """Return what a team, a cost center or a customer bears, by account, the dearest first, shares last; no line comes to nothing."""
    amounts = defaultdict[StatementLine, list[Decimal]](list)
    for allocation in allocations:
        if owner in allocation.target and allocation.amount:
            amounts[_build_line(allocation)].append(allocation.amount)
    lines = [line._replace(amount=exact_sum(parts)) for line, parts in amounts.items()]
    return sorted(lines, key=lambda line: (line[:2], line.currency, line.method in METHOD_TEXTS, -line.amount, line))


def _build_line(allocation: Allocation) -> StatementLine:
    """Return an allocation's line without its amount: what differs in nothing that is shown is one line."""
    place, values = allocation.place, allocation.values
    invoice, service, resource, description = (values.get(key, "") for key in STATEMENT_KEYS)
    description = description or values.get("sku", "").rpartition("/")[2]
    method_text = METHOD_TEXTS.get(allocation.method) if allocation.method else None
    if method_text:
        description = f"share of {allocation.pool:,.2f}, {method_text}"
    return StatementLine(
        *(place.provider, place.account, invoice, service, resource, description, place.currency, ZERO),
        allocation.rule,
        str(allocation.method or UNALLOCATED),
    )
