"""What a ledger lacks of what is wanted of it, with what its archive and its accounts say."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import partial

from billfold.collect.workspace import Workspace
from billfold.ledger.account_lock import is_locked
from billfold.ledger.acknowledgements import quieten
from billfold.ledger.entries import Run
from billfold.ledger.layout import LOCKS_FOLDER
from billfold.ledger.query import LedgerFilter
from billfold.ledger.store import OpenLedger
from billfold.model.finding import AccountFinding
from billfold.model.finding_codes import FindingCode
from billfold.report.completeness import find_doubtful_months
from billfold.report.gaps import (
    find_failed_runs,
    find_missing_providers,
    find_unbooked,
    find_unfinished_runs,
    find_waiting_runs,
    mark_unconfigured,
)


def find_gaps(
    workspace: Workspace, db: OpenLedger, filters: LedgerFilter, configured: Collection[tuple[str, str]]
) -> list[AccountFinding]:
    """Return what the ledger lacks of what is wanted; ``configured`` are provider and name of the expected accounts."""
    is_collected_now = partial(is_locked, workspace.directory / LOCKS_FOLDER)
    gaps = list(find_unfinished_runs(workspace.archive.list_runs(), configured, filters, is_collected_now))
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
    workspace: Workspace, db: OpenLedger, filters: LedgerFilter, configured: Collection[tuple[str, str]]
) -> list[AccountFinding]:
    """Return what somebody who is shown this part of the ledger must be told: no error is not complete."""
    gaps = [
        *find_gaps(workspace, db, filters, configured),
        *find_unbooked(db, filters),
        *find_doubtful_months(db, filters),
    ]
    gaps = quieten(gaps, filters.acknowledged_ids)
    return [gap for gap in gaps if gap.finding.is_wrong or gap.finding.code is FindingCode.RUN_ACTIVE]
