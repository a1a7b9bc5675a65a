"""Collect every invoice, line and estimate: archived, then booked."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from billfold.cli.options import MonthType, accounts, books, places
from billfold.model.period import Month

if TYPE_CHECKING:
    from billfold.sync import Outcome, Progress


@click.command("sync")
@click.option("--provider", metavar="NAME", help="Only this provider.")
@click.option("--account", metavar="NAME", help="Only this account.")
@click.option(
    "--from", "since", type=MonthType(), metavar="MONTH", help="Reach back to this month.  [default: 24 months]"
)
@click.option(
    "--recheck", type=click.IntRange(0, 1200), default=0, metavar="MONTHS", help="Read so many past months again."
)
@click.option("--quiet", is_flag=True, help="Say nothing unless something is wrong.")
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON.")
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

    Every answer is safe on disk before the next question is asked. A sync that was interrupted goes on where it was.
    Exit code 0: all is here. 1: reached, but something is missing or parked. 3: an account failed.
    """
    from billfold.ledger import history, query
    from billfold.model.errors import SetupError
    from billfold.sync import sync

    configured = accounts(ctx)
    chosen = [
        one
        for one in configured
        if (provider is None or one.provider.name == provider) and (account is None or one.name == account)
    ]
    if not chosen:
        there = ", ".join(f"{one.name} ({one.provider.name})" for one in configured)
        raise SetupError(f"no account of the configuration fits; there are {there or 'none: see `billfold connect`'}")
    names = [one.name for one in configured]
    with books(ctx, new=True) as kept:
        before = kept.archive.last_seq()
        with _progress(quiet=as_json or quiet) as progress:
            outcomes = sync(kept, chosen, since=since, progress=progress, configured=names, recheck=recheck)
        with kept.ledger() as db:
            parked, unread = query.parked(db, query.Filter()), query.unread(db)
            changed = history.changed(db, before)
    code = _code(outcomes, [*parked, *unread])
    if code or changed or not quiet:
        _tell(outcomes, _words(parked, unread, changed), as_json=as_json)
    ctx.exit(code)


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


def _code(outcomes: list[Outcome], parked: list[dict[str, Any]]) -> int:
    if any(outcome.error for outcome in outcomes):
        return 3
    return 1 if parked or any(outcome.missing for outcome in outcomes) else 0


def _words(
    parked: list[dict[str, Any]], unread: list[dict[str, Any]], changed: list[dict[str, Any]]
) -> list[tuple[str, str]]:
    """Say of each account what the ledger makes of it: what is not counted, not booked, or restated."""
    return [
        *((bill["account"], f"parked: {bill['invoice_id'] or 'estimate'}: {bill['parked']}") for bill in parked),
        *((one["account"], f"not booked: {one['words']}") for one in unread),
        *(
            (one["account"], f"restated: {one['invoice_id']}: was {one['was']}, is {one['is']} {one['currency']}")
            for one in changed
        ),
    ]


def _tell(outcomes: list[Outcome], words: list[tuple[str, str]], *, as_json: bool) -> None:
    from billfold.report.render import as_json as written
    from billfold.report.render import counted

    if as_json:
        rows = [
            vars(outcome)
            | {"error": str(outcome.error) if outcome.error else None}
            | {"notes": [said for account, said in words if account == outcome.account]}
            for outcome in outcomes
        ]
        click.echo(written(rows))
        return
    width = max(len(outcome.account) for outcome in outcomes)
    for outcome in outcomes:
        brought = f"{counted(outcome.answers, 'answer')} in {outcome.seconds:.1f} s"
        click.echo(f"{outcome.account:<{width}}  {f'FAILED: {outcome.error}' if outcome.error else brought}")
        for missing in outcome.missing:
            click.echo(f"{'':<{width}}  missing: {missing}")
    for account, said in words:
        click.echo(f"{account:<{width}}  {said}")
