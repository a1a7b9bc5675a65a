"""The bill in one view: by provider, service and month, per currency; issued, drafts and estimates never mixed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, NamedTuple

from billfold.model.money import exact_sum
from billfold.model.period import Month

Sums = Sequence[dict[str, Any]]
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


def tables(sums: Sums) -> list[Table]:
    """Arrange sums (see ``ledger.query.sums``) into one table per state and currency."""
    groups: dict[tuple[str, str], dict[tuple[str, str], dict[Month, Decimal]]] = defaultdict(lambda: defaultdict(dict))
    for row in sums:
        costs = groups[row["state"], row["currency"]][row["provider"], row["service"]]
        month = Month.of(row["month"])
        costs[month] = exact_sum((costs.get(month, Decimal(0)), row["cost"]))
    made = []
    for (state, currency), lines in sorted(groups.items(), key=lambda item: (STATES.index(item[0][0]), item[0][1])):
        months = tuple(sorted({month for costs in lines.values() for month in costs}))
        rows = tuple((provider, service, dict(costs)) for (provider, service), costs in sorted(lines.items()))
        made.append(Table(state, currency, months, rows))
    return made


def rounded(amount: Decimal) -> str:
    """Round for people: two decimals, half to even; the ledger and every export keep all digits."""
    return f"{amount.quantize(Decimal('0.01'), ROUND_HALF_EVEN):,}"
