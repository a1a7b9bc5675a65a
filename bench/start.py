"""How much CPU it takes to start: the command line, the library, and Python alone."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from measure import interleaved, spend
from table import Row, between, ms, reached, times

ROUNDS, QUICK = 15, 3
MOST = 0.150
COMMANDS = {
    "billfold --version": (str(Path(sys.executable).with_name("billfold")), "--version"),
    "import billfold; billfold.Vultr": (sys.executable, "-c", "import billfold; billfold.Vultr"),
    "python -c pass": (sys.executable, "-c", "pass"),
}


def rows(*, quick: bool = False) -> Iterator[Row]:
    """Start each in turn."""
    calls = {name: lambda command=command: spend(command).cpu for name, command in COMMANDS.items()}
    samples = interleaved(calls, QUICK if quick else ROUNDS)
    bare = samples["python -c pass"]
    for name, ours in list(samples.items())[:-1]:
        target = reached(f"under {ms(MOST)}", good=ours.middle < MOST) if "version" in name else ""
        ratio = f"{times(ours.middle / bare.middle)} more"
        spread = f"{between(ours)} / {between(bare)}"
        yield Row("start", name, ms(ours.middle), f"{ms(bare.middle)} python -c pass", ratio, target, spread)
