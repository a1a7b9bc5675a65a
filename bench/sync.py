"""How fast 100,000 lines are collected and booked: billfold, an earlier one, dlt's REST source, and the least work."""

from __future__ import annotations

import json
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import duckdb
from earlier import BEFORE_SPEED, checked_out
from measure import BILLFOLD, Spent, Spread, interleaved, spend
from played import VULTR_KEY, Twin
from table import Row, between, digits, reached, times

ROUNDS, QUICK = 11, 1
LINES = 100_000
LEAST, AGAIN = 60_000, 1.0
WALL, CPU = "by the clock", "CPU"
TARGETS = {
    ("dlt", WALL): (5.0, "at least 5x dlt"),
    ("dlt", CPU): (4.0, "at least 4x dlt"),
    (BEFORE_SPEED, WALL): (1.7, f"at least 1.7x {BEFORE_SPEED}"),
    (BEFORE_SPEED, CPU): (1.7, f"at least 1.7x {BEFORE_SPEED}"),
    ("floor", WALL): (0.7, "at least 0.7 of the floor"),
    ("floor", CPU): (0.7, "at least 0.7 of the floor"),
}
"""What is to be reached against each peer: a ratio, and how it is said."""
HERE = Path(__file__).parent
RESTING = 5


def rows(*, quick: bool = False) -> Iterator[Row]:
    """Load the same invoices with each in turn, always into an empty place."""
    with Twin(f"vultr:lines-{LINES}") as twin, checked_out(BEFORE_SPEED) as earlier:
        spendings: dict[str, list[Spent]] = {"billfold": [], "dlt": [], BEFORE_SPEED: [], "floor": []}
        items: dict[str, int] = {}
        calls = {name: _call(name, twin, earlier, values, items) for name, values in spendings.items()}
        interleaved(calls, QUICK if quick else ROUNDS)
        assert len(set(items.values())) == 1, f"not the same was loaded: {items}"
        yield from _rows({name: values[1:] for name, values in spendings.items()}, items["floor"])
        yield from _again(twin, QUICK if quick else RESTING)


def sync(config: Path, ledger: Path, source: Path | None = None) -> Spent:
    """Run ``billfold sync``; ``source`` is where another billfold lies."""
    return spend((*BILLFOLD, "sync", "--config", str(config), "--ledger", str(ledger)), source)


def booked(ledger: Path) -> int:
    """Count the lines of the invoices that a sync has booked; an earlier ledger was a file of DuckDB's."""
    earlier_file = ledger / "ledger.duckdb"
    is_earlier = earlier_file.exists()
    with closing(duckdb.connect(earlier_file) if is_earlier else sqlite3.connect(ledger / "catalog.sqlite")) as db:
        query = "SELECT sum(charges) FROM bills WHERE state = 'issued' AND parked IS NULL"
        return int(db.execute(query).fetchone()[0] or 0)


def _call(name: str, twin: Twin, earlier: Path, spendings: list[Spent], items: dict[str, int]) -> Callable[[], float]:
    def call() -> float:
        with tempfile.TemporaryDirectory(prefix="billfold-bench-") as directory:
            if name in {"billfold", BEFORE_SPEED}:
                twin.configure(Path(directory, "billfold.toml"))
                source = earlier if name == BEFORE_SPEED else None
                spent = sync(Path(directory, "billfold.toml"), Path(directory, "ledger"), source)
                items[name] = booked(Path(directory, "ledger"))
            else:
                spent = spend(_command(name, f"{twin.root}/vultr/v2", directory))
                items[name] = json.loads(spent.output.splitlines()[-1])["items"]
            spendings.append(spent)
            return spent.cpu

    return call


def _command(name: str, base_url: str, directory: str) -> tuple[str, ...]:
    if name == "dlt":
        return (sys.executable, str(HERE / "peer_dlt.py"), base_url, VULTR_KEY, directory)
    return (sys.executable, str(HERE / "floor.py"), "sync", directory, base_url, VULTR_KEY)


def _rows(spendings: dict[str, list[Spent]], items: int) -> Iterator[Row]:
    for what, read in ((WALL, lambda s: s.wall), (CPU, lambda s: s.cpu)):
        spent = {name: list(map(read, values)) for name, values in spendings.items()}
        rates = {name: Spread.of(values).under(items) for name, values in spent.items()}
        ours = rates.pop("billfold")
        unit, title = _rate if what == WALL else _rate_cpu, f"{items:,} lines, {what}"
        fast = reached(f"at least {_rate(LEAST)}", good=ours.middle >= LEAST) if what == WALL else ""
        yield Row("sync", title, unit(ours.middle), "", "", fast, between(ours, digits))
        for peer, rate in rates.items():
            # round by round: another guest of the host slows down both of a round, and whole rounds are unlike
            ratio = Spread.of(theirs / ours for ours, theirs in zip(spent["billfold"], spent[peer], strict=True))
            least, sentence = TARGETS[peer, what]
            theirs, target = f"{unit(rate.middle)} {peer}", reached(sentence, good=ratio.middle >= least)
            yield Row("sync", title, unit(ours.middle), theirs, times(ratio.middle), target, between(ratio, times))


def _rate(items: float) -> str:
    return f"{digits(items)} items/s"


def _rate_cpu(items: float) -> str:
    return f"{digits(items)} items a CPU second"


def _again(twin: Twin, rounds: int) -> Iterator[Row]:
    """Sync again where nothing is new."""
    with tempfile.TemporaryDirectory(prefix="billfold-bench-") as directory:
        config, ledger = Path(directory, "billfold.toml"), Path(directory, "ledger")
        twin.configure(config)
        sync(config, ledger)
        twin.reset()
        spent = Spread.of(sync(config, ledger).cpu for _ in range(rounds))
        request_count = twin.requests() / rounds
    target = reached(f"under {AGAIN:g} s", good=spent.middle < AGAIN)
    spread = between(spent, _seconds)
    yield Row(
        "sync", f"again, nothing new: {request_count:g} requests, CPU", _seconds(spent.middle), "", "", target, spread
    )


def _seconds(value: float) -> str:
    return f"{digits(value)} s"
