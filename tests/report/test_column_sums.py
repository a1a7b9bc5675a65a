"""A table says a total by a column that sums to it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billfold.report.column_sums import has_column_sum, read_table


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a,b\nx,1.5\ny,2\n", True),
        ("a;b\r\nx;1.5\r\ny;1.996\r\n", True),
        ("a\tb\nx\t3.5", True),
        ("a,b\nx,1.5\ny,2.01\n", False),
        ("3.5", False),
        ("a,b\n", False),
        ("", False),
        ('a,b\nx,"' + "1" * 200_000 + '"', False),
    ],
)
def test_a_column_sums_to_a_total(text: str, expected: bool) -> None:
    assert has_column_sum(read_table(text), [Decimal(9), Decimal("3.5")]) is expected
