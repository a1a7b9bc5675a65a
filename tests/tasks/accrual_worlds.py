"""Months of invented worlds, accrued day by day and held against the invoices that came: for a law and for a bench."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from billfold.collect.workspace import Workspace
from billfold.ledger import query
from billfold.ledger.estimate_history import count_days
from billfold.ledger.query import LedgerFilter
from billfold.model.period import Month
from billfold.tasks.accruals import list_accruals
from billfold.twin.host import TwinHost
from tests import stage

AccountKey = tuple[str, str, str]
"""A provider, an account and a currency."""
Sums = dict[AccountKey, Decimal]


class Miss(NamedTuple):
    """What was accrued of an account on a day, what its estimates stated, and what was invoiced then."""

    day: int
    provider: str
    account: str
    currency: str
    accrued: Decimal
    estimated: Decimal
    invoiced: Decimal

    @property
    def accrual_error(self) -> float:
        """The accrual's distance from the invoices, as a share of them."""
        return abs(float((self.accrued - self.invoiced) / self.invoiced))

    @property
    def estimate_error(self) -> float:
        """The estimate's distance from the invoices, as a share of them."""
        return abs(float((self.estimated - self.invoiced) / self.invoiced))


def play_world(seed: int, month: Month, days: Sequence[int]) -> list[Miss]:
    """Play a month of a world, and return how far each account's accrual was at the end of each day (or of the month's last)."""
    host = stage.twin(month.start, seed=seed)
    with tempfile.TemporaryDirectory() as folder, closing(Workspace(Path(folder) / "ledger")) as workspace:
        return measure_days(host, workspace, month, days)


def measure_days(host: TwinHost, workspace: Workspace, month: Month, days: Sequence[int]) -> list[Miss]:
    """Collect a world at the end of each day, and return how far each account's accrual was then."""
    sums_by_day = dict[int, tuple[Sums, Sums]]()
    for day in days:
        host.clock.set(month.start + timedelta(days=min(day, count_days(month)), minutes=-30))
        stage.collected(host, workspace)
        sums_by_day[day] = _sum_ledger(workspace, month)
    return [
        Miss(day, *key, accrued.get(key, Decimal(0)), estimated.get(key, Decimal(0)), total)
        for day, (accrued, estimated) in sums_by_day.items()
        for key, total in sum_invoices(host, month).items()
    ]


def _sum_ledger(workspace: Workspace, month: Month) -> tuple[Sums, Sums]:
    """Return what is accrued, and what the vendors' estimates and drafts state, by account and currency."""
    accrued, estimated = defaultdict[AccountKey, Decimal](Decimal), defaultdict[AccountKey, Decimal](Decimal)
    with workspace.open_ledger() as db:
        for row in list_accruals(db, LedgerFilter(), month):
            accrued[row.provider, row.account, row.currency] += row.amount
        for bill in query.list_invoices(db, LedgerFilter(first_month=month, last_month=month)):
            estimated[bill.provider, bill.account, bill.currency] += Decimal(bill.total or 0)
    return accrued, estimated


def sum_invoices(host: TwinHost, month: Month) -> Sums:
    """Return what the vendors invoice for a month: the twin's own truth, some days after its end."""
    totals = defaultdict[AccountKey, Decimal](Decimal)
    for account, bill in host.world.iter_bills(month.end + timedelta(days=5)):
        if bill.state == "issued" and Month.of(bill.period.start) == month:
            totals[account.provider, account.name, bill.currency] += bill.total or 0
    return totals
