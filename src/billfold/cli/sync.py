"""Collect every invoice, line and estimate: archived, then booked."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

import click

from billfold.cli.context import load_accounts, open_workspace
from billfold.cli.output import print_data, print_line
from billfold.cli.params import ACCOUNT_OPTION, PROVIDER_OPTION, MonthType, add_location_options
from billfold.collect.outcome import CollectOutcome
from billfold.collect.sync import DEFAULT_WORKERS, Progress, sync_accounts
from billfold.model.errors import LedgerError
from billfold.model.finding import Finding, describe_labelled
from billfold.model.finding_codes import FindingCode
from billfold.model.period import Month
from billfold.report.render import as_json as format_json
from billfold.report.render import build_finding_fields, counted
from billfold.tasks.accounts import select_accounts
from billfold.tasks.sync import describe_clock_fault

MAX_SHOWN_ACCOUNTS = 8
"""Accounts that progress is shown of: those that answered last."""


@click.command("sync")
@PROVIDER_OPTION
@ACCOUNT_OPTION
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
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    default=DEFAULT_WORKERS,
    show_default=True,
    metavar="N",
    help="Collect so many accounts at once.",
)
@click.option("--quiet", is_flag=True, help="Say nothing unless something is wrong.")
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON, with all that was found.")
@add_location_options
@click.pass_context
def command(
    ctx: click.Context,
    provider: str | None,
    account: str | None,
    since: Month | None,
    recheck: int,
    workers: int,
    quiet: bool,
    as_json: bool,
) -> None:
    """Collect every invoice, line and estimate: archived, then booked.

    Answers are put on disk while the next questions are asked. A sync that was interrupted goes on where it was.
    Exit code 0: all is here. 1: reached, but something is missing or parked. 2: this machine cannot (a full disk). 3: an
    account failed.
    """
    configured_accounts = load_accounts(ctx)
    selected_accounts = select_accounts(configured_accounts, provider, account)
    account_names = [configured.name for configured in configured_accounts]
    with open_workspace(ctx, new=True) as workspace, _show_progress(quiet=as_json or quiet) as progress:
        if clock_fault := describe_clock_fault(workspace):
            print_line(f"billfold: warning: {clock_fault}", err=True)
        outcomes = sync_accounts(
            workspace,
            selected_accounts,
            since=since,
            progress=progress,
            configured_names=account_names,
            recheck_months=recheck,
            workers=workers,
        )
    reported_outcomes = [
        outcome for outcome in outcomes if not quiet or outcome.error or any(map(_is_news, outcome.all_findings))
    ]
    if reported_outcomes:
        _print_outcomes(reported_outcomes, as_json=as_json)
    ctx.exit(choose_exit_code(outcomes))


def _is_news(finding: Finding) -> bool:
    """Tell what is worth a mail: not what is always so, as invoices that are older than anybody asked for."""
    return finding.code is not FindingCode.INVOICE_OLDER


@contextmanager
def _show_progress(*, quiet: bool) -> Iterator[Progress]:
    if quiet or not sys.stderr.isatty():
        yield lambda *_: None
        return
    from rich.console import Console
    from rich.progress import Progress as Bars
    from rich.progress import SpinnerColumn, TaskID, TextColumn

    with Bars(
        SpinnerColumn(), TextColumn("{task.description}"), console=Console(stderr=True), transient=True
    ) as progress_bars:
        tasks: dict[str, TaskID] = {}

        lock = Lock()

        def update_bar(account: str, operation: str, answers: int) -> None:
            with lock:  # accounts are collected side by side
                task = tasks.pop(account, None)
                tasks[account] = progress_bars.add_task(account) if task is None else task
                progress_bars.update(tasks[account], description=f"{account}: {answers} answers, last {operation}")
                if len(tasks) > MAX_SHOWN_ACCOUNTS:
                    progress_bars.remove_task(tasks.pop(next(iter(tasks))))

        yield update_bar


def choose_exit_code(outcomes: list[CollectOutcome]) -> int:
    """Return what a sync ends with: a ledger that cannot be written is this machine's, not an account's."""
    if any(isinstance(outcome.error, LedgerError) for outcome in outcomes):
        return LedgerError.exit_code
    if any(outcome.error for outcome in outcomes):
        return 3
    return 1 if any(finding.is_wrong for outcome in outcomes for finding in outcome.all_findings) else 0


def _print_outcomes(outcomes: list[CollectOutcome], *, as_json: bool) -> None:

    if as_json:
        print_data(format_json([_build_row(outcome) for outcome in outcomes]), newline=True)
        return
    width = max(len(outcome.account) for outcome in outcomes)
    for outcome in outcomes:
        summary = f"{counted(outcome.answers, 'answer')} in {outcome.seconds:.1f} s"
        print_line(f"{outcome.account:<{width}}  {f'FAILED: {outcome.error}' if outcome.error else summary}")
        for finding in (*outcome.missing, *outcome.findings):
            print_line(f"{'':<{width}}  {describe_labelled(finding)}")


def _build_row(outcome: CollectOutcome) -> dict[str, object]:
    return {
        "account": outcome.account,
        "provider": outcome.provider,
        "answers": outcome.answers,
        "error": str(outcome.error) if outcome.error else None,
        "seconds": round(outcome.seconds, 3),
        "findings": [build_finding_fields(finding) for finding in outcome.all_findings],
    }
