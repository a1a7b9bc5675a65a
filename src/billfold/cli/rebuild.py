"""Compute the ledger anew from the archive alone, and print its hash."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from billfold.cli.context import open_workspace
from billfold.cli.gaps import end_listing
from billfold.cli.output import print_line
from billfold.cli.params import add_location_options
from billfold.collect.rebuilding import BookingProgress
from billfold.ledger.digest import compute_digest
from billfold.ledger.query import LedgerFilter
from billfold.model.finding import AccountFinding
from billfold.report.gaps import find_missing_providers, find_unbooked


@click.command("rebuild")
@add_location_options
@click.pass_context
def command(ctx: click.Context) -> None:
    """Compute the ledger anew from the archive alone, and print its hash: the same as `billfold hash` printed before.

    What is damaged in the archive or missing from it, or cannot be booked, is told, and the exit code is 1. A ledger whose
    archive is lost is left as it is.
    """
    with open_workspace(ctx) as workspace:
        with _show_progress() as progress:
            forgotten = [AccountFinding("", "", "", finding) for finding in workspace.rebuild(progress)]
        with workspace.open_ledger() as db:
            print_line(compute_digest(db))
            all_gaps = [
                *forgotten,
                *find_unbooked(db, LedgerFilter()),
                *find_missing_providers(workspace.list_unbookable_runs(db), LedgerFilter()),
            ]
    wrong_gaps = [gap for gap in all_gaps if gap.finding.is_wrong]
    end_listing(ctx, wrong_gaps)


@contextmanager
def _show_progress() -> Iterator[BookingProgress]:
    """Show on stderr how many collections are booked, if that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda *_: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = TextColumn("collections booked"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("", total=None)
        yield lambda booked_count, run_count: bars.update(task, completed=booked_count, total=run_count)
