"""What a ledger lacks: accounts whose last collection did not bring everything or did not end, or that never had one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import duckdb

from billfold.ledger import query
from billfold.ledger.entries import REFUSED_PREFIX, Run
from billfold.ledger.query import MAX_SEQ, LedgerFilter
from billfold.report.completeness import find_unbooked_invoices
from billfold.report.render import counted

MAX_NAMED_INVOICES = 3
"""How many invoices are named one by one."""
OPEN_RUN_MESSAGES = {
    "sync": "a collection did not come to its end yet: run `billfold sync`",
    "import": "an import did not come to its end: import its files again",
}


class Gap(NamedTuple):
    """An account of which something is not here, and what; ``wrong`` unless nobody expects it any more.

    ``problem`` is what a collection brought that could not be booked, where that is it.
    """

    provider: str
    account: str
    words: str
    wrong: bool = True
    problem: str = ""


def mark_unconfigured(gaps: Iterable[Gap], configured: Collection[tuple[str, str]]) -> Iterator[Gap]:
    """Yield gaps; those of accounts (provider and name) that are not configured any more are nobody's fault.

    Where no account is configured, nothing is known of what is expected.
    """
    for gap in gaps:
        is_configured = not configured or (gap.provider, gap.account) in configured
        yield gap if is_configured else gap._replace(words=f"not configured any more; {gap.words}", wrong=False)


def find_failed_runs(db: duckdb.DuckDBPyConnection, filters: LedgerFilter) -> Iterator[Gap]:
    """Yield the accounts whose last collection did not bring everything."""
    for run in query.list_last_runs(db, filters.seq, query.COLLECTED_CONDITION):
        if run["outcome"] != "complete" and filters.includes_account(run["provider"], run["account"]):
            yield Gap(
                run["provider"], run["account"], f"the last collection did not bring everything: {run['outcome']}"
            )


def find_unbooked(db: duckdb.DuckDBPyConnection, filters: LedgerFilter) -> Iterator[Gap]:
    """Yield what was collected and could not be booked, and what was listed and not read."""
    for problem_row in query.list_unbooked(db, filters.seq):
        if filters.includes_account(problem_row["provider"], problem_row["account"]):
            yield Gap(
                problem_row["provider"],
                problem_row["account"],
                f"could not be booked: {problem_row['words']}",
                problem=problem_row["words"],
            )
    yield from find_skipped_invoices(
        query.list_bills(db, LedgerFilter(seq=filters.seq)), query.list_last_runs(db, filters.seq), filters
    )


def find_skipped_invoices(
    bills: Sequence[dict[str, Any]], runs: Iterable[dict[str, Any]], filters: LedgerFilter
) -> Iterator[Gap]:
    """Yield what the vendors' last lists name and no collection read; only what is older than all that was is not wrong.

    Where a collection did not bring everything, that says why.
    """
    for run in runs:
        account_key = run["provider"], run["account"]
        if run["outcome"] == "complete" and filters.includes_account(*account_key):
            unbooked_ids, older_months = find_unbooked_invoices(
                run, [bill for bill in bills if (bill["provider"], bill["account"]) == account_key]
            )
            if unbooked_ids:
                yield Gap(*account_key, f"listed, but not booked: {_name_invoices(unbooked_ids)}")
            if older_months:
                older_text = f"{counted(len(older_months), 'listed invoice')} older than what was read: --from {min(older_months)} reads"
                yield Gap(*account_key, f"{older_text} {'it' if len(older_months) == 1 else 'them'}", wrong=False)


def _name_invoices(invoice_ids: list[str]) -> str:
    names = [f"invoice {invoice_id}" if invoice_id else "an invoice without an id" for invoice_id in invoice_ids]
    return ", ".join(names[:MAX_NAMED_INVOICES]) + (
        f" and {len(names) - MAX_NAMED_INVOICES} more" if len(names) > MAX_NAMED_INVOICES else ""
    )


def find_missing_providers(runs: Iterable[Run], filters: LedgerFilter) -> Iterator[Gap]:
    """Yield the accounts of runs that cannot be booked because there is no such provider (any more)."""
    for account_key in sorted({(run.provider, run.account) for run in runs}):
        if filters.includes_account(*account_key):
            yield Gap(*account_key, "what was collected is kept, but not booked: its provider is not installed")


def find_unfinished_runs(
    runs: Iterable[Run], configured: Iterable[tuple[str, str]], filters: LedgerFilter
) -> Iterator[Gap]:
    """Yield the accounts (provider and name) with a run that did not end or was refused, and those without any collection.

    Nothing of a past time: what was configured or not finished then is not known.
    """
    if filters.seq < MAX_SEQ:
        return
    runs = list(runs)
    last_syncs = {(run.provider, run.account): run for run in runs if run.run_type == "sync"}
    for run in runs:
        if not run.ended_at and filters.includes_account(run.provider, run.account):
            yield Gap(run.provider, run.account, OPEN_RUN_MESSAGES.get(run.run_type, OPEN_RUN_MESSAGES["sync"]))
    for account_key, run in last_syncs.items():
        if (run.outcome or "").startswith(REFUSED_PREFIX) and filters.includes_account(*account_key):
            yield Gap(*account_key, f"the last collection is kept, but not booked: {run.outcome}")
    for account_key in configured:
        if account_key not in last_syncs and filters.includes_account(*account_key):
            yield Gap(*account_key, "nothing was collected yet: run `billfold sync`")
