"""A process that books some runs of an archive into a draft of a ledger: one of several that rebuild it side by side.

Asked on its standard input; it prints how many runs are booked as it goes, and what went wrong at last.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import NamedTuple

from billfold.collect.workspace import Workspace
from billfold.ledger import store
from billfold.model.errors import BillfoldError


class DraftOrder(NamedTuple):
    """What to book where: bills are numbered from ``first_bill`` on."""

    directory: str
    draft_name: str
    first_bill: int
    run_ids: list[int]


def book_draft(order: DraftOrder) -> None:
    """Book the runs of an order, and print how many are done with each step."""
    workspace, wanted_ids = Workspace(Path(order.directory)), frozenset(order.run_ids)
    with store.open_ledger(workspace.directory / order.draft_name) as ledger:
        ledger.last_bill_id = order.first_bill
        runs = [run for run in workspace.list_ended_runs() if run.id in wanted_ids]
        workspace.book_in_batches(ledger, runs, _print_progress)
    workspace.close()


def _print_progress(booked_count: int, _: int) -> None:
    sys.stdout.write(f"{booked_count}\n")
    sys.stdout.flush()


def main() -> None:
    """Book what is asked; an error of ours is the last word, as text in JSON."""
    try:
        book_draft(DraftOrder(**json.load(sys.stdin)))
    except BillfoldError as error:
        sys.stdout.write(f"{json.dumps(str(error))}\n")
        sys.exit(1)


if __name__ == "__main__":
    main()
