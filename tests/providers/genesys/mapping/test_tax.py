"""What an invoice's amount has beyond its lines: whether it can be tax."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billfold.providers.genesys.mapping import lines
from billfold.providers.genesys.mapping.tax import is_tax


def make_usage_line(cost: Decimal) -> lines.GenesysLine:
    """Make a line of usage at this cost."""
    columns = dict.fromkeys(lines.GenesysLine._fields)
    return lines.GenesysLine(**{**columns, "BilledCost": cost, "ChargeCategory": "Usage"})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("missing", "costs", "overage", "expected"),
    [
        ("725.00", ["10000.00"], None, True),
        ("887.50", ["10000.00"], None, True),
        ("712.34", ["10000.00"], None, False),
        ("7.25", ["100.00"], None, True),
        ("7.31", ["100.00"], None, False),
        ("-725.00", ["-10000.00"], None, True),
        ("-725.00", ["10000.00"], None, False),
        ("3100.00", ["10000.00"], None, False),
        ("50.00", ["10000.00"], None, False),
        ("725.00", ["10000.00"], "10000.01", False),
        ("725.00", ["10000.00"], "9000.00", True),
    ],
)
def test_tax_rate_is_round_and_1_to_30_percent(
    missing: str, costs: list[str], overage: str | None, expected: bool
) -> None:
    """Tax is a round rate between 1 and 30 percent."""
    usage_lines = [make_usage_line(Decimal(cost)) for cost in costs]
    assert is_tax(Decimal(missing), usage_lines, None if overage is None else Decimal(overage)) == expected
