"""How fast 100,000 lines are collected and booked: billfold, dlt's REST source, and the least that can be done."""

from __future__ import annotations

import json
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from measure import BILLFOLD, Spent, Spread, interleaved, spend
from played import VULTR_KEY, Twin
from table import Row, between, digits, reached, times

ROUNDS, QUICK = 11, 1
LINES = 100_000
LEAST, OF_DLT, OF_FLOOR, AGAIN = 60_000, 3.0, 0.5, 1.0
OF_FLOOR_WORDS = f"at least {OF_FLOOR:g} of the floor"
HERE = Path(__file__).parent
RESTING = 5


def rows(*, quick: bool = False) -> Iterator[Row]:
    """Load the same invoices with each in turn, always into an empty place."""
    with Twin(f"vultr:lines-{LINES}") as twin:
        spendings: dict[str, list[Spent]] = {"billfold sync": [], "dlt": [], "floor": []}
        items: dict[str, int] = {}
        interleaved({name: _call(name, twin, spendings[name], items) for name in spendings}, QUICK if quick else ROUNDS)
        assert len(set(items.values())) == 1, f"not the same was loaded: {items}"
        yield from _rows({name: values[1:] for name, values in spendings.items()}, items["floor"])
        yield from _again(twin, QUICK if quick else RESTING)


def sync(config: Path, ledger: Path) -> Spent:
    """Run ``billfold sync``."""
    return spend((*BILLFOLD, "sync", "--config", str(config), "--ledger", str(ledger)))


def booked(ledger: Path) -> int:
    """Count the lines of the invoices that a sync has booked."""
    with closing(sqlite3.connect(ledger / "catalog.sqlite")) as db:
        query = "SELECT sum(charges) FROM bills WHERE state = 'issued' AND parked IS NULL"
        return int(db.execute(query).fetchone()[0] or 0)


def _call(name: str, twin: Twin, spendings: list[Spent], items: dict[str, int]) -> Callable[[], float]:
    def call() -> float:
        with tempfile.TemporaryDirectory(prefix="billfold-bench-") as directory:
            if name == "billfold sync":
                twin.configure(Path(directory, "billfold.toml"))
                spent = sync(Path(directory, "billfold.toml"), Path(directory, "ledger"))
                items[name] = booked(Path(directory, "ledger"))
            else:
                script = HERE / {"dlt": "peer_dlt.py", "floor": "floor.py"}[name]
                spent = spend((sys.executable, str(script), f"{twin.root}/vultr/v2", VULTR_KEY, directory))
                items[name] = json.loads(spent.output.splitlines()[-1])["items"]
            spendings.append(spent)
            return spent.cpu

    return call


def _rows(spendings: dict[str, list[Spent]], items: int) -> Iterator[Row]:
    for what, read in (("by the clock", lambda s: s.wall), ("CPU", lambda s: s.cpu)):
        spent = {name: list(map(read, values)) for name, values in spendings.items()}
        rates = {name: Spread.of(values).under(items) for name, values in spent.items()}
        ours = rates["billfold sync"]
        unit, title = _rate if what == "by the clock" else _rate_cpu, f"{items:,} lines, {what}"
        fast = reached(f"at least {_rate(LEAST)}", good=ours.middle >= LEAST) if what == "by the clock" else ""
        yield Row("sync", title, unit(ours.middle), "", "", fast, between(ours, digits))
        for peer, sentence, least in (
            ("dlt", f"at least {OF_DLT:g}x dlt", OF_DLT),
            ("floor", OF_FLOOR_WORDS, OF_FLOOR),
        ):
            # round by round: another guest of the host slows down both of a round, and whole rounds are unlike
            ratio = Spread.of(theirs / ours for ours, theirs in zip(spent["billfold sync"], spent[peer], strict=True))
            theirs, target = f"{unit(rates[peer].middle)} {peer}", reached(sentence, good=ratio.middle >= least)
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
