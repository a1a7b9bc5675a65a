"""How much memory a ledger of a million lines in one invoice takes, and how fast it is computed anew."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from earlier import BEFORE_SPEED, checked_out
from measure import BILLFOLD, Spent, Spread, spend
from played import Twin
from sync import sync
from table import Row, between, digits, reached, times

ROUNDS, QUICK = 3, 1
LINES = 1_000_000
MOST = 400e6
OF_FLOOR, OF_EARLIER = 0.5, 2.5
FLOOR = str(Path(__file__).with_name("floor.py"))


def rows(*, quick: bool = False) -> Iterator[Row]:
    """Sync into an empty place, then ask everything of what came, some times."""
    spendings: dict[str, list[Spent]] = {}
    with Twin(f"vultr:lines-{LINES}") as twin, checked_out(BEFORE_SPEED) as earlier:
        for _ in range(QUICK if quick else ROUNDS):
            with tempfile.TemporaryDirectory(prefix="billfold-bench-") as directory:
                config = Path(directory, "billfold.toml")
                twin.configure(config)
                spent = {
                    "sync": sync(config, Path(directory, "ledger")),
                    BEFORE_SPEED: sync(config, Path(directory, "earlier"), earlier),
                    **ask_everything(directory),
                    "floor": spend((sys.executable, FLOOR, "rebuild", directory, f"{directory}/ledger/archive.sqlite")),
                }
                assert json.loads(spent["floor"].output)["items"] > LINES
            for name, value in spent.items():
                spendings.setdefault(name, []).append(value)
    yield from memory_rows("big", LINES, spendings)
    rate = Spread.of(spent.wall for spent in spendings["sync"]).under(LINES)
    yield Row("big", f"{LINES:,} lines, by the clock", f"{digits(rate.middle)} items/s", spread=between(rate, digits))
    yield from _compare_rebuild(spendings, "floor", "floor", OF_FLOOR, "of the floor")
    yield from _compare_rebuild(spendings, BEFORE_SPEED, f"first sync at {BEFORE_SPEED}", OF_EARLIER, "times as fast")


def ask_everything(directory: str) -> dict[str, Spent]:
    """Run the commands that read a whole ledger, or make it anew."""
    commands = {"rebuild": (), "hash": (), "verify": (), "export": ("focus", f"{directory}/export")}
    return {
        name: spend((*BILLFOLD, name, *arguments, "--ledger", f"{directory}/ledger"))
        for name, arguments in commands.items()
    }


def memory_rows(part: str, lines: int, spendings: dict[str, list[Spent]]) -> Iterator[Row]:
    """Say how much memory each command took at most."""
    for name in ("sync", "rebuild", "hash", "verify", "export"):
        memory = Spread.of(spent.memory for spent in spendings[name])
        target = reached(f"under {_megabytes(MOST)}", good=memory.middle < MOST)
        title = f"{lines:,} lines, largest memory of {name}"
        yield Row(part, title, _megabytes(memory.middle), "", "", target, between(memory, _megabytes))


def _compare_rebuild(
    spendings: dict[str, list[Spent]], peer: str, title: str, least: float, unit: str
) -> Iterator[Row]:
    """Compare, round by round, how long a rebuild took by the clock."""
    pairs = zip(spendings["rebuild"], spendings[peer], strict=True)
    ratio = Spread.of(theirs.wall / ours.wall for ours, theirs in pairs)
    ours, theirs = (Spread.of(spent.wall for spent in spendings[name]).middle for name in ("rebuild", peer))
    target = reached(f"at least {least:g} {unit}", good=ratio.middle >= least)
    rebuild = f"{LINES:,} lines, rebuild by the clock"
    yield Row(
        "big",
        rebuild,
        f"{digits(ours)} s",
        f"{digits(theirs)} s {title}",
        times(ratio.middle),
        target,
        between(ratio, times),
    )


def _megabytes(value: float) -> str:
    return f"{digits(value / 1e6)} MB"
