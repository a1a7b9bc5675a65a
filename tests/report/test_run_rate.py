"""How fast something is used up: by whole months, exact to the hundredth, and never for ever."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billfold.model.period import Month, parse_instant
from billfold.report.run_rate import measure_rate

NOW = parse_instant("2026-08-01T00:00:00Z")
USED = [(Month(2026, number), Decimal(amount)) for number, amount in ((4, "900"), (5, "31"), (6, "30"), (7, "31"))]


def test_the_last_three_months_are_the_rate() -> None:
    """92 in 92 days is 1 a day: what is left lasts as many days as there are units."""
    rate = measure_rate(USED)
    assert (rate.monthly, rate.days, rate.months) == (Decimal("30.67"), 92, 3)
    assert str(rate.find_end(Decimal(10), NOW)) == "2026-08-11 00:00:00+00:00"
    assert rate.expect_use(NOW, Month(2026, 8).end) == Decimal(31)
    assert rate.expect_use(NOW, NOW) == 0


@pytest.mark.parametrize(("left", "used", "expected"), [("10", "0", None), ("-1", "5", NOW), ("1e9", "1", None)])
def test_what_has_no_end_has_none(left: str, used: str, expected: object) -> None:
    """Nothing is used, more is used than there was, or it lasts longer than anybody asks."""
    rate = measure_rate([(Month(2026, 7), Decimal(used))])
    assert rate.find_end(Decimal(left), NOW) == expected


def test_without_a_month_there_is_no_rate() -> None:
    """Nothing is known of the past: nothing is expected."""
    rate = measure_rate([])
    assert rate.monthly is None
    assert rate.expect_use(NOW, Month(2026, 8).end) == 0
    assert rate.find_end(Decimal(1), NOW) is None
