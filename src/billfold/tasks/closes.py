"""Say of each month that was signed whether it still is what was signed."""

from __future__ import annotations

from typing import NamedTuple

from billfold.collect.workspace import Workspace
from billfold.ledger.acknowledgements import list_acknowledged_ids
from billfold.ledger.closings import Closing, find_last_closings
from billfold.ledger.digest import compute_digest
from billfold.ledger.entries import CLOSING
from billfold.ledger.issued_bills import has_moved_bills
from billfold.ledger.mapping_versions import read_booking_code
from billfold.ledger.query import LedgerFilter
from billfold.ledger.store import OpenLedger
from billfold.model.errors import LedgerError
from billfold.tasks.changes import find_changes, find_closed_baseline, load_closings

SAME, CHANGED, REREAD, REPLACED = "same", "changed", "read anew", "replaced"
"""What became of a signed month: nothing, it has another hash, only this billfold reads it otherwise, it was signed again."""


class SignedMonth(NamedTuple):
    """A month that was signed, and what became of it; ``changes`` counts those since that are not accepted.

    ``hash_now`` is None where the month was signed again.
    """

    month: str
    state: str
    changes: int
    signed_by: str
    signed_at: str
    vendor_time: str
    accounts: int
    hash: str
    hash_now: str | None
    head: str
    acknowledged: tuple[str, ...]


def list_signed_months(
    workspace: Workspace, db: OpenLedger, filters: LedgerFilter, *, rehash: bool = False
) -> list[SignedMonth]:
    """Return every signature of the wanted months and accounts, by month and time.

    A month of which nothing was booked since, by the same code, has the hash that it was signed with: it is computed anew only
    to ``rehash``.
    """
    closings = load_closings(workspace, db, filters.seq)
    selected = [
        closing
        for closing in closings
        if filters.includes_month(closing.month) and any(filters.includes_account(*key) for key in closing.registers)
    ]
    return [
        _judge_closing(db, closing, closings, filters, rehash=rehash)
        for closing in sorted(selected, key=lambda closing: closing.month)
    ]


def _judge_closing(
    db: OpenLedger, closing: Closing, closings: list[Closing], filters: LedgerFilter, *, rehash: bool
) -> SignedMonth:
    provider, account = (name or None for name in closing.scope)
    scope = filters._replace(provider=provider, account=account, first_month=closing.month, last_month=closing.month)
    if closing not in find_last_closings(closings, closing.month).values():
        return _build_row(closing, REPLACED, 0, None)
    changes = find_changes(db, find_closed_baseline(closings, closing.month), scope)
    is_booked_alike = closing.code == read_booking_code(db) and not has_moved_bills(db, scope, closing.seq)
    hash_now = closing.hash if is_booked_alike and not rehash and not changes else compute_digest(db, scope)
    state = SAME if hash_now == closing.hash else CHANGED
    if state == CHANGED and not changes and compute_digest(db, scope._replace(seq=closing.seq)) != closing.hash:
        state = REREAD
    return _build_row(closing, state, sum(not change.acknowledged for change in changes), hash_now)


def _build_row(closing: Closing, state: str, change_count: int, hash_now: str | None) -> SignedMonth:
    return SignedMonth(
        str(closing.month),
        state,
        change_count,
        closing.signed_by,
        closing.signed_at,
        closing.vendor_time,
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
    try:
        filters = LedgerFilter(acknowledged_ids=list_acknowledged_ids(workspace.archive))
        with workspace.open_ledger() as db:
            rows = list_signed_months(workspace, db, filters)
    except LedgerError as error:  # what was collected is told whatever is wrong with what was signed
        return [f"what was signed cannot be compared: {error}"]
    return [
        f"{row.month} has changed since {row.signed_by} signed it: `billfold changes --since close:{row.month}`"
        for row in rows
        if row.changes
    ]
