"""Where charges come from: which answer of the archive each was read from, and at which place in it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from billfold.ledger.query import AMOUNT_SQL, CHARGES_JOIN, LedgerFilter, build_current_condition
from billfold.ledger.store import OpenLedger
from billfold.model.bill import State

_ORIGINS_SQL = f"""
SELECT b.id AS bill, b.provider, a.name AS account, b.state, b.invoice_id, b.period_start, b.total, b.currency, b.lines, b.parked,
       b.disputes IS NOT NULL AS is_disputing,
       c.InvoiceDetailId AS detail, c.ChargeDescription AS description, c.ChargeCategory AS category, {AMOUNT_SQL} AS cost,
       c.x_ArchiveSeq AS seq, c.x_JsonPath AS path
FROM {CHARGES_JOIN} WHERE (c.InvoiceDetailId = $it OR c.x_NativeId = $it OR b.invoice_id = $it
   OR b.state = '{State.ESTIMATE}' AND $it IN ('{State.ESTIMATE}', c.x_JsonPath))
"""


class ChargeOrigin(NamedTuple):
    """A charge with its bill, the archive number of the answer it was read from, and the JSON path in it."""

    bill: int
    provider: str
    account: str
    state: str
    invoice_id: str | None
    period_start: datetime
    total: str | None
    currency: str
    lines: int
    parked: str | None
    is_disputing: bool
    detail: str | None
    description: str | None
    category: str | None
    cost: Decimal | None
    seq: int | None
    path: str | None


def list_charge_origins(ledger: OpenLedger, reference: str, filters: LedgerFilter) -> list[ChargeOrigin]:
    """Return the charges of an invoice or of all estimates, or the one that has this id or path."""
    condition, values = build_current_condition(filters)
    return ledger.select(ChargeOrigin, f"{_ORIGINS_SQL} AND {condition}", values | {"it": reference})
