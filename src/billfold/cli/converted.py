"""Show sums in another currency beside their own, with the rate, its table and its date."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from billfold.cli.listing import print_table
from billfold.cli.output import print_line
from billfold.model.money import format_trimmed
from billfold.report import exchange
from billfold.report.exchange import ConvertedSum
from billfold.report.subtotals import TOTAL
from billfold.report.summary import rounded
from billfold.report.table import TableLayout

STATE_NAMES = {"issued": "Issued invoices", "draft": "Drafts", "estimate": "Estimates"}


def print_converted(sums: Iterable[ConvertedSum], target: str | None) -> None:
    """Print a table for each state: the sum of each month and currency, its rate, and what it comes to."""
    if not target:
        return
    for state, members in groupby(sums, key=lambda converted: converted.state):
        state_sums = list(members)
        print_line()
        print_line(f"{STATE_NAMES[state]} in {target}, by the rates of [[reporting.rates]]")
        _print_sums(state_sums, target)


def _print_sums(sums: Sequence[ConvertedSum], target: str) -> None:
    columns = ("month", "currency", "cost", "rate", "table", "dated", target)
    rows = [_build_sum_cells(converted, target) for converted in sums]
    total = exchange.sum_converted(sums, target)
    if len(sums) > 1 and total is not None:
        rows.append(dict.fromkeys(columns, "") | {"month": TOTAL, target: f"{total:,}"})
    print_table(rows, TableLayout(columns, ("cost", "rate", target)))
    if total is None:
        print_line("There is no total: a rate is missing, and what is left would pass for the whole.")


def _build_sum_cells(converted: ConvertedSum, target: str) -> dict[str, str]:
    return {
        "month": str(converted.month),
        "currency": converted.currency,
        "cost": rounded(converted.cost),
        "rate": format_trimmed(converted.rate) if converted.rate is not None else "",
        "table": converted.table,
        "dated": converted.dated,
        target: f"{converted.converted:,}" if converted.converted is not None else "no rate",
    }
