"""What a sync shows at a terminal while it runs: how many accounts are done, and those that answered last."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

from billfold.cli.outcome_lines import MAX_SHOWN_ACCOUNTS, OutcomeLines
from billfold.collect.outcome import CollectOutcome

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID


class SyncProgress:
    """Shows what comes, if there are bars to show it with, and prints the line of each account that is done."""

    def __init__(self, lines: OutcomeLines, bars: Bars | None, account_count: int) -> None:
        self._lines, self._bars, self._account_count, self._done_count = lines, bars, account_count, 0
        self._lock = Lock()
        self._tasks: dict[str, TaskID] = {}
        self._sum_task = bars.add_task(self._describe_sum(), visible=account_count > 1) if bars else None

    def note_answer(self, account: str, operation: str, answers: int) -> None:
        """Show an answer; accounts are collected side by side."""
        if not self._bars:
            return
        with self._lock:
            task = self._tasks.pop(account, None)
            self._tasks[account] = self._bars.add_task(account) if task is None else task
            self._bars.update(self._tasks[account], description=f"{account}: {answers} answers, last {operation}")
            if len(self._tasks) > MAX_SHOWN_ACCOUNTS:
                self._bars.remove_task(self._tasks.pop(next(iter(self._tasks))))

    def end_account(self, outcome: CollectOutcome) -> None:
        """Show and print that an account is done."""
        self._lines.print_collected(outcome)
        if not self._bars or self._sum_task is None:
            return
        with self._lock:
            self._done_count += 1
            if (task := self._tasks.pop(outcome.account, None)) is not None:
                self._bars.remove_task(task)
            self._bars.update(self._sum_task, description=self._describe_sum())

    def _describe_sum(self) -> str:
        if self._done_count == self._account_count:
            return f"{self._account_count} accounts are collected, and being booked"
        return f"{self._done_count} of {self._account_count} accounts"


@contextmanager
def show_progress(lines: OutcomeLines, account_count: int, *, quiet: bool) -> Iterator[SyncProgress]:
    """Show progress on stderr, if that is a terminal; lines on stdout go above it where they are on the same screen."""
    if quiet or not sys.stderr.isatty():
        yield SyncProgress(lines, None, account_count)
        return
    from rich.console import Console
    from rich.progress import Progress as Bars
    from rich.progress import SpinnerColumn, TextColumn
    from rich.table import Column

    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True)))
    screen = Console(stderr=True)
    with Bars(*columns, console=screen, transient=True, redirect_stdout=sys.stdout.isatty()) as bars:
        yield SyncProgress(lines, bars, account_count)
