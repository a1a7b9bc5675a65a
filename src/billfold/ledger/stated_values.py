"""What vendors state of payments, balances and usage, booked run by run: each is believed from one archive number on, until another.

A run that says again what is believed adds nothing: a year of daily collections is as long as one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any

from billfold.ledger.batch import to_naive_utc
from billfold.ledger.columns import BALANCE_COLUMN_TYPES, PAYMENT_COLUMN_TYPES, USAGE_COLUMN_TYPES
from billfold.ledger.identities import AccountIdentity
from billfold.ledger.older_files import IMPORTED
from billfold.ledger.store import OpenLedger
from billfold.model.balance import Balance
from billfold.model.money import format_decimal
from billfold.model.payment import Payment, PaymentKind
from billfold.model.plain_text import make_encodable
from billfold.model.usage import MeasuredUsage, UserType

StatedRow = tuple[Any, ...]
"""The columns of one stated value as the catalog keeps them, without account, run and belief."""
BELIEF_COLUMNS = 3
"""How many columns at the end of a row say from which run it is, and from when and until when it is believed."""


def book_payments(
    db: OpenLedger, account_identity: AccountIdentity, payments: Iterable[Payment], *, is_imported: bool
) -> None:
    """Book what a run states of payments; where it states an account's history, that is all of it."""
    rows = [_build_payment_row(payment) for payment in payments]
    has_history = any(PaymentKind(row[0]).is_history for row in rows)
    _book_rows(
        db,
        account_identity,
        ("payments", tuple(PAYMENT_COLUMN_TYPES)),
        {_find_payment_key(row): row for row in rows},
        _find_payment_key,
        is_ended=lambda row: has_history and PaymentKind(row[0]).is_history,
        is_imported=is_imported,
    )


def book_balances(
    db: OpenLedger, account_identity: AccountIdentity, balances: Iterable[Balance], *, is_imported: bool
) -> None:
    """Book what a run states of balances, each period by itself."""
    rows = map(_build_balance_row, balances)
    _book_rows(
        db,
        account_identity,
        ("balances", tuple(BALANCE_COLUMN_TYPES)),
        {_find_balance_key(row): row for row in rows},
        _find_balance_key,
        is_ended=lambda _: False,
        is_imported=is_imported,
    )


def book_usages(
    db: OpenLedger, account_identity: AccountIdentity, usages: Iterable[MeasuredUsage], *, is_imported: bool
) -> None:
    """Book what a run states of usage: of a SKU in a period it states all that used it, or nothing."""
    rows = [_build_usage_row(usage) for usage in usages]
    measured_keys = {_find_measured_key(row) for row in rows}
    if rows:
        _book_rows(
            db,
            account_identity,
            ("usages", tuple(USAGE_COLUMN_TYPES)),
            {_find_usage_key(row): row for row in rows},
            _find_usage_key,
            is_ended=lambda row: _find_measured_key(row) in measured_keys,
            is_imported=is_imported,
        )


def _book_rows(
    db: OpenLedger,
    account_identity: AccountIdentity,
    table: tuple[str, Sequence[str]],
    told_rows: dict[StatedRow, StatedRow],
    find_key: Callable[[StatedRow], StatedRow],
    *,
    is_ended: Callable[[StatedRow], bool],
    is_imported: bool,
) -> None:
    """Add what is new, and end the belief in what is stated otherwise now; a file ends nothing that was collected."""
    name, columns = table
    query = f"SELECT rowid, * FROM {name} WHERE provider=? AND account=? AND until_seq IS NULL"
    believed_rows = db.catalog.select(query, list(account_identity[:2]))
    imported_runs = _list_imported_runs(db) if is_imported else set()
    for rowid, _, _, *values in believed_rows:
        row, run_id = tuple(values[:-BELIEF_COLUMNS]), values[-BELIEF_COLUMNS]
        told_row = told_rows.get(find_key(row))
        is_kept = is_imported and run_id not in imported_runs
        if told_row is not None and (told_row == row or is_kept):
            del told_rows[find_key(row)]
        elif told_row is not None or (is_ended(row) and not is_imported):
            db.catalog.execute(f"UPDATE {name} SET until_seq=? WHERE rowid=?", [account_identity.seq, rowid])
    belief = account_identity.run, account_identity.seq, None
    new_rows = [(*account_identity[:2], *row, *belief) for row in told_rows.values()]
    assert all(len(row) == len(columns) for row in new_rows)
    db.catalog.insert_rows(name, new_rows)


def _list_imported_runs(db: OpenLedger) -> set[int]:
    rows = db.catalog.select("SELECT run FROM runs WHERE outcome=?", [IMPORTED])
    return {int(row[0]) for row in rows}


def _build_payment_row(payment: Payment) -> StatedRow:
    paid_at = str(to_naive_utc(payment.paid_at)) if payment.paid_at else None
    return (
        *map(_encode_text, (payment.kind, payment.payment_id, payment.invoice_id, payment.currency, paid_at)),
        *map(_format_optional, (payment.amount, payment.balance)),
    )


def _find_payment_key(row: StatedRow) -> StatedRow:
    """Return by what a later run states the same: a history's row by its number, an invoice's status by the invoice."""
    kind, payment_id, invoice_id, currency = row[:4]
    return (kind, payment_id, invoice_id, currency) if PaymentKind(kind).is_history else ("status", invoice_id)


def _build_balance_row(balance: Balance) -> StatedRow:
    times = (str(to_naive_utc(balance.period.start)), str(to_naive_utc(balance.period.end)))
    amounts = balance.opening, balance.bought, balance.used, balance.closing, balance.overage
    return (
        *map(_encode_text, (balance.balance_id, balance.name, balance.unit, *times)),
        *map(_format_optional, amounts),
        str(balance.is_open).lower(),
        *map(_encode_text, (balance.kind, balance.commitment_id)),
    )


def _find_balance_key(row: StatedRow) -> StatedRow:
    return row[0], row[2], row[3]


def _build_usage_row(usage: MeasuredUsage) -> StatedRow:
    times = (str(to_naive_utc(usage.period.start)), str(to_naive_utc(usage.period.end)))
    texts = usage.sku, usage.user_type, usage.user_id, usage.user_name, usage.unit
    amounts = usage.quantity, usage.amount
    return (*times, *map(_encode_text, texts), *map(_format_optional, amounts), _encode_text(usage.currency))


def _find_usage_key(row: StatedRow) -> StatedRow:
    return (row[0], *row[2:5])


def _find_measured_key(row: StatedRow) -> StatedRow:
    """Return what was asked about: a SKU in a period; of an organization, all that it used."""
    period_start, _, sku, user_type, user_id = row[:5]
    return (period_start, user_type, user_id if user_type == UserType.SUB_ACCOUNT else sku)


def _encode_text(text: str | None) -> str | None:
    """Return a text as it can be kept, whatever a vendor wrote."""
    return None if text is None else make_encodable(str(text))


def _format_optional(amount: Decimal | None) -> str | None:
    return None if amount is None else format_decimal(amount)
