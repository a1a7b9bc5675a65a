"""The register of invoices: of each its supplier, dates, terms, and what is net, tax and gross of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from billfold.ledger.columns import build_column_sql
from billfold.ledger.query import AMOUNT_SQL, BILLS_JOIN, LedgerFilter, build_current_condition
from billfold.ledger.store import OpenLedger
from billfold.model.payment_terms import read_net_days

COUNTED, PARKED, DISPUTED = "counted", "parked", "disputed"
"""What becomes of a bill: it counts, or it is kept and does not, alone or beside a version that does."""


class RegisterRow(NamedTuple):
    """A bill in the register, in one currency; ``gross`` is what the vendor states, and ``net`` what of it is no tax.

    ``net`` and ``tax`` are None of a bill that is not counted: its lines are not trusted. ``terms`` and ``due_on`` are None where
    neither the vendor nor the configuration states them. ``corrects`` is the invoice that a credit memo is of.
    """

    provider: str
    account: str
    supplier: str
    customer: str | None
    invoice_id: str | None
    state: str
    status: str
    issued_on: datetime | None
    due_on: datetime | None
    terms: str | None
    purchase_order: str | None
    corrects: str | None
    period_start: datetime
    period_end: datetime
    currency: str
    net: Decimal | None
    tax: Decimal | None
    gross: Decimal | None
    charges: int

    @property
    def is_counted(self) -> bool:
        """Whether its money is in any sum."""
        return self.status == COUNTED


_REGISTER_SQL = f"""
SELECT b.provider, a.name AS account, b.issuer AS supplier,
       coalesce(s.customer, regexp_replace(b.account, '^name:', '')) AS customer, b.invoice_id, b.state,
       CASE WHEN b.disputes IS NOT NULL THEN '{DISPUTED}' WHEN b.parked IS NOT NULL THEN '{PARKED}' ELSE '{COUNTED}' END AS status,
       b.issued_on, b.due_on, b.terms, b.purchase_order, b.corrects, b.period_start, b.period_end, b.currency,
       CASE WHEN b.parked IS NULL THEN coalesce(s.net, 0) END AS net,
       CASE WHEN b.parked IS NULL THEN coalesce(s.tax, 0) END AS tax, b.total AS gross, b.charges
FROM {BILLS_JOIN} LEFT JOIN (
    SELECT b.id AS bill, any_value({build_column_sql("BillingAccountId", "a.name", "b.account")}) AS customer,
           sum(CASE WHEN c.ChargeCategory = 'Tax' THEN 0 ELSE {AMOUNT_SQL} END)::DECIMAL(38,12) AS net,
           sum(CASE WHEN c.ChargeCategory = 'Tax' THEN {AMOUNT_SQL} ELSE 0 END)::DECIMAL(38,12) AS tax
    FROM charges c JOIN bills b ON c.bill = b.id JOIN accounts a USING (provider, account) WHERE {{condition}} GROUP BY ALL) s
  ON s.bill = b.id
WHERE {{condition}} ORDER BY b.provider, a.name, b.period_start, b.invoice_id, b.currency, b.bill_key, b.id"""


def list_register(
    db: OpenLedger, filters: LedgerFilter, payment_terms: Mapping[tuple[str, str], str] | None = None
) -> list[RegisterRow]:
    """Return the bills that are wanted and believed, with what they come to, those that are not counted too.

    ``payment_terms`` are those of accounts, by provider and name, whose vendor states none: the due date follows from them.
    """
    condition, values = build_current_condition(filters)
    rows = db.select(RegisterRow, _REGISTER_SQL.format(condition=condition), values)
    rows = [row._replace(gross=None if row.gross is None else Decimal(row.gross)) for row in rows]
    return [_add_terms(row, (payment_terms or {}).get((row.provider, row.account))) for row in rows]


def _add_terms(row: RegisterRow, terms: str | None) -> RegisterRow:
    if row.terms is not None or terms is None:
        return row
    days = read_net_days(terms)
    due_on = row.due_on or (row.issued_on + timedelta(days=days) if row.issued_on and days is not None else None)
    return row._replace(terms=terms, due_on=due_on)
