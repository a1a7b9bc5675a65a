"""Questions about payments and balances: what vendors state of them, as it is or as it was known at an archive number."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from billfold.ledger.query import LedgerFilter
from billfold.ledger.store import OpenLedger
from billfold.model.balance import BalanceKind
from billfold.model.payment import PaymentKind


class PaymentRow(NamedTuple):
    """A payment as ``model.payment.Payment`` has it, and whose it is; ``account`` is what its account is called now."""

    provider: str
    account: str
    kind: PaymentKind
    payment_id: str
    invoice_id: str | None
    currency: str
    paid_at: datetime | None
    amount: Decimal | None
    balance: Decimal | None


class BalanceRow(NamedTuple):
    """A balance over a period as ``model.balance.Balance`` has it, and whose it is."""

    provider: str
    account: str
    balance_id: str
    name: str
    unit: str
    period_start: datetime
    period_end: datetime
    opening: Decimal | None
    bought: Decimal | None
    used: Decimal | None
    closing: Decimal | None
    overage: Decimal | None
    is_open: bool
    kind: str = BalanceKind.PREPAID
    commitment_id: str = ""


def list_payments(db: OpenLedger, filters: LedgerFilter) -> list[PaymentRow]:
    """Return what is believed of payments, by account and time; months do not narrow it: an invoice is paid later."""
    columns = "p.provider, a.name AS account, kind, payment_id, invoice_id, currency, paid_at, amount, balance"
    order = "p.provider, a.name, paid_at, p.rowid"
    rows = db.select(PaymentRow, *_build_query("payments", columns, order, filters))
    return [
        row._replace(kind=PaymentKind(row.kind), amount=_read_optional(row.amount), balance=_read_optional(row.balance))
        for row in rows
    ]


def list_balances(db: OpenLedger, filters: LedgerFilter) -> list[BalanceRow]:
    """Return what is believed of balances, by account, balance and period."""
    key = "balances", filters.provider, filters.account, filters.seq
    if key not in db.cache:
        db.cache[key] = _read_balances(db, filters)
    return list(db.cache[key])


def _read_balances(db: OpenLedger, filters: LedgerFilter) -> list[BalanceRow]:
    columns = """p.provider, a.name AS account, balance_id, p.name, unit, period_start, period_end, opening, bought, used,
                 closing, overage, is_open, kind, commitment_id"""
    order = "p.provider, a.name, balance_id, unit, period_start"
    rows = db.select(BalanceRow, *_build_query("balances", columns, order, filters))
    return [
        row._replace(
            opening=_read_optional(row.opening),
            bought=_read_optional(row.bought),
            used=_read_optional(row.used),
            closing=_read_optional(row.closing),
            overage=_read_optional(row.overage),
        )
        for row in rows
    ]


def _build_query(table: str, columns: str, order: str, filters: LedgerFilter) -> tuple[str, dict[str, object]]:
    clauses = ["p.from_seq <= $seq", "(p.until_seq IS NULL OR p.until_seq > $seq)"]
    values: dict[str, object] = {"seq": filters.seq}
    if filters.provider:
        clauses.append("p.provider = $provider")
        values["provider"] = filters.provider
    if filters.account:
        clauses.append("a.name = $account")
        values["account"] = filters.account
    source = f"{table} p JOIN accounts a USING (provider, account)"
    return f"SELECT {columns} FROM {source} WHERE {' AND '.join(clauses)} ORDER BY {order}", values


def _read_optional(amount: object) -> Decimal | None:
    return None if amount is None else Decimal(str(amount))
