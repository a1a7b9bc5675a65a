"""What a vendor costs is the sum of its services, however few of them are named."""

from __future__ import annotations

from decimal import Decimal

from billfold.ledger.query import ChargeSum
from billfold.model.period import Month
from billfold.report.summary import sum_by_vendor, tables

MONTHS = [Month(2026, 9), Month(2026, 10)]
COSTS = [
    ("fastly", "TLS", 9, "10.001"),
    ("fastly", "Compute", 10, "7.5"),
    ("fastly", "Compute", 9, "5"),
    ("fastly", "Taxes", 10, "0.25"),
    ("fastly", "TLS", 8, "1000"),
    ("vultr", "Snapshot", 9, "3"),
]
SUMS = [
    ChargeSum(provider, "a", service, Month(2026, month).start, "issued", "USD", Decimal(cost), 1)
    for provider, service, month, cost in COSTS
]


def test_the_largest_service_the_others_and_the_subtotal() -> None:
    """Largest is what costs most in the wanted months, and no digit is lost in a subtotal."""
    [table] = tables(SUMS)
    assert sum_by_vendor(table, MONTHS, 1) == [
        ("fastly", "Compute", [Decimal(5), Decimal("7.5")]),
        ("fastly", "2 others", [Decimal("10.001"), Decimal("0.25")]),
        ("fastly", "", [Decimal("15.001"), Decimal("7.75")]),
        ("vultr", "Snapshot", [Decimal(3), Decimal(0)]),
        ("vultr", "", [Decimal(3), Decimal(0)]),
    ]
