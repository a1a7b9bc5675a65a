"""The bill in one view: by provider, service and month, per currency; issued, drafts and estimates never mixed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from typing import NamedTuple

from billfold.ledger.query import ChargeSum
from billfold.model.money import exact_sum
from billfold.model.period import Month

STATES = ("issued", "draft", "estimate")


class Table(NamedTuple):
    """One table of the report: money of one currency in one state, months across."""

    state: str
    currency: str
    months: tuple[Month, ...]
    rows: tuple[tuple[str, str, dict[Month, Decimal]], ...]

    def total(self, month: Month | None = None) -> Decimal:
        """Return the table's total, of one month if wanted."""
        return exact_sum(
            cost for _, _, costs in self.rows for when, cost in costs.items() if month is None or when == month
        )


def tables(sums: Iterable[ChargeSum]) -> list[Table]:
    """Arrange sums into one table per state and currency."""
    groups: dict[tuple[str, str], dict[tuple[str, str], dict[Month, Decimal]]] = defaultdict(lambda: defaultdict(dict))
    for row in sums:
        costs = groups[row.state, row.currency][row.provider, row.service]
        month = Month.of(row.month)
        costs[month] = exact_sum((costs.get(month, Decimal(0)), row.cost))
    report_tables = []
    for (state, currency), lines in sorted(groups.items(), key=lambda item: (STATES.index(item[0][0]), item[0][1])):
        months = tuple(sorted({month for costs in lines.values() for month in costs}))
        rows = tuple((provider, service, dict(costs)) for (provider, service), costs in sorted(lines.items()))
        report_tables.append(Table(state, currency, months, rows))
    return report_tables


def sum_by_vendor(table: Table, months: Sequence[Month], service_count: int) -> list[tuple[str, str, list[Decimal]]]:
    """Return vendor, service and cost by month: each vendor's largest services, all its others in one row, its subtotal.

    A subtotal's service is "".
    """
    costs_by_vendor: dict[str, list[tuple[str, list[Decimal]]]] = defaultdict(list)
    for provider, service, costs in table.rows:
        costs_by_vendor[provider].append((service, [costs.get(month, Decimal(0)) for month in months]))
    rows = []
    for provider, services in costs_by_vendor.items():
        services.sort(key=lambda item: exact_sum(item[1]), reverse=True)
        largest, others = services[:service_count], services[service_count:]
        rows += [(provider, service, costs) for service, costs in largest]
        if others:
            other_costs = _sum_columns([costs for _, costs in others])
            rows.append((provider, f"{len(others)} others", other_costs))
        rows.append((provider, "", _sum_columns([costs for _, costs in services])))
    return rows


def _sum_columns(rows: Sequence[Sequence[Decimal]]) -> list[Decimal]:
    return [exact_sum(column) for column in zip(*rows, strict=True)]


def rounded(amount: Decimal) -> str:
    """Round for people: two decimals, half to even; the ledger and every export keep all digits."""
    return f"{amount.quantize(Decimal('0.01'), ROUND_HALF_EVEN):,}"
