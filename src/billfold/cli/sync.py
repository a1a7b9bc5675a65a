"""Collect every invoice, line and estimate: archived, then booked."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from billfold.cli.options import ACCOUNT, PROVIDER, MonthType, books, fitting, places
from billfold.model.period import Month

if TYPE_CHECKING:
    from billfold.collect.outcome import Outcome
    from billfold.collect.sync import Progress
    from billfold.collect.workspace import Books

ASTRAY = timedelta(minutes=1)
"""What a clock that is kept right by its network may jump back."""


@click.command("sync")
@PROVIDER
@ACCOUNT
@click.option(
    "--from",
    "since",
    type=MonthType(),
    metavar="MONTH",
    help="Reach back to this month; a list that cannot be narrowed is read whole.  [default: 24 months]",
)
@click.option(
    "--recheck", type=click.IntRange(0, 1200), default=0, metavar="MONTHS", help="Read so many past months again."
)
@click.option("--quiet", is_flag=True, help="Say nothing unless something is wrong.")
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON: what is missing, doubtful, restated.")
@places
@click.pass_context
def command(
    ctx: click.Context,
    provider: str | None,
    account: str | None,
    since: Month | None,
    recheck: int,
    quiet: bool,
    as_json: bool,
) -> None:
    """Collect every invoice, line and estimate: archived, then booked.

    Answers are put on disk while the next questions are asked. A sync that was interrupted goes on where it was.
    Exit code 0: all is here. 1: reached, but something is missing or parked. 2: this machine cannot (a full disk). 3: an
    account failed.
    """
    from billfold.collect.sync import sync

    configured, chosen = fitting(ctx, provider, account)
    names = [one.name for one in configured]
    with books(ctx, new=True) as kept, _progress(quiet=as_json or quiet) as progress:
        _doubt_clock(kept)
        outcomes = sync(kept, chosen, since=since, progress=progress, configured=names, recheck=recheck)
    said = [one for one in outcomes if not quiet or one.error or one.missing or one.doubts or one.restated]
    if said:
        _tell(said, as_json=as_json)
    ctx.exit(exit_code(outcomes))


def _doubt_clock(kept: Books) -> None:
    """Warn where the archive has what is yet to come by this machine's clock: ``--as-of`` goes by these times."""
    last = kept.archive.last_seq()
    if kept.archive.seq_at(datetime.now(UTC) + ASTRAY) < last:
        newest = max(one.fetched_at for one in kept.archive.entries())
        click.echo(
            f"billfold: warning: the archive's newest answer is of {newest[:19]}Z, which is yet to come by this machine's clock: "
            "check the clock; for --as-of nothing that is collected now is older than that",
            err=True,
        )


@contextmanager
def _progress(*, quiet: bool) -> Iterator[Progress]:
    if quiet or not sys.stderr.isatty():
        yield lambda *_: None
        return
    from rich.console import Console
    from rich.progress import Progress as Bars
    from rich.progress import SpinnerColumn, TextColumn

    with Bars(SpinnerColumn(), TextColumn("{task.description}"), console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, Any] = {}

        def show(account: str, operation: str, answers: int) -> None:
            if account not in tasks:
                tasks[account] = bars.add_task(account)
            bars.update(tasks[account], description=f"{account}: {answers} answers, last {operation}")

        yield show


def exit_code(outcomes: list[Outcome]) -> int:
    """Return what a sync ends with: a ledger that cannot be written is this machine's, not an account's."""
    from billfold.model.errors import LedgerError

    if any(isinstance(outcome.error, LedgerError) for outcome in outcomes):
        return LedgerError.exit_code
    if any(outcome.error for outcome in outcomes):
        return 3
    return 1 if any(outcome.doubts or outcome.missing for outcome in outcomes) else 0


def _tell(outcomes: list[Outcome], *, as_json: bool) -> None:
    from billfold.report.render import as_json as written
    from billfold.report.render import counted

    if as_json:
        click.echo(written([_row(outcome) for outcome in outcomes]))
        return
    width = max(len(outcome.account) for outcome in outcomes)
    for outcome in outcomes:
        brought = f"{counted(outcome.answers, 'answer')} in {outcome.seconds:.1f} s"
        click.echo(f"{outcome.account:<{width}}  {f'FAILED: {outcome.error}' if outcome.error else brought}")
        missing = [f"missing: {what}" for what in outcome.missing]
        for said in (*missing, *outcome.doubts, *outcome.restated, *outcome.older):
            click.echo(f"{'':<{width}}  {said}")


def _row(outcome: Outcome) -> dict[str, Any]:
    return vars(outcome) | {
        "error": str(outcome.error) if outcome.error else None,
        "seconds": round(outcome.seconds, 3),
    }
