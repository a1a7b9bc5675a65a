"""Issued invoices as books of account see them: every trusted version that there was, and when each was replaced."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from billfold.ledger.grouping import ChargeGroup, build_key_columns
from billfold.ledger.query import AMOUNT_SQL, BILLS_JOIN, CHARGES_JOIN, LedgerFilter, build_filter_condition
from billfold.ledger.store import OpenLedger


class PostedBill(NamedTuple):
    """A trusted version of an issued invoice in one currency, and when the ledger began and ceased to believe it.

    ``content`` tells versions with other charges apart ("" where there is one only).
    """

    id: int
    provider: str
    identity: str
    account: str
    bill_key: str
    invoice_id: str | None
    period_start: datetime
    period_end: datetime
    currency: str
    total: str | None
    issuer: str
    issued_on: datetime | None
    due_on: datetime | None
    terms: str | None
    purchase_order: str | None
    corrects: str | None
    content: str
    is_current: bool
    seen_at: datetime | None
    ended_at: datetime | None


def list_posted_bills(ledger: OpenLedger, filters: LedgerFilter) -> list[PostedBill]:
    """Return all trusted versions of the issued invoices of the wanted accounts, of all months, the oldest version first."""
    condition, values = build_filter_condition(filters._replace(first_month=None, last_month=None))
    return ledger.select(
        PostedBill,
        f"""SELECT b.id, b.provider, b.account AS identity, a.name AS account, b.bill_key, b.invoice_id, b.period_start,
                   b.period_end, b.currency, b.total, b.issuer, b.issued_on, b.due_on, b.terms, b.purchase_order, b.corrects,
                   coalesce(b.content, '') AS content, b.until_seq IS NULL OR b.until_seq > $seq AS is_current,
                   r.ended AS seen_at, e.ended AS ended_at
            FROM {BILLS_JOIN} LEFT JOIN runs r ON r.run = b.run
                 LEFT JOIN runs e ON e.provider = b.provider AND e.account = b.account AND e.seq = b.until_seq
                                     AND b.until_seq <= $seq
            WHERE b.state = 'issued' AND b.parked IS NULL AND b.from_seq <= $seq AND {condition}
            ORDER BY b.provider, a.name, b.period_start, b.bill_key, b.from_seq, b.id""",
        values,
    )


def group_bill_charges(ledger: OpenLedger, bill_ids: Collection[int], keys: Sequence[str]) -> list[ChargeGroup]:
    """Sum the charges of bills, whether they are still believed or not, by keys as ``group_charges`` has them."""
    columns, values = build_key_columns(keys)
    rows = ledger.execute(
        f"""SELECT {columns}, sum({AMOUNT_SQL}), count(*) FROM {CHARGES_JOIN}
            WHERE b.id IN (SELECT unnest($bills)) GROUP BY ALL ORDER BY ALL""",
        values | {"bills": list(bill_ids)},
    ).fetchall()
    return [ChargeGroup(tuple(row[:-2]), row[-2], row[-1]) for row in rows]
