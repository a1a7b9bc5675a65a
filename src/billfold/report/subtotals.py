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


def group_with_subtotals(
    rows: Iterable[Row], amounts: Sequence[str], currency: str = "currency"
) -> list[dict[str, object]]:
    """Return rows with the sums of each account and of each provider after them, and of all, by currency.

    Rows come sorted by provider and account. Who has one row, and the only account of a provider, has no subtotal.
    """
    all_cells = [dict(get_cells(row)) for row in rows]
    result, provider_count = list[dict[str, object]](), 0
    for provider, members in groupby(all_cells, key=lambda cells: cells["provider"]):
        provider_cells, provider_count = list(members), provider_count + 1
        account_groups = [list(group) for _, group in groupby(provider_cells, key=lambda cells: cells["account"])]
        for account_cells in account_groups:
            result += account_cells
            if len(account_groups) > 1 and len(account_cells) > 1:
                label: dict[str, object] = {"account": f"{account_cells[0]['account']} {SUBTOTAL}"}
                result += _sum_rows(account_cells, label, amounts, currency)
        if len(provider_cells) > 1:
            result += _sum_rows(provider_cells, {"provider": f"{provider} {TOTAL}"}, amounts, currency)
    return [*result, *_sum_rows(all_cells, {"provider": TOTAL}, amounts, currency)] if provider_count > 1 else result
