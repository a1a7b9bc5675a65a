"""How much memory it takes to collect and book one invoice of a million lines."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from measure import Spread
from played import Twin
from sync import sync
from table import Row, between, digits, reached

ROUNDS, QUICK = 3, 1
LINES = 1_000_000
MOST = 400e6


def rows(*, quick: bool = False) -> Iterator[Row]:
    """Sync into an empty place, some times."""
    spendings = []
    with Twin(f"vultr:lines-{LINES}") as twin:
        for _ in range(QUICK if quick else ROUNDS):
            with tempfile.TemporaryDirectory(prefix="billfold-bench-") as directory:
                config = Path(directory, "billfold.toml")
                twin.configure(config)
                spendings.append(sync(config, Path(directory, "ledger")))
    memory, rate = (
        Spread.of(spent.memory for spent in spendings),
        Spread.of(spent.wall for spent in spendings).under(LINES),
    )
    target = reached(f"under {_megabytes(MOST)}", good=memory.middle < MOST)
    yield Row(
        "big",
        f"{LINES:,} lines, largest memory",
        _megabytes(memory.middle),
        "",
        "",
        target,
        between(memory, _megabytes),
    )
    yield Row("big", f"{LINES:,} lines, by the clock", f"{digits(rate.middle)} items/s", spread=between(rate, digits))


def _megabytes(value: float) -> str:
    return f"{digits(value / 1e6)} MB"
