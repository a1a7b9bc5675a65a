"""Costs are arranged by any keys: subtotals, others and changes sum, and no two states or currencies are added."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billfold.model.errors import InvalidArgument
from billfold.model.money import exact_sum
from billfold.model.period import Month
from billfold.report.costs import (
    CostRow,
    build_tables,
    compare_months,
    find_shared_vendors,
    find_unbilled,
    insert_months,
    read_keys,
)

AUGUST, SEPTEMBER, OCTOBER = (Month(2026, number) for number in (8, 9, 10))


def row(
    *values: str, cost: str, month: Month = OCTOBER, state: str = "issued", currency: str = "USD", charges: int = 1
) -> CostRow:
    return CostRow(values, month, state, currency, Decimal(cost), charges)


ROWS = [
    row("fastly", "TLS", cost="10.001"),
    row("fastly", "Compute", cost="7.5"),
    row("fastly", "Compute", cost="5", month=SEPTEMBER),
    row("fastly", "Taxes", cost="-0.25"),
    row("fastly", "Gone", cost="3", month=SEPTEMBER),
    row("vultr", "Snapshot", cost="1.000000000001"),
    row("vultr", "Snapshot", cost="2", currency="EUR"),
    row("vultr", "Snapshot", cost="4", state="estimate"),
]


def test_tables_have_largest_lines_others_subtotals_and_a_total() -> None:
    """Of each vendor the largest line, the others in one, its subtotal; a state and currency each."""
    euros, dollars, estimates = build_tables(compare_months(ROWS, SEPTEMBER), top=1)
    assert (euros.currency, dollars.currency, estimates.state) == ("EUR", "USD", "estimate")
    assert dollars.months == (SEPTEMBER, OCTOBER)
    lines = {line.values: (line.costs, line.change) for line in dollars.lines}
    assert lines == {
        ("fastly", "Compute"): ((Decimal(5), Decimal("7.5")), Decimal("2.5")),
        ("fastly", "3 others"): ((Decimal(3), Decimal("9.751")), Decimal("6.751")),
        ("fastly", "subtotal"): ((Decimal(8), Decimal("17.251")), Decimal("9.251")),
        ("vultr", "Snapshot"): ((None, Decimal("1.000000000001")), Decimal("1.000000000001")),
        ("total", ""): ((Decimal(8), Decimal("18.251000000001")), Decimal("10.251000000001")),
    }


def test_changes_sum_to_the_change_of_the_sum() -> None:
    """A group that is gone counts with what it cost; what has no month before has no change."""
    changes = compare_months(ROWS, OCTOBER)
    dollars = [change for change in changes if change.row[2:4] == ("issued", "USD")]
    assert exact_sum(change.change for change in dollars if change.change is not None) == Decimal("10.251000000001")
    assert {change.row.values[1] for change in dollars} == {"TLS", "Compute", "Taxes", "Gone", "Snapshot"}
    assert [change.change for change in changes if change not in dollars] == [None, None]


def test_rows_by_month_have_the_change_of_their_own_month() -> None:
    [table] = build_tables(
        insert_months(compare_months([row(cost="1", month=AUGUST), row(cost="3")], AUGUST), 0), by_month=True
    )
    assert [(line.values, line.costs, line.change) for line in table.lines] == [
        (("2026-08",), (Decimal(1),), None),
        (("2026-10",), (Decimal(3),), None),
        (("total",), (Decimal(4),), None),
    ]


def test_changes_of_several_months_are_not_summed() -> None:
    """A month's subtotal has its change; what is summed over months has none, as their changes overlap."""
    costs = ("1", AUGUST), ("3", SEPTEMBER), ("4", OCTOBER)
    rows = [row(name, cost=cost, month=month) for name in "ab" for cost, month in costs]
    [table] = build_tables(insert_months(compare_months(rows, SEPTEMBER), 0), by_month=True)
    sums = [(line.values[0], line.change) for line in table.lines if line.is_sum]
    assert sums == [("2026-09", Decimal(4)), ("2026-10", Decimal(2)), ("total", None)]


def test_an_account_without_an_invoice_yet_is_named() -> None:
    rows = [row("v", "a", cost="1", month=SEPTEMBER), row("v", "b", cost="1", month=SEPTEMBER), row("v", "b", cost="1")]
    assert find_unbilled(rows, OCTOBER) == ["a"]
    assert find_shared_vendors(rows) == ["v"]


def test_keys_are_the_ledgers_and_each_once() -> None:
    assert read_keys(["vendor,tag:team", "sub-account"]) == ["provider", "tag:team", "sub-account"]
    for keys, message in ((["color"], "by vendor"), (["vendor", "provider"], "once")):
        with pytest.raises(InvalidArgument, match=message):
            read_keys(keys)
