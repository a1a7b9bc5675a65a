"""What a vendor's documents say of how its charges grow, so that an estimate can be carried to the month's end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class EstimateTerms(NamedTuple):
    """How a vendor's estimates grow; the defaults are those of a vendor that says nothing.

    ``hour_cap`` is how many hours of a rental a month costs at most (None: all), ``hour_caps_by_word`` those of services whose name
    has a word. ``level_units`` are FOCUS units that count how many there are, as users: they do not add up from day to day.
    """

    hour_cap: int | None = None
    hour_caps_by_word: Mapping[str, int] = {}
    level_units: frozenset[str] = frozenset()

    def find_hour_cap(self, service: str) -> int | None:
        """Return how many hours of a service a month costs at most; None for all of them."""
        caps = (cap for word, cap in self.hour_caps_by_word.items() if word in service.lower())
        return next(caps, self.hour_cap)


UNKNOWN_TERMS = EstimateTerms()
