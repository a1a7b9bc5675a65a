"""Collect every invoice, line and estimate: archived, then booked."""

from __future__ import annotations

import os
import re

import click

from billfold.cli.context import load_accounts, open_workspace
from billfold.cli.outcome_lines import OutcomeLines
from billfold.cli.output import print_line
from billfold.cli.params import ACCOUNT_OPTION, PROVIDER_OPTION, MonthType, add_location_options
from billfold.cli.sync_progress import show_progress
from billfold.collect.outcome import CollectOutcome
from billfold.collect.side_by_side import DEFAULT_PER_SERVER, DEFAULT_WORKERS
from billfold.collect.sync import sync_accounts
from billfold.config import AccountConfig, find_ledger_directory
from billfold.model.errors import LedgerError
from billfold.model.period import Month
from billfold.tasks.accounts import select_accounts
from billfold.tasks.closes import describe_signed_changes
from billfold.tasks.sync import describe_clock_fault

_LOOPBACK_PATTERN = re.compile(r"https?://(127\.[\d.]+|localhost|\[::1\])([:/]|$)", re.IGNORECASE)


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
@click.option(
    "--per-server",
    type=click.IntRange(1, 256),
    default=DEFAULT_PER_SERVER,
    show_default=True,
    metavar="N",
    help="Collect so many accounts of one server at once.",
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
    per_server: int,
    quiet: bool,
    as_json: bool,
) -> None:
    """Collect every invoice, line and estimate: archived, then booked.

    Answers are put on disk while the next questions are asked. A sync that was interrupted goes on where it was.
    Exit code 0: all is here. 1: reached, but something is missing or parked. 2: this machine cannot (a full disk). 3: an
    account failed.
    """
    configured_accounts = _load_accounts(ctx)
    selected_accounts = select_accounts(configured_accounts, provider, account)
    lines = OutcomeLines([selected.name for selected in selected_accounts], quiet=quiet, as_json=as_json)
    with (
        open_workspace(ctx, new=True) as workspace,
        show_progress(lines, len(selected_accounts), quiet=as_json or quiet) as progress,
    ):
        if clock_fault := describe_clock_fault(workspace):
            print_line(f"billfold: warning: {clock_fault}", err=True)
        outcomes = sync_accounts(
            workspace,
            selected_accounts,
            since=since,
            progress=progress.note_answer,
            configured_names=[configured.name for configured in configured_accounts],
            recheck_months=recheck,
            workers=workers,
            per_server=per_server,
            note_outcome=progress.end_account,
        )
        signed_changes = describe_signed_changes(workspace)
    lines.print_booked(outcomes, signed_changes)
    ctx.exit(choose_exit_code(outcomes))


def _load_accounts(ctx: click.Context) -> list[AccountConfig]:
    """Load the accounts; say where bills go that a twin on this machine invents, where no ledger is named."""
    accounts = load_accounts(ctx)
    has_ledger = ctx.find_root().obj["ledger"] or os.environ.get("BILLFOLD_LEDGER")
    if accounts and not has_ledger and all(_LOOPBACK_PATTERN.match(account.base_url or "") for account in accounts):
        text = "all accounts are on this machine, as a twin's, and their bills go to"
        advice = "--ledger DIR keeps them apart from real ones"
        print_line(f"billfold: warning: {text} {find_ledger_directory(None)}; {advice}", err=True)
    return accounts


def choose_exit_code(outcomes: list[CollectOutcome]) -> int:
    """Return what a sync ends with: a ledger that cannot be written is this machine's, not an account's."""
    if any(isinstance(outcome.error, LedgerError) for outcome in outcomes):
        return LedgerError.exit_code
    if any(outcome.error for outcome in outcomes):
        return 3
    return 1 if any(finding.is_wrong for outcome in outcomes for finding in outcome.all_findings) else 0
