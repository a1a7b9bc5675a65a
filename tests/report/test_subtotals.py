"""A group has its sum under it, and no two currencies are added."""

from __future__ import annotations

from decimal import Decimal

from billfold.report.render import Row
from billfold.report.subtotals import add_subtotals

ROWS: list[Row] = [
    {"provider": "fastly", "account": "a", "currency": "USD", "cost": Decimal("1.10")},
    {"provider": "fastly", "account": "b", "currency": "USD", "cost": Decimal("2.20")},
    {"provider": "vultr", "account": "c", "currency": "EUR", "cost": None},
]


def test_a_group_has_its_sum_and_each_currency_a_total() -> None:
    sums = [(row["provider"], row["currency"], row["cost"]) for row in add_subtotals(ROWS, "provider", ["cost"])]
    assert sums[2:] == [
        ("fastly subtotal", "USD", Decimal("3.30")),
        ("vultr", "EUR", None),
        ("total", "EUR", Decimal(0)),
        ("total", "USD", Decimal("3.30")),
    ]
