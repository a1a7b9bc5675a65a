"""The one table of the results: its rows, how numbers are written, and the file that keeps it."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from measure import Spread

FILE = Path(__file__).with_name("results.md")
HEAD = ("what", "ours", "peer", "ratio", "target", "spread")


class Row(NamedTuple):
    """One thing measured; ``part`` is the part of the bench that measured it."""

    part: str
    what: str
    ours: str
    peer: str = ""
    ratio: str = ""
    target: str = ""
    spread: str = ""

    def cells(self) -> tuple[str, ...]:
        return (f"{self.part}: {self.what}", *self[2:])


def reached(target: str, *, good: bool) -> str:
    """Say a target, and whether it is reached."""
    return f"{target}: {'yes' if good else 'NO'}"


def digits(value: float) -> str:
    """Write a number with three digits, or all of those before the point."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def ms(seconds: float) -> str:
    return f"{digits(seconds * 1000)} ms"


def times(ratio: float) -> str:
    return f"{digits(ratio)}x"


def between(spread: Spread, unit: Callable[[float], str] = ms) -> str:
    return f"{unit(spread.least)}..{unit(spread.most)}"


def machine() -> str:
    """Say where and when this was measured."""
    return f"{cpu_model()}, {os.cpu_count()} cores, Python {platform.python_version()}, {datetime.now(UTC):%Y-%m-%d}"


def cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())


def text(rows: Iterable[tuple[str, ...]]) -> str:
    """Write the table in Markdown."""
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (HEAD, ("---",) * len(HEAD), *rows))


def write(rows: list[Row], parts: Iterable[str]) -> None:
    """Put the rows in the file; those of parts that were not measured now stay, where they are of the same machine."""
    fresh = {row.part for row in rows}
    here = machine()
    kept_rows = [cells for cells in _read_rows(here) if cells[0].partition(":")[0] not in fresh]
    every = kept_rows + [row.cells() for row in rows]
    order = list(parts)
    every.sort(key=lambda cells: order.index(cells[0].partition(":")[0]))
    FILE.write_text(f"# Measured\n\n{here}\n\n{NOTE}\n{text(every)}\n", encoding="utf-8")


def _read_rows(here: str) -> list[tuple[str, ...]]:
    if not FILE.exists():
        return []
    lines = FILE.read_text(encoding="utf-8").splitlines()
    if here.rpartition(",")[0] != lines[2].rpartition(",")[0]:
        return []
    rows = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines if line.startswith("| ")]
    return rows[2:]


NOTE = """\
Medians of interleaved runs, least..most as spread; CPU seconds (user and system) unless it says otherwise. The ratios are
the message: the seconds are this machine's. The ratios of a first sync are medians of the ratios of each round.
"""
