"""The rates of Vultr's twin."""

from __future__ import annotations

import pytest

from billfold.providers.vultr.twin import inventory


@pytest.mark.parametrize(
    ("cents", "cap", "text"),
    [(500, 672, "0.00744047619047619"), (8000, 672, "0.11904761904761904"), (4300, 730, "0.05890410958904110")],
)
def test_pending_rate_is_shortest_float(cents: int, cap: int, text: str) -> None:
    """A pending rate is a float in its shortest spelling."""
    rate = inventory.hourly_rate(cents, cap, pending=True)
    assert str(rate) == repr(float(text))
    assert float(rate) == cents / (cap * 100)
