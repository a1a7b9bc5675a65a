"""Tell on stderr what the ledger lacks of what is wanted: no error is not complete."""

from __future__ import annotations

from collections.abc import Iterable

import click

from billfold.cli.context import list_configured_accounts
from billfold.cli.output import print_line
from billfold.collect.workspace import Workspace
from billfold.ledger.entries import Run
from billfold.ledger.query import LedgerFilter
from billfold.ledger.store import OpenLedger
from billfold.model.finding import AccountFinding, describe_labelled
from billfold.report.gaps import (
    find_failed_runs,
    find_missing_providers,
    find_unbooked,
    find_unfinished_runs,
    find_waiting_runs,
    mark_unconfigured,
)


def find_gaps(ctx: click.Context, workspace: Workspace, db: OpenLedger, filters: LedgerFilter) -> list[AccountFinding]:
    """Return what the ledger lacks of what is wanted."""
    configured = list_configured_accounts(ctx)
    gaps = list(find_unfinished_runs(workspace.archive.list_runs(), configured, filters))
    reported_accounts = {(gap.provider, gap.account) for gap in gaps}
    gaps += [gap for gap in find_failed_runs(db, filters) if (gap.provider, gap.account) not in reported_accounts]
    unbookable_runs = _select_known(workspace, workspace.list_unbookable_runs(db), filters)
    waiting_runs = _select_known(workspace, workspace.list_pending_runs(db), filters) if db.is_behind else []
    return [
        *mark_unconfigured(gaps, configured),
        *find_missing_providers(unbookable_runs, filters),
        *find_waiting_runs(waiting_runs, filters),
    ]


def _select_known(workspace: Workspace, runs: Iterable[Run], filters: LedgerFilter) -> list[Run]:
    return [run for run in runs if workspace.archive.read_last_seq(run.id) <= filters.seq]


def find_wrong_gaps(
    ctx: click.Context, workspace: Workspace, db: OpenLedger, filters: LedgerFilter
) -> list[AccountFinding]:
    """Return what somebody who is shown this part of the ledger must be told: no error is not complete."""
    return [
        gap for gap in (*find_gaps(ctx, workspace, db, filters), *find_unbooked(db, filters)) if gap.finding.is_wrong
    ]


def print_gaps(gaps: Iterable[AccountFinding]) -> None:
    """Say on stderr what the ledger lacks; where it can, after it is closed: who reads may take his time."""
    for gap in gaps:
        print_line(f"not complete: {gap.provider} {gap.account}: {describe_labelled(gap.finding)}", err=True)
