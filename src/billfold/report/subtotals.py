"""Rows of a table with a subtotal under each group: what every month-end report shows by vendor and account."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import groupby

from billfold.model.money import ZERO, exact_sum
from billfold.report.render import Row, get_cells

SUBTOTAL, TOTAL = "subtotal", "total"


def add_subtotals(
    rows: Iterable[Row], group: str, amounts: Sequence[str], currency: str = "currency"
) -> list[dict[str, object]]:
    """Return rows with the sums of their ``amounts`` after each group, and of all, by currency: two are never added.

    Rows come sorted by ``group``. A group of one row has no subtotal. An amount of None counts as nothing.
    """
    all_cells = [dict(get_cells(row)) for row in rows]
    result = list[dict[str, object]]()
    for name, members in groupby(all_cells, key=lambda cells: cells[group]):
        group_cells = list(members)
        result += group_cells
        if len(group_cells) > 1:
            result += _sum_rows(group_cells, {group: f"{name} {SUBTOTAL}"}, amounts, currency)
    return [*result, *_sum_rows(all_cells, {group: TOTAL}, amounts, currency)] if len(all_cells) > 1 else result


def _sum_rows(
    all_cells: Sequence[dict[str, object]], label: dict[str, object], amounts: Sequence[str], currency: str
) -> list[dict[str, object]]:
    sums = []
    for code in sorted({str(cells[currency]) for cells in all_cells}):
        members = [cells for cells in all_cells if cells[currency] == code]
        total = {name: exact_sum(map(_read_amount, (cells[name] for cells in members))) for name in amounts}
        sums.append(dict.fromkeys(all_cells[0], "") | total | label | {currency: code})
    return sums


def _read_amount(cell: object) -> Decimal:
    return ZERO if cell is None else Decimal(str(cell))
