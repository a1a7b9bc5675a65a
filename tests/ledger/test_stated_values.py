"""What vendors state of payments and balances is booked once, believed in spans, and given to the account that it is of."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from billfold.ledger import identities, store
from billfold.ledger.payments import list_balances, list_payments
from billfold.ledger.query import LedgerFilter
from billfold.ledger.stated_values import book_balances, book_payments
from billfold.model.balance import Balance
from billfold.model.payment import Payment, PaymentKind
from billfold.model.period import Month
from tests.ledger.kit import Ledger, open_ledger

JUNE = Month(2026, 6)


def book(ledger: Ledger, *values: Payment | Balance, outcome: str = "complete") -> None:
    """Book what a new run states."""
    ledger.seq += 10
    payments = [value for value in values if isinstance(value, Payment)]
    balances = [value for value in values if isinstance(value, Balance)]
    is_imported = outcome == "imported"
    with store.open_transaction(ledger.db):
        identity = identities.resolve_account(ledger.db, "vendor", "me", "me", ledger.seq, ledger.seq, [])
        book_payments(ledger.db, identity, payments, is_imported=is_imported)
        book_balances(ledger.db, identity, balances, is_imported=is_imported)
        run = [ledger.seq, "vendor", "me", JUNE.start, JUNE.start, ledger.seq, outcome, None, ""]
        ledger.db.catalog.insert_rows("runs", [run])
    store.reload_ledger(ledger.db)


def paid(payment_id: str, amount: str) -> Payment:
    """Make a row of a history."""
    return Payment(PaymentKind.PAID, payment_id, None, "USD", JUNE.start, Decimal(amount), Decimal("-0.10"))


def status(kind: PaymentKind, invoice_id: str = "i1") -> Payment:
    """Make what says whether an invoice is paid."""
    return Payment(kind, "", invoice_id, "USD")


def list_believed(ledger: Ledger, seq: int) -> list[tuple[Any, ...]]:
    """Return what is believed of payments at an archive number."""
    return [(row.kind, row.payment_id or row.invoice_id) for row in list_payments(ledger.db, LedgerFilter(seq=seq))]


@pytest.fixture
def ledger(tmp_path: Path) -> Any:
    with open_ledger(tmp_path) as opened:
        yield opened


def test_what_is_said_again_adds_nothing(ledger: Ledger) -> None:
    """A run that repeats it is no new row; every digit stays."""
    balance = Balance("w", "W", "Tokens", JUNE.period, Decimal(5), None, Decimal("0.10"), Decimal("4.90"))
    for _ in range(3):
        book(ledger, paid("p1", "10.10"), status(PaymentKind.UNSETTLED), balance)
    assert len(ledger.db.execute("SELECT * FROM payments").fetchall()) == 2
    assert len(ledger.db.execute("SELECT * FROM balances").fetchall()) == 1
    payment = list_payments(ledger.db, LedgerFilter())[0]
    assert (payment.account, str(payment.amount), str(payment.balance)) == ("me", "10.10", "-0.10")
    (row,) = list_balances(ledger.db, LedgerFilter(provider="vendor", account="me"))
    assert (str(row.used), row.bought, row.period_start, row.is_open) == ("0.10", None, JUNE.start, False)
    assert list_payments(ledger.db, LedgerFilter(account="other")) == []


def test_a_history_is_all_of_it_and_a_status_is_not(ledger: Ledger) -> None:
    """A row that a history no longer has is believed no more; an invoice that is not listed keeps its status."""
    book(ledger, paid("p1", "1"), paid("p2", "1"), status(PaymentKind.UNSETTLED))
    book(ledger, paid("p1", "1"))
    book(ledger, status(PaymentKind.SETTLED))
    unpaid, settled = (PaymentKind.UNSETTLED, "i1"), (PaymentKind.SETTLED, "i1")
    payments = [(PaymentKind.PAID, name) for name in ("p1", "p2")]
    assert list_believed(ledger, 10) == [*payments, unpaid]
    assert list_believed(ledger, 20) == [payments[0], unpaid]
    assert list_believed(ledger, 30) == [payments[0], settled]
    assert list_believed(ledger, 9) == []


def test_a_file_ends_nothing_that_was_collected(ledger: Ledger) -> None:
    """What is imported counts where nothing was collected, and among files the last one does."""
    book(ledger, status(PaymentKind.SETTLED), paid("p1", "1"))
    book(ledger, status(PaymentKind.UNSETTLED), status(PaymentKind.UNSETTLED, "old"), outcome="imported")
    book(ledger, status(PaymentKind.SETTLED, "old"), paid("p2", "1"), outcome="imported")
    expected = {(PaymentKind.SETTLED, "i1"), (PaymentKind.SETTLED, "old")}
    assert set(list_believed(ledger, 30)) == expected | {(PaymentKind.PAID, "p1"), (PaymentKind.PAID, "p2")}


def test_any_text_can_be_kept(ledger: Ledger) -> None:
    """What a vendor writes that is no text costs no run."""
    book(ledger, status(PaymentKind.SETTLED, "i\ud800"))
    assert len(list_believed(ledger, 10)) == 1
