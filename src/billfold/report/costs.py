"""Costs for a report: rows by any keys, months across, movements, subtotals and the largest rows; no two currencies added."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple

from billfold.ledger.grouping import TAG_PREFIX, ChargeGroup
from billfold.model.errors import InvalidArgument
from billfold.model.money import ZERO, exact_sum
from billfold.model.period import Month
from billfold.report.render import counted
from billfold.report.subtotals import SUBTOTAL, TOTAL

KEYS_BY_NAME = {
    "vendor": "provider",
    "provider": "provider",
    "account": "account",
    "service": "service",
    "sku": "sku",
    "region": "region",
    "resource": "resource",
    "sub-account": "sub-account",
    "charge-category": "charge-category",
    "month": "month",
    "day": "day",
    "team": "team",
}
"""What a report can be grouped by, and the ledger's word for it."""
GROUP_KEYS = ("month", "state", "currency")
"""What every group has behind its own keys: costs of two states or currencies are never added."""
STATES = ("issued", "draft", "estimate")
NO_VALUE = "(none)"


class CostRow(NamedTuple):
    """What was charged to a group (``values``, one for each key) in a month, in a state and currency."""

    values: tuple[str, ...]
    month: Month
    state: str
    currency: str
    cost: Decimal
    charges: int = 0


class CostChange(NamedTuple):
    """A row, and what the same group cost in the month before; None where nothing of its state and currency is of that month."""

    row: CostRow
    before: Decimal | None

    @property
    def change(self) -> Decimal | None:
        """How much more the month costs."""
        return None if self.before is None else exact_sum((self.row.cost, -self.before))


class CostLine(NamedTuple):
    """A line of a table: a group, the others of one, a subtotal or the total; a cost is None where there is no charge.

    ``change`` is how much more its last month costs than the one before; a line of one month compares with the month before it.
    ``month`` is that of a line of one month; what is summed over lines of several has no change.
    """

    values: tuple[str, ...]
    costs: tuple[Decimal | None, ...]
    change: Decimal | None
    is_sum: bool = False
    month: Month | None = None

    @property
    def total(self) -> Decimal:
        """What the line comes to in all its months."""
        return exact_sum(cost for cost in self.costs if cost is not None)


class CostTable(NamedTuple):
    """What a report shows of one state and currency; ``months`` are empty where each line is of a month of its own."""

    state: str
    currency: str
    months: tuple[Month, ...]
    lines: tuple[CostLine, ...]


def read_keys(names: Iterable[str]) -> list[str]:
    """Return the ledger's words of what a report is grouped by; raises ``InvalidArgument``."""
    keys = list[str]()
    for name in (part.strip() for text in names for part in text.split(",")):
        if not name.startswith(TAG_PREFIX) and name not in KEYS_BY_NAME:
            raise InvalidArgument(f"a report is by {', '.join(KEYS_BY_NAME)} or tag:KEY, and not by {name!r}")
        key = KEYS_BY_NAME.get(name, name)
        if key in keys:
            raise InvalidArgument(f"the report is by {name} already: name each key once")
        keys.append(key)
    return keys


def read_rows(groups: Iterable[ChargeGroup]) -> Iterator[CostRow]:
    """Yield the ledger's groups as rows; their last values are those of ``GROUP_KEYS``."""
    for values, cost, charges in groups:
        month, state, currency = values[-len(GROUP_KEYS) :]
        yield CostRow(values[: -len(GROUP_KEYS)], Month.parse(month), state, currency, cost, charges)


def compare_months(rows: Sequence[CostRow], first_month: Month) -> list[CostChange]:
    """Return the rows from a month on with what each group cost in the month before; groups that are gone cost 0.

    For each month, state and currency that has rows, and has some in the month before, the changes sum to the change of its sum.
    """
    costs = {row[:4]: row.cost for row in rows}
    billed = {row[1:4] for row in rows}
    gone_rows = [
        CostRow(row.values, *place, ZERO)
        for row in rows
        for place in [(row.month.add_months(1), row.state, row.currency)]
        if place in billed and (row.values, *place) not in costs
    ]
    changes = []
    for row in sorted((*rows, *gone_rows)):
        place = row.month.add_months(-1), row.state, row.currency
        before = costs.get((row.values, *place), ZERO) if place in billed else None
        changes.append(CostChange(row, before))
    return [change for change in changes if change.row.month >= first_month]


def insert_months(changes: Iterable[CostChange], index: int) -> list[CostChange]:
    """Return changes whose rows are grouped by month, too: it stands at ``index`` among their values."""
    return sorted(
        change._replace(row=row._replace(values=(*row.values[:index], str(row.month), *row.values[index:])))
        for change in changes
        for row in [change.row]
    )


