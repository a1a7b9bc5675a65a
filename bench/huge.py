"""How much memory a ledger of ten million lines in one invoice takes (half an hour)."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from big import ask_everything, memory_rows
from played import Twin
from sync import sync
from table import Row

LINES, QUICK_LINES = 10_000_000, 100_000


def rows(*, quick: bool = False) -> Iterator[Row]:
    """Sync once into an empty place, then ask everything of what came."""
    lines = QUICK_LINES if quick else LINES
    with Twin(f"vultr:lines-{lines}") as twin, tempfile.TemporaryDirectory(prefix="billfold-bench-") as directory:
        config = Path(directory, "billfold.toml")
        twin.configure(config)
        spent = {"sync": sync(config, Path(directory, "ledger")), **ask_everything(directory)}
    yield from memory_rows("huge", lines, {name: [value] for name, value in spent.items()})
