"""What a ledger lacks: accounts whose last collection did not bring everything or did not end, or that never had one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import duckdb

from billfold.ledger import query
from billfold.ledger.entries import REFUSED_PREFIX, Run
from billfold.ledger.query import MAX_SEQ, LedgerFilter
from billfold.report.completeness import left
from billfold.report.render import counted

TOLD = 3
"""How many invoices are named one by one."""
OPEN = {
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


def expected(gaps: Iterable[Gap], configured: Collection[tuple[str, str]]) -> Iterator[Gap]:
    """Yield gaps; those of accounts (provider and name) that are not configured any more are nobody's fault.

    Where no account is configured, nothing is known of what is expected.
    """
    for gap in gaps:
        known = not configured or (gap.provider, gap.account) in configured
        yield gap if known else gap._replace(words=f"not configured any more; {gap.words}", wrong=False)


def failed(db: duckdb.DuckDBPyConnection, wanted: LedgerFilter) -> Iterator[Gap]:
    """Yield the accounts whose last collection did not bring everything."""
    for run in query.list_last_runs(db, wanted.seq, query.COLLECTED_CONDITION):
        if run["outcome"] != "complete" and wanted.includes_account(run["provider"], run["account"]):
            yield Gap(
                run["provider"], run["account"], f"the last collection did not bring everything: {run['outcome']}"
            )


def unbooked(db: duckdb.DuckDBPyConnection, wanted: LedgerFilter) -> Iterator[Gap]:
    """Yield what was collected and could not be booked, and what was listed and not read."""
    for one in query.list_unbooked(db, wanted.seq):
        if wanted.includes_account(one["provider"], one["account"]):
            yield Gap(one["provider"], one["account"], f"could not be booked: {one['words']}", problem=one["words"])
    yield from passed_over(
        query.list_bills(db, LedgerFilter(seq=wanted.seq)), query.list_last_runs(db, wanted.seq), wanted
    )


def passed_over(bills: Sequence[dict[str, Any]], runs: Iterable[dict[str, Any]], wanted: LedgerFilter) -> Iterator[Gap]:
    """Yield what the vendors' last lists name and no collection read; only what is older than all that was is not wrong.

    Where a collection did not bring everything, that says why.
    """
    for run in runs:
        who = run["provider"], run["account"]
        if run["outcome"] == "complete" and wanted.includes_account(*who):
            lost, older = left(run, [bill for bill in bills if (bill["provider"], bill["account"]) == who])
            if lost:
                yield Gap(*who, f"listed, but not booked: {_few(lost)}")
            if older:
                them = f"{counted(len(older), 'listed invoice')} older than what was read: --from {min(older)} reads"
                yield Gap(*who, f"{them} {'it' if len(older) == 1 else 'them'}", wrong=False)


def _few(lost: list[str]) -> str:
    names = [f"invoice {one}" if one else "an invoice without an id" for one in lost]
    return ", ".join(names[:TOLD]) + (f" and {len(names) - TOLD} more" if len(names) > TOLD else "")


def stranded(runs: Iterable[Run], wanted: LedgerFilter) -> Iterator[Gap]:
    """Yield the accounts of runs that cannot be booked because there is no such provider (any more)."""
    for who in sorted({(run.provider, run.account) for run in runs}):
        if wanted.includes_account(*who):
            yield Gap(*who, "what was collected is kept, but not booked: its provider is not installed")


def unfinished(runs: Iterable[Run], configured: Iterable[tuple[str, str]], wanted: LedgerFilter) -> Iterator[Gap]:
    """Yield the accounts (provider and name) with a run that did not end or was refused, and those without any collection.

    Nothing of a past time: what was configured or not finished then is not known.
    """
    if wanted.seq < MAX_SEQ:
        return
    runs = list(runs)
    last = {(run.provider, run.account): run for run in runs if run.run_type == "sync"}
    for run in runs:
        if not run.ended_at and wanted.includes_account(run.provider, run.account):
            yield Gap(run.provider, run.account, OPEN.get(run.run_type, OPEN["sync"]))
    for who, run in last.items():
        if (run.outcome or "").startswith(REFUSED_PREFIX) and wanted.includes_account(*who):
            yield Gap(*who, f"the last collection is kept, but not booked: {run.outcome}")
    for who in configured:
        if who not in last and wanted.includes_account(*who):
            yield Gap(*who, "nothing was collected yet: run `billfold sync`")
