"""What a ledger lacks: accounts whose last collection did not bring everything or did not end, or that never had one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from billfold.ledger import catalog, query
from billfold.ledger.catalog import BillRow, RunRow, group_by_account
from billfold.ledger.entries import REFUSED_PREFIX, Run
from billfold.ledger.query import MAX_SEQ, LedgerFilter
from billfold.ledger.store import OpenLedger
from billfold.model.finding import AccountFinding, Finding, count_alike, make_finding
from billfold.model.finding_codes import FindingCode, Severity
from billfold.report.completeness import find_unbooked_invoices
from billfold.report.render import counted

MAX_NAMED_INVOICES = 3
"""How many invoices are named one by one."""
OPEN_RUN_MESSAGES = {
    "sync": "a collection did not come to its end yet: run `billfold sync`",
    "import": "an import did not come to its end: import its files again",
}


def mark_unconfigured(
    gaps: Iterable[AccountFinding], configured: Collection[tuple[str, str]]
) -> Iterator[AccountFinding]:
    """Yield gaps; those of accounts (provider and name) that are not configured any more are nobody's fault.

    Where no account is configured, nothing is known of what is expected.
    """
    for gap in gaps:
        if not configured or (gap.provider, gap.account) in configured:
            yield gap
        else:
            text = f"not configured any more; {gap.finding.text}"
            yield gap._replace(finding=replace(gap.finding, text=text, severity=Severity.NOTICE))


def find_failed_runs(db: OpenLedger, filters: LedgerFilter) -> Iterator[AccountFinding]:
    """Yield the accounts whose last collection did not bring everything."""
    for run in catalog.list_last_runs(db, filters.seq, query.COLLECTED_CONDITION):
        if run.outcome != "complete" and filters.includes_account(run.provider, run.account):
            text = f"the last collection did not bring everything: {run.outcome}"
            finding = make_finding(FindingCode.RUN_INCOMPLETE, text, outcome=run.outcome)
            yield AccountFinding(run.provider, run.account, "", finding)


def find_unbooked(db: OpenLedger, filters: LedgerFilter) -> Iterator[AccountFinding]:
    """Yield what was collected and could not be booked, and what was listed and not read."""
    for unbooked in catalog.list_unbooked(db, filters.seq):
        if not unbooked.provider or filters.includes_account(unbooked.provider, unbooked.account):
            yield unbooked
    bills = catalog.list_bills(db, LedgerFilter(seq=filters.seq))
    yield from find_skipped_invoices(bills, catalog.list_last_runs(db, filters.seq), filters)


def find_skipped_invoices(
    bills: Sequence[BillRow], runs: Iterable[RunRow], filters: LedgerFilter
) -> Iterator[AccountFinding]:
    """Yield what the vendors' last lists name and no collection read; only what is older than all that was is not wrong.

    Where a collection did not bring everything, that says why.
    """
    bills_by_account = group_by_account(bills)
    for run in runs:
        account_key = run.provider, run.account
        if run.outcome == "complete" and filters.includes_account(*account_key):
            for finding in _find_skipped(run, bills_by_account.get(account_key, [])):
                yield AccountFinding(*account_key, "", finding)


def _find_skipped(run: RunRow, account_bills: Sequence[BillRow]) -> Iterator[Finding]:
    unbooked_ids, older_months = find_unbooked_invoices(run, account_bills)
    yield from count_alike([_describe_unbooked(invoice_id) for invoice_id in unbooked_ids], MAX_NAMED_INVOICES)
    if older_months:
        count, pronoun = len(older_months), "it" if len(older_months) == 1 else "them"
        text = (
            f"{counted(count, 'listed invoice')} older than what was read: --from {min(older_months)} reads {pronoun}"
        )
        yield make_finding(FindingCode.INVOICE_OLDER, text, invoices=count, first_month=min(older_months))


def _describe_unbooked(invoice_id: str) -> Finding:
    text = "is listed, but not booked" if invoice_id else "an invoice without an id is listed, but not booked"
    return make_finding(FindingCode.INVOICE_UNBOOKED, text, invoice_id)


def find_missing_providers(runs: Iterable[Run], filters: LedgerFilter) -> Iterator[AccountFinding]:
    """Yield the accounts of runs that cannot be booked because there is no such provider (any more)."""
    for account_key in sorted({(run.provider, run.account) for run in runs}):
        if filters.includes_account(*account_key):
            text = "what was collected is kept, but not booked: its provider is not installed"
            yield AccountFinding(*account_key, "", make_finding(FindingCode.PROVIDER_MISSING, text))


def find_waiting_runs(runs: Iterable[Run], filters: LedgerFilter) -> Iterator[AccountFinding]:
    """Yield the accounts of runs that another process is booking."""
    for account_key in sorted({(run.provider, run.account) for run in runs}):
        if filters.includes_account(*account_key):
            text = "what was collected is being booked by another process: ask again in a moment"
            yield AccountFinding(*account_key, "", make_finding(FindingCode.RUN_ACTIVE, text))


def find_unfinished_runs(
    runs: Iterable[Run],
    configured: Iterable[tuple[str, str]],
    filters: LedgerFilter,
    is_collected_now: Callable[[str, str], bool],
) -> Iterator[AccountFinding]:
    """Yield the accounts (provider and name) with a run that did not end or was refused, and those without any collection.

    Nothing of a past time: what was configured or not finished then is not known.
    """
    if filters.seq < MAX_SEQ:
        return
    runs = list(runs)
    last_syncs = {(run.provider, run.account): run for run in runs if run.run_type == "sync"}
    for run in runs:
        if not run.ended_at and filters.includes_account(run.provider, run.account):
            yield AccountFinding(run.provider, run.account, "", _describe_open_run(run, is_collected_now))
    for account_key, run in last_syncs.items():
        if (run.outcome or "").startswith(REFUSED_PREFIX) and filters.includes_account(*account_key):
            text = f"the last collection is kept, but not booked: {run.outcome}"
            yield AccountFinding(*account_key, "", make_finding(FindingCode.RUN_REFUSED, text))
    for account_key in configured:
        if account_key not in last_syncs and filters.includes_account(*account_key):
            text = "nothing was collected yet: run `billfold sync`"
            yield AccountFinding(*account_key, "", make_finding(FindingCode.NEVER_COLLECTED, text))


def _describe_open_run(run: Run, is_collected_now: Callable[[str, str], bool]) -> Finding:
    if is_collected_now(run.provider, run.account):
        return make_finding(FindingCode.RUN_ACTIVE, "is being collected by another process: ask again in a moment")
    text = OPEN_RUN_MESSAGES.get(run.run_type, OPEN_RUN_MESSAGES["sync"])
    return make_finding(FindingCode.RUN_UNFINISHED, text)