def build_tables(changes: Iterable[CostChange], top: int | None = None, *, by_month: bool = False) -> list[CostTable]:
    """Arrange rows into a table for each state and currency, with subtotals by the first key; months stand across.

    Where the rows are grouped ``by_month``, each line has the cost of its own month. Of each group of the first key (of all, where
    there is one key only) the ``top`` largest lines are shown; the others are summed.
    """
    changes_by_table = defaultdict[tuple[str, str], list[CostChange]](list)
    for change in changes:
        changes_by_table[change.row.state, change.row.currency].append(change)
    tables = []
    for (state, currency), table_changes in sorted(changes_by_table.items(), key=lambda item: _rank_table(item[0])):
        months = () if by_month else tuple(sorted({change.row.month for change in table_changes}))
        lines = list(map(_build_month_line, table_changes) if by_month else _build_lines(table_changes, months))
        tables.append(CostTable(state, currency, months, tuple(_arrange_lines(lines, top))))
    return tables


def _build_month_line(change: CostChange) -> CostLine:
    return CostLine(change.row.values, (change.row.cost,), change.change, month=change.row.month)


def _build_lines(changes: Iterable[CostChange], months: Sequence[Month]) -> Iterator[CostLine]:
    """Yield a line for each group; one that has charges in none of the months is gone since the month before, and shows by its change."""
    changes_by_group = defaultdict[tuple[str, ...], dict[Month, CostChange]](dict)
    for change in changes:
        changes_by_group[change.row.values][change.row.month] = change
    for values, by_month in sorted(changes_by_group.items()):
        costs = tuple(by_month[month].row.cost if _has_charges(by_month.get(month)) else None for month in months)
        last_change = by_month.get(months[-1])
        movement = last_change.change if last_change else ZERO
        if movement or any(cost is not None for cost in costs):
            yield CostLine(values, costs, movement)


def _has_charges(change: CostChange | None) -> bool:
    return change is not None and change.row.charges > 0


def _rank_table(place: tuple[str, str]) -> tuple[int, str]:
    return STATES.index(place[0]), place[1]


def _arrange_lines(lines: Sequence[CostLine], top: int | None) -> Iterator[CostLine]:
    width = len(lines[0].values)
    if width == 1:
        yield from _take_largest(lines, top)
    else:
        for name, members in groupby(lines, key=lambda line: line.values[0]):
            group = list(members)
            yield from _take_largest(group, top)
            if 1 < len(group) < len(lines):
                yield _sum_lines((name or NO_VALUE, SUBTOTAL, *[""] * (width - 2)), group)
    if len(lines) > 1:
        yield _sum_lines((TOTAL, *[""] * (width - 1)), lines)


def _take_largest(lines: Sequence[CostLine], top: int | None) -> Iterator[CostLine]:
    """Yield the lines, or the largest of them and the sum of the others, of which there are at least two."""
    if top is None or len(lines) <= top + 1:
        yield from lines
        return
    largest = sorted(lines, key=lambda line: line.total, reverse=True)
    yield from largest[:top]
    others = largest[top:]
    first_values = others[0].values[:1] if len(others[0].values) > 1 else ()
    label = counted(len(others), "other")
    yield _sum_lines((*first_values, label, *[""] * (len(others[0].values) - len(first_values) - 1)), others)


def _sum_lines(values: tuple[str, ...], lines: Sequence[CostLine]) -> CostLine:
    columns = zip(*(line.costs for line in lines), strict=True)
    months = {line.month for line in lines}
    change = _sum_costs([line.change for line in lines]) if len(months) == 1 else None
    return CostLine(values, tuple(map(_sum_costs, columns)), change, is_sum=True, month=lines[0].month)


def _sum_costs(costs: Sequence[Decimal | None]) -> Decimal | None:
    amounts = [cost for cost in costs if cost is not None]
    return exact_sum(amounts) if amounts else None


def find_unbilled(account_rows: Iterable[CostRow], last_month: Month) -> list[str]:
    """Return the accounts (of rows by provider and account) with issued invoices of the month before the last one, and none of it."""
    billed_months = defaultdict[tuple[str, ...], set[Month]](set)
    for row in account_rows:
        if row.state == "issued":
            billed_months[row.values].add(row.month)
    return [
        values[1]
        for values, billed in sorted(billed_months.items())
        if last_month not in billed and last_month.add_months(-1) in billed
    ]


def find_shared_vendors(account_rows: Iterable[CostRow]) -> list[str]:
    """Return the vendors (of rows by provider and account) that have several accounts."""
    accounts_by_vendor = defaultdict[str, set[str]](set)
    for row in account_rows:
        accounts_by_vendor[row.values[0]].add(row.values[1])
    return sorted(vendor for vendor, accounts in accounts_by_vendor.items() if len(accounts) > 1)
