"""Questions about measured usage: who used what is billed, as vendors state it, or as it was known at an archive number."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from billfold.ledger.batch import to_naive_utc
from billfold.ledger.query import LedgerFilter
from billfold.ledger.store import OpenLedger
from billfold.model.usage import UserType


class UsageRow(NamedTuple):
    """Usage as ``model.usage.MeasuredUsage`` has it, and whose it is; ``account`` is what its account is called now."""

    provider: str
    account: str
    period_start: datetime
    sku: str
    user_type: UserType
    user_id: str
    user_name: str
    unit: str
    quantity: Decimal
    amount: Decimal | None
    currency: str


def list_usages(db: OpenLedger, filters: LedgerFilter) -> list[UsageRow]:
    """Return what is believed of the usage of periods that begin in the wanted months, by account, SKU and user."""
    clauses, values = ["u.from_seq <= $seq", "(u.until_seq IS NULL OR u.until_seq > $seq)"], dict[str, object]()
    values["seq"] = filters.seq
    for clause, name, value in (
        ("u.provider = $provider", "provider", filters.provider),
        ("a.name = $account", "account", filters.account),
        ("u.period_start >= $first", "first", filters.first_month and to_naive_utc(filters.first_month.start)),
        ("u.period_start < $last", "last", filters.last_month and to_naive_utc(filters.last_month.end)),
    ):
        if value:
            clauses.append(clause)
            values[name] = value
    rows = db.select(
        UsageRow,
        f"""SELECT u.provider, a.name AS account, period_start, sku, user_type, user_id, user_name, unit, quantity, amount, currency
            FROM usages u JOIN accounts a USING (provider, account) WHERE {" AND ".join(clauses)}
            ORDER BY u.provider, a.name, period_start, sku, user_type, user_id""",
        values,
    )
    return [
        row._replace(
            user_type=UserType(row.user_type),
            quantity=Decimal(row.quantity),
            amount=None if row.amount is None else Decimal(row.amount),
        )
        for row in rows
    ]
