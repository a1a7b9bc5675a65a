"""The kit of all mappings: the bounds of numbers, and ids made of names."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billfold.providers.mapping import describe_unfit, is_in_bounds, make_slug


@pytest.mark.parametrize(
    ("number", "flaw"),
    [
        ("99999999999999.99", ""),
        ("-1E-24", ""),
        ("0", ""),
        ("1E+14", "out of all bounds"),
        ("-1E-25", "out of all bounds"),
        ("Infinity", "no number: Infinity"),
        ("NaN", "no number: NaN"),
    ],
)
def test_number_out_of_bounds_is_refused(number: str, flaw: str) -> None:
    """A number of fifteen digits before its point, a tiny one and none at all are refused, and it is said which it is."""
    assert is_in_bounds(Decimal(number)) == (not flaw)
    assert not flaw or describe_unfit(Decimal(number)) == flaw


def test_slug_joins_names() -> None:
    """Names become one identifier, whatever stands between their words."""
    assert make_slug("Network Services", "Full-Site  Delivery (US)") == "network-services/full-site-delivery-us"
    assert make_slug("") == ""
