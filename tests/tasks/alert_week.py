"""A week of a twin's accounts with faults, collected day by day: what is worth telling after each collection."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from billfold.collect.workspace import Workspace
from billfold.model.fact import Fact
from billfold.model.period import parse_instant
from billfold.tasks.alert_facts import list_facts
from billfold.twin.faults import Fault
from tests import stage

BUDGETS = """
[[budgets]]
name = "all"
currency = "USD"
amount = "40000"
"""
ALWAYS = 10**6
FAILING = Fault("fastly", "unauthorized", times=ALWAYS)
OFF = Fault("cockroach", "total-off-by-a-lot", times=ALWAYS)
DAYS: Sequence[tuple[str, Sequence[Fault]]] = (
    ("2026-11-29T06:00:00Z", ()),
    ("2026-12-01T06:00:00Z", (FAILING, OFF)),
    ("2026-12-02T06:00:00Z", (FAILING,)),
    ("2026-12-03T06:00:00Z", (OFF,)),
    ("2026-12-04T06:00:00Z", (Fault("cockroach", "restated-changed"),)),
    ("2026-12-05T06:00:00Z", (FAILING,)),
    ("2026-12-06T06:00:00Z", (FAILING,)),
)
"""When the accounts are collected, and which faults their vendors have then."""


class Snapshot(NamedTuple):
    """What is worth telling at a time."""

    now: datetime
    facts: Sequence[Fact]


def play_week(home: Path) -> list[Snapshot]:
    """Collect the week into ``ledger`` of a directory, and return what was worth telling after each collection."""
    (home / "billfold.toml").write_text(BUDGETS, encoding="utf-8")
    host = stage.twin(parse_instant(DAYS[0][0]), months=2)
    host.world.vendors[:] = [
        vendor._replace(accounts=vendor.accounts[:1])
        for vendor in host.world.vendors
        if vendor.provider.name in {"cockroach", "fastly"}
    ]
    snapshots = list[Snapshot]()
    with closing(Workspace(home / "ledger")) as workspace:
        for time, faults in DAYS:
            host.clock.set(parse_instant(time))
            host.faults.clear()
            for fault in faults:
                host.set_fault(fault)
            stage.collected(host, workspace)
            with workspace.open_ledger() as db:
                snapshots.append(Snapshot(parse_instant(time), list_facts(workspace, db, home / "billfold.toml")))
    return snapshots
