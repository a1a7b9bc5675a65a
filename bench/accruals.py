"""How far accruals are from the invoices that come, by the day of the month: ``accruals.py [WORLDS]`` prints the curve.

Each world is a twin of another seed and month, collected on some of its days and after its invoices came; all in this process.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import defaultdict
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from statistics import mean
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests import stage

from billfold.collect.workspace import Workspace
from billfold.ledger import query
from billfold.ledger.estimate_history import count_days
from billfold.ledger.query import LedgerFilter
from billfold.model.period import Month
from billfold.tasks.accruals import list_accruals

FIRST_MONTH = Month(2026, 1)
DAYS = (1, 5, 10, 15, 20, 25, 30)
WORLDS = 20
AccountKey = tuple[str, str, str]
"""A provider, an account and a currency."""


class Miss(NamedTuple):
    """What was accrued of an account on a day, what its estimates stated, and what was invoiced then."""

    day: int
    provider: str
    account: str
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


def play_world(seed: int, month: Month, days: tuple[int, ...] = DAYS) -> list[Miss]:
    """Play a month of a world, and return how far each account's accrual was on the end of each day (or the month's last)."""
    host = stage.twin(month.start, seed=seed)
    known_then = dict[int, tuple[dict[AccountKey, Decimal], dict[AccountKey, Decimal]]]()
    with tempfile.TemporaryDirectory() as folder, closing(Workspace(Path(folder) / "ledger")) as workspace:
        for day in days:
            host.clock.set(month.start + timedelta(days=min(day, count_days(month)), minutes=-30))
            known_then[day] = _look(host, workspace, month)
    invoiced = _sum_truth(host, month)
    return [
        Miss(day, *key[:2], accrued.get(key, Decimal(0)), estimated.get(key, Decimal(0)), total)
        for day, (accrued, estimated) in known_then.items()
        for key, total in invoiced.items()
    ]


def _look(
    host: stage.TwinHost, workspace: Workspace, month: Month
) -> tuple[dict[AccountKey, Decimal], dict[AccountKey, Decimal]]:
    stage.collected(host, workspace)
    accrued, estimated = defaultdict[AccountKey, Decimal](Decimal), defaultdict[AccountKey, Decimal](Decimal)
    with workspace.open_ledger() as db:
        for row in list_accruals(db, LedgerFilter(), month):
            accrued[row.provider, row.account, row.currency] += row.amount
        for bill in query.list_invoices(db, LedgerFilter(first_month=month, last_month=month)):
            estimated[bill.provider, bill.account, bill.currency] += Decimal(bill.total or 0)
    return accrued, estimated


def _sum_truth(host: stage.TwinHost, month: Month) -> dict[AccountKey, Decimal]:
    """Return what the vendors invoice for a month: the twin's own truth, some days after its end."""
    totals, then = defaultdict[AccountKey, Decimal](Decimal), month.end + timedelta(days=5)
    for account, bill in host.world.iter_bills(then):
        if bill.state == "issued" and Month.of(bill.period.start) == month:
            totals[account.provider, account.name, bill.currency] += bill.total or 0
    return totals


def format_curve(misses: list[Miss]) -> str:
    """Write the mean absolute errors by day, in percent: of all accounts, with and without an estimate, and by vendor."""
    providers = sorted({miss.provider for miss in misses})
    no_estimate = {miss.account for miss in misses} - {miss.account for miss in misses if miss.estimated}
    lines = [f"| day | all | with an estimate | without | {' | '.join(providers)} | the estimate as it stands |"]
    lines.append("|---:" * (len(providers) + 5) + "|")
    for day in sorted({miss.day for miss in misses}):
        of_day = [miss for miss in misses if miss.day == day]
        groups = [
            of_day,
            [miss for miss in of_day if miss.account not in no_estimate],
            [miss for miss in of_day if miss.account in no_estimate],
            *([miss for miss in of_day if miss.provider == provider] for provider in providers),
        ]
        cells = [f"{mean(miss.accrual_error for miss in group):.2%}" if group else "" for group in groups]
        cells.append(f"{mean(miss.estimate_error for miss in of_day):.2%}")
        lines.append(f"| {day} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Play the worlds and print the curve."""
    misses = list[Miss]()
    for index in range(int(arguments[0]) if arguments else WORLDS):
        month, started_at = FIRST_MONTH.add_months(index), time.monotonic()
        misses += play_world(index + 1, month)
        last = [miss for miss in misses if miss.day == DAYS[-1]][-6:]
        worst = max(last, key=lambda miss: miss.accrual_error)
        took = time.monotonic() - started_at
        print(
            f"world {index + 1}, {month}, {took:.0f} s: worst on day {DAYS[-1]}: {worst}", file=sys.stderr, flush=True
        )
    print(format_curve(misses))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
