"""How far accruals are from the invoices that come, by the day of the month: ``accruals.py [WORLDS]`` prints the curve.

Each world is a twin of another seed and month, collected on some of its days; all in this process.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from statistics import mean

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.tasks.accrual_worlds import Miss, play_world

from billfold.model.period import Month

FIRST_MONTH = Month(2026, 1)
DAYS = (1, 5, 10, 15, 20, 25, 30)
WORLDS = 20


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
        world_misses = play_world(index + 1, month, DAYS)
        misses += world_misses
        worst = max(world_misses, key=lambda miss: (miss.day, miss.accrual_error))
        took = time.monotonic() - started_at
        print(f"world {index + 1}, {month}, {took:.0f} s: worst of the last day: {worst}", file=sys.stderr, flush=True)
    print(format_curve(misses))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
