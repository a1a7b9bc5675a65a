"""Which bills changed since an archive number: for a copy of the ledger elsewhere that is brought up to date."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from billfold.ledger.query import BILLS_JOIN, LedgerFilter, build_filter_condition
from billfold.ledger.store import OpenLedger

CHANGED_SQL = """EXISTS (FROM bills n WHERE n.provider = {bill}.provider AND n.account = {bill}.account
                         AND coalesce(n.invoice_id, '') = coalesce({bill}.invoice_id, '') AND n.period_start = {bill}.period_start
                         AND n.from_seq <= {seq} AND (n.from_seq > {since} OR n.until_seq > {since} AND n.until_seq <= {seq}))"""
"""Tells whether a bill, or another version or currency of it, came or went since an archive number."""


class RemovedBill(NamedTuple):
    """What tells the rows of a bill that a copy has and that are to be deleted from it before the new rows come."""

    issuer: str
    account: str
    invoice_id: str | None
    period_start: datetime
    state: str


def keep_changed_bills(ledger: OpenLedger, table: str, since_seq: int | None, seq: int) -> None:
    """Leave in a table of bills only those that changed after ``since_seq`` and up to ``seq``; without ``since_seq`` all."""
    if since_seq is not None:
        ledger.execute(f"DELETE FROM {table} WHERE NOT {CHANGED_SQL.format(bill=table, since=since_seq, seq=seq)}")


def list_removed_bills(ledger: OpenLedger, filters: LedgerFilter, since_seq: int) -> list[RemovedBill]:
    """Return the bills that were counted at an archive number and changed since, as they were then."""
    condition, values = build_filter_condition(filters)
    return ledger.select(
        RemovedBill,
        f"""SELECT DISTINCT b.issuer, a.name AS account, b.invoice_id, b.period_start, b.state
            FROM {BILLS_JOIN}
            WHERE {condition} AND b.parked IS NULL AND b.from_seq <= $since AND (b.until_seq IS NULL OR b.until_seq > $since)
                  AND b.from_seq <= $seq AND {CHANGED_SQL.format(bill="b", since=since_seq, seq=filters.seq)}
            ORDER BY ALL""",
        values | {"since": since_seq},
    )
