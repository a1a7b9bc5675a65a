"""The lines of a bill and all its versions, for who looks at one: from the first belief to the last, with where each came from."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from billfold.ledger.query import AMOUNT_SQL
from billfold.ledger.store import OpenLedger


class BillVersion(NamedTuple):
    """What a bill was told to be by a run: ``seen_at`` is when that ended, ``until_seq`` None for what is believed now."""

    id: int
    state: str
    total: str | None
    currency: str
    lines: int
    seen_at: datetime | None
    from_seq: int
    until_seq: int | None
    parked: str | None


class InvoiceLine(NamedTuple):
    """A charge of a bill: what it is for, what it costs in the bill's currency, and where in which answer it stands."""

    detail: str | None
    description: str | None
    service: str | None
    category: str | None
    quantity: Decimal | None
    unit: str | None
    cost: Decimal | None
    seq: int | None
    path: str | None


def list_bill_versions(db: OpenLedger, bill_id: int, seq: int) -> list[BillVersion]:
    """Return every version of a bill that was known at an archive number, the oldest first."""
    return db.select(
        BillVersion,
        """SELECT b.id, b.state, b.total, b.currency, b.lines, r.ended AS seen_at, b.from_seq, b.until_seq, b.parked
           FROM bills b JOIN bills this ON this.id = $bill AND b.provider = this.provider AND b.account = this.account
                AND b.bill_key = this.bill_key AND b.currency = this.currency
           LEFT JOIN runs r ON r.run = b.run
           WHERE b.from_seq <= $seq ORDER BY b.from_seq, b.id""",
        {"bill": bill_id, "seq": seq},
    )


def list_invoice_lines(db: OpenLedger, bill_id: int, limit: int) -> list[InvoiceLine]:
    """Return the first lines of a bill, as they stand in the answers."""
    return db.select(
        InvoiceLine,
        f"""SELECT c.InvoiceDetailId AS detail, c.ChargeDescription AS description, c.ServiceName AS service,
                   c.ChargeCategory AS category, c.PricingQuantity AS quantity, c.PricingUnit AS unit, {AMOUNT_SQL} AS cost,
                   c.x_ArchiveSeq AS seq, c.x_JsonPath AS path
            FROM ({db.build_bill_sql(bill_id)}) c JOIN bills b ON b.id = c.bill
            ORDER BY c.x_ArchiveSeq, TRY_CAST(regexp_extract(c.x_JsonPath, '([0-9]+)[^0-9]*$', 1) AS BIGINT), c.x_JsonPath
            LIMIT $limit""",
        {"limit": limit},
    )


class LineSum(NamedTuple):
    """What the lines of a bill for one service and of one category come to, and how many they are."""

    service: str
    category: str
    cost: Decimal
    lines: int


def sum_invoice_lines(db: OpenLedger, bill_id: int) -> list[LineSum]:
    """Return what all lines of a bill come to by service and category, "" where a line has none."""
    return db.select(
        LineSum,
        f"""SELECT coalesce(c.ServiceName, '') AS service, coalesce(c.ChargeCategory, '') AS category,
                   coalesce(sum({AMOUNT_SQL}), 0)::DECIMAL(38,12) AS cost, count(*) AS lines
            FROM ({db.build_bill_sql(bill_id)}) c JOIN bills b ON b.id = c.bill GROUP BY ALL ORDER BY ALL""",
        {},
    )
