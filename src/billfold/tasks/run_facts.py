"""What the runs of accounts are worth telling of: collections that fail again and again, documents that did not come."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from billfold.collect.workspace import Workspace
from billfold.ledger import query
from billfold.ledger.acknowledgements import quieten
from billfold.ledger.catalog import BillRow
from billfold.ledger.documents import list_documented_values
from billfold.ledger.entries import Run
from billfold.ledger.query import LedgerFilter
from billfold.ledger.store import OpenLedger
from billfold.model.finding import AccountFinding
from billfold.model.period import Month, is_instant, parse_instant
from billfold.report.close import find_missing_documents
from billfold.report.gaps import find_failed_runs
from billfold.report.render import counted

FAILING_RUNS = 2
"""How many collections in a row fail before it is told: the next one mends what one of them met."""
COMPLETE_OUTCOME, ABANDONED_PREFIX = "complete", "abandoned:"
DOCUMENT_MONTHS = 3
"""In how many months, the current one among them, a document is missed."""
MAX_ERROR_CHARS = 300


class FailingAccount(NamedTuple):
    """An account whose last collections all failed, since a run that began then; ``failed_at`` is when the latest ended."""

    provider: str
    account: str
    began_at: str
    failed_at: datetime
    text: str


def list_failing_accounts(
    runs: Iterable[Run], db: OpenLedger, filters: LedgerFilter, configured: Collection[tuple[str, str]]
) -> Iterator[FailingAccount]:
    """Yield the configured accounts (all, where none is configured) whose last two collections or more failed.

    One of which it is accepted that its collections do not bring everything is none of them.
    """
    failed_by_account = dict[tuple[str, str], list[Run]]()
    for run in runs:
        if run.run_type != "sync" or not run.ended_at or (run.outcome or "").startswith(ABANDONED_PREFIX):
            continue
        failed_runs = failed_by_account.setdefault((run.provider, run.account), [])
        failed_runs.append(run)
        if run.outcome == COMPLETE_OUTCOME:
            failed_runs.clear()
    accepted = {
        gap[:2] for gap in quieten(find_failed_runs(db, filters), filters.acknowledged_ids) if not gap.finding.is_wrong
    }
    for account_key, failed_runs in failed_by_account.items():
        is_expected = (not configured or account_key in configured) and account_key not in accepted
        if len(failed_runs) >= FAILING_RUNS and is_expected:
            yield _describe_failing(failed_runs)


def _describe_failing(failed_runs: Sequence[Run]) -> FailingAccount:
    first_run, last_run = failed_runs[0], failed_runs[-1]
    error = (last_run.outcome or "")[:MAX_ERROR_CHARS]
    text = f"the last {counted(len(failed_runs), 'collection')} failed, since {first_run.started_at[:16]}Z: {error}"
    told_run = failed_runs[FAILING_RUNS - 1]
    ended_at = told_run.ended_at or ""
    failed_at = parse_instant(ended_at) if is_instant(ended_at) else datetime.min.replace(tzinfo=UTC)
    return FailingAccount(last_run.provider, last_run.account, first_run.started_at, failed_at, text)


def list_missing_documents(
    workspace: Workspace, db: OpenLedger, bills: Sequence[BillRow], filters: LedgerFilter, this_month: Month
) -> list[AccountFinding]:
    """Return the invoices of the last months without a document, where earlier ones of their account have theirs."""
    names = query.read_names_by_run(db, filters.seq)
    documented = list_documented_values(workspace.archive, filters.seq, names)
    findings = [
        located
        for number in range(DOCUMENT_MONTHS)
        for located in find_missing_documents(this_month.add_months(-number), bills, documented)
    ]
    return [located for located in quieten(findings, filters.acknowledged_ids) if located.finding.is_wrong]
