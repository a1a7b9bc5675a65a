"""Which worlds the laws of the month-end are tried in: a few in each run, all twenty with ``make worlds``."""

from __future__ import annotations

import os

WORLDS = range(1, 21)
"""The seeds that every sum holds in."""
ALL_WORLDS = bool(os.environ.get("BILLFOLD_ALL_WORLDS"))


def choose_worlds(*seeds: int) -> list[int]:
    """Return the seeds that a run tries: those that are named, or all."""
    return list(WORLDS) if ALL_WORLDS else list(seeds)
