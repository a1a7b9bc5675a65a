"""A process that books some runs of an archive into a draft of a ledger: one of several that rebuild it side by side.

Asked on its standard input; it prints a number for each batch of runs that is booked, and what went wrong at last.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import NamedTuple

from billfold.collect.workspace import RUNS_PER_TRANSACTION, Workspace
from billfold.ledger import store
from billfold.model.errors import BillfoldError


class DraftOrder(NamedTuple):
    """What to book where: bills are numbered from ``first_bill`` on."""

    directory: str
    draft_name: str
    first_bill: int
    run_ids: list[int]


def book_draft(order: DraftOrder) -> None:
    """Book the runs of an order, and print how many of them with each step."""
    workspace, wanted_ids = Workspace(Path(order.directory)), frozenset(order.run_ids)
    with store.open_ledger(workspace.directory / order.draft_name) as ledger:
        ledger.last_bill_id = order.first_bill
        runs = [run for run in workspace.list_ended_runs() if run.id in wanted_ids]
        for start in range(0, len(runs), RUNS_PER_TRANSACTION):
            batch = runs[start : start + RUNS_PER_TRANSACTION]
            workspace.book_together(ledger, batch)
            sys.stdout.write(f"{len(batch)}\n")
            sys.stdout.flush()
    workspace.close()


def main() -> None:
    """Book what is asked; an error of ours is the last word, as text in JSON."""
    try:
        book_draft(DraftOrder(**json.load(sys.stdin)))
    except BillfoldError as error:
        sys.stdout.write(f"{json.dumps(str(error))}\n")
        sys.exit(1)


if __name__ == "__main__":
    main()
