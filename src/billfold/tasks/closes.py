"""Say of each month that was signed whether it still is what was signed."""

from __future__ import annotations

from typing import NamedTuple

from billfold.collect.workspace import Workspace
from billfold.ledger.acknowledgements import list_acknowledged_ids
from billfold.ledger.closings import Closing, find_last_closings
from billfold.ledger.digest import compute_digest
from billfold.ledger.entries import CLOSING
from billfold.ledger.query import LedgerFilter
from billfold.ledger.store import OpenLedger
from billfold.tasks.changes import find_changes, find_closed_baseline, load_closings

SAME, CHANGED, REREAD, REPLACED = "same", "changed", "read anew", "replaced"
"""What became of a signed month: nothing, it has another hash, only this billfold reads it otherwise, it was signed again."""


class SignedMonth(NamedTuple):
    """A month that was signed, and what became of it; ``changes`` counts those since that are not accepted."""

    month: str
    state: str
    changes: int
    signed_by: str
    signed_at: str
    vendor_time: str
    accounts: int
    hash: str
    hash_now: str
    head: str
    acknowledged: tuple[str, ...]


def list_signed_months(workspace: Workspace, db: OpenLedger, filters: LedgerFilter) -> list[SignedMonth]:
    """Return every signature of the wanted months and accounts, by month and time."""
    closings = load_closings(workspace, db, filters.seq)
    selected = [
        closing
        for closing in closings
        if filters.includes_month(closing.month) and any(filters.includes_account(*key) for key in closing.registers)
    ]
    return [
        _judge_closing(db, closing, closings, filters)
        for closing in sorted(selected, key=lambda closing: closing.month)
    ]


def _judge_closing(db: OpenLedger, closing: Closing, closings: list[Closing], filters: LedgerFilter) -> SignedMonth:
    provider, account = (name or None for name in closing.scope)
    scope = filters._replace(provider=provider, account=account, first_month=closing.month, last_month=closing.month)
    hash_now = compute_digest(db, scope)
    state, count = SAME, 0
    if closing not in find_last_closings(closings, closing.month).values():
        state = REPLACED
    else:
        changes = find_changes(db, find_closed_baseline(closings, closing.month), scope)
        count = sum(not change.acknowledged for change in changes)
        if hash_now != closing.hash:
            is_as_signed = compute_digest(db, scope._replace(seq=closing.seq)) == closing.hash
            state = CHANGED if changes or is_as_signed else REREAD
    return SignedMonth(
        str(closing.month),
        state,
        count,
        *closing[1:4],
        len(closing.registers),
        closing.hash,
        hash_now,
        closing.head,
        closing.acknowledged_ids,
    )


def describe_signed_changes(workspace: Workspace) -> list[str]:
    """Say which signed months have changes that are not accepted; costs nothing where no month is signed."""
    if not workspace.archive.list_markers(CLOSING):
        return []
    filters = LedgerFilter(acknowledged_ids=list_acknowledged_ids(workspace.archive))
    with workspace.open_ledger() as db:
        rows = list_signed_months(workspace, db, filters)
    return [
        f"{row.month} has changed since {row.signed_by} signed it: `billfold changes --since close:{row.month}`"
        for row in rows
        if row.changes
    ]
