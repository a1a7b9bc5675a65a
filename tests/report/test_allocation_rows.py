"""An allocated month as it is shown: coverage is never rounded up to all, and a statement lists what a team bears."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billfold.report.allocate import Allocation, Place
from billfold.report.allocation_rows import (
    AllocationRow,
    build_statement,
    divide_percent,
    measure_coverage,
    measure_total_coverage,
    sum_by_owner,
)
from billfold.report.allocation_rules import AllocationMethod, Target

PLACE = Place("fastly", "cdn", "USD")


def row(team: str, amount: str, customer: str = "", currency: str = "USD") -> AllocationRow:
    return AllocationRow(
        team, "", customer, "fastly", "cdn", currency, Decimal(amount), Decimal(0), Decimal(amount), ()
    )


@pytest.mark.parametrize(
    ("share", "total", "percent"),
    [("0", "0", None), ("99999", "100000", "99.99"), ("1", "3", "33.33"), ("2", "2", "100")],
)
def test_a_percentage_is_100_only_of_all(share: str, total: str, percent: str | None) -> None:
    assert divide_percent(Decimal(share), Decimal(total)) == (None if percent is None else Decimal(percent))


def test_coverage_counts_credits_like_costs() -> None:
    """A credit that nobody has makes the rest no more than all."""
    rows = [row("web", "30"), row("unallocated", "-10"), row("unallocated", "5", currency="EUR")]
    assert [(part.currency, part.percent) for part in measure_coverage(rows)] == [
        ("EUR", Decimal(0)),
        ("USD", Decimal(75)),
    ]
    assert measure_total_coverage(rows, "customer")[1].allocated == 0


def test_an_owners_costs_are_summed_and_nobodys_come_last() -> None:
    rows = [row("a", "1"), row("b", "2", "Zed"), row("c", "3", "Zed")]
    assert [(part.owner, part.amount) for part in sum_by_owner(rows, "customer")] == [
        ("Zed", Decimal(5)),
        ("", Decimal(1)),
    ]


def test_a_statement_has_the_dearest_first_and_shares_last() -> None:
    """Charges that differ in nothing that is shown are one line, and what comes to nothing is none."""
    target = Target("web", "4711", "Zed")

    def part(amount: str, method: AllocationMethod, resource: str = "") -> Allocation:
        return Allocation(target, PLACE, Decimal(amount), "r", method, Decimal(12), {"resource": resource})

    parts = [
        part("9", AllocationMethod.SPLIT),
        part("1", AllocationMethod.TEAM, "a"),
        part("2", AllocationMethod.TEAM, "a"),
        part("7", AllocationMethod.TEAM),
    ]
    parts += [part("0", AllocationMethod.TEAM, "zero")]
    for owner in target:
        lines = [(line.resource, str(line.amount), line.description) for line in build_statement(parts, owner)]
        assert lines == [("", "7", ""), ("a", "3", ""), ("", "9", "share of 12.00, fixed weights")]
    assert build_statement(parts, "api") == []
