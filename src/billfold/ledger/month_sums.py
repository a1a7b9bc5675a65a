"""What the issued invoices of each month come to, and the tax in it: by account, order and currency."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from billfold.ledger.query import AMOUNT_SQL, BILLS_JOIN, CHARGES_JOIN, LedgerFilter, build_current_condition
from billfold.ledger.store import OpenLedger


class MonthSum(NamedTuple):
    """What the trusted invoices under one purchase order ("" for none) come to in a month (its start), credit memos apart.

    ``tax`` is the part of ``total`` that is tax. Amounts are in the invoices' currency.
    """

    provider: str
    account: str
    order: str
    currency: str
    month: datetime
    total: Decimal
    tax: Decimal


def list_month_sums(ledger: OpenLedger, filters: LedgerFilter) -> list[MonthSum]:
    """Return what the issued invoices that are wanted and trusted come to, by account, order, currency and month."""
    condition, values = build_current_condition(filters)
    condition += " AND b.state = 'issued' AND b.parked IS NULL AND b.corrects IS NULL AND b.total IS NOT NULL"
    return ledger.select(
        MonthSum,
        f"""WITH taxes AS (SELECT c.bill, sum({AMOUNT_SQL}) AS tax FROM {CHARGES_JOIN}
                           WHERE c.ChargeCategory = 'Tax' AND {condition} GROUP BY c.bill)
            SELECT b.provider, a.name AS account, coalesce(b.purchase_order, '') AS "order",
                   b.currency, date_trunc('month', b.period_start)::TIMESTAMP AS month,
                   sum(b.total::DECIMAL(38,12)) AS total, coalesce(sum(t.tax), 0)::DECIMAL(38,12) AS tax
            FROM {BILLS_JOIN} LEFT JOIN taxes t ON t.bill = b.id WHERE {condition} GROUP BY ALL ORDER BY ALL""",
        values,
    )
