"""Costs by any keys, of days and teams too, sum to what the vendors state: a law over whole worlds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

import pytest

from billfold.collect.workspace import Workspace
from billfold.ledger.estimate_history import list_estimate_records
from billfold.ledger.month_costs import list_month_costs
from billfold.ledger.query import LedgerFilter
from billfold.model.bill import State
from billfold.report.daily import list_daily_costs
from billfold.settings.allocation import parse_rules
from billfold.tasks.costs import list_costs
from billfold.twin.host import TwinHost
from billfold.twin.world import describe_bill
from tests import stage

PLACE = ("account", "month", "state", "currency")
RULES = parse_rules(
    {
        "rules": [
            {"name": "taxes", "match": {"charge-category": "Tax"}, "shared": "direct"},
            {"name": "cdn", "match": {"provider": "fastly"}, "split": {"web": 2, "data": 1}},
        ]
    },
    "allocation.toml",
)
Sums = dict[tuple[str, ...], Decimal]


def sum_truth(host: TwinHost) -> Sums:
    """Sum what the twin's world says that each account is billed, without the ledger."""
    sums = defaultdict[tuple[str, ...], Decimal](Decimal)
    for account, bill in host.world.iter_bills(host.clock.now()):
        stated = describe_bill(account, bill)
        place = stated["account"], stated["period_start"][:7], stated["state"], stated["currency"]
        sums[place] += Decimal(stated["total"] or 0)
    return {place: total for place, total in sums.items() if total}


@pytest.mark.parametrize("seed", [3, 8])
def test_every_way_to_group_sums_to_the_truth(tmp_path: Path, seed: int) -> None:
    """By services and SKUs, by teams, and by days: account by account, month by month, to the last digit."""
    host = stage.twin(seed=seed, months=2)
    workspace = Workspace(tmp_path / "ledger")
    stage.collected(host, workspace)
    with workspace.open_ledger() as db:
        groups = [list_costs(db, LedgerFilter(), (*keys, *PLACE)) for keys in ((), ("service", "sku"), ("tag:team",))]
        groups.append(list_costs(db, LedgerFilter(), ("team", *PLACE), tuple(State), RULES))
        costs, records = list_month_costs(db, LedgerFilter()), list_estimate_records(db, LedgerFilter())
        days = list_daily_costs(costs, records, ("provider", "account", "day"))
    workspace.close()
    truth = sum_truth(host)
    for rows in groups:
        assert sum_places((row.values[-len(PLACE) :], row.cost) for row in rows) == truth
    assert sum_places(((row.values[1], str(row.month), row.state, row.currency), row.cost) for row in days) == truth


def sum_places(parts: Iterable[tuple[tuple[str, ...], Decimal]]) -> Sums:
    """Sum costs by their places; what comes to nothing is left out."""
    sums = defaultdict[tuple[str, ...], Decimal](Decimal)
    for place, cost in parts:
        sums[place] += cost
    return {place: total for place, total in sums.items() if total}
