"""The billing history as payments: each row's direction is told by its balance, and nothing is guessed of half a history."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from billfold.model.payment import PaymentKind
from billfold.providers.vultr.api import ListBillingHistory
from billfold.providers.vultr.mapping.payments import read_balances, read_payments
from tests.providers.kit import SavedAnswers
from tests.providers.vultr.kit import make_page, read_sample

OP = ListBillingHistory()


def make_row(number: int, day: str, row_type: str, amount: str, balance: str | None) -> dict[str, Any]:
    """Make a row of the history of October 2026."""
    fields = {"id": number, "date": f"2026-10-{day}T09:00:00+00:00", "type": row_type, "amount": Decimal(amount)}
    return fields | ({} if balance is None else {"balance": Decimal(balance)})


def read(*rows: dict[str, Any]) -> SavedAnswers:
    """Return the answers of a run that read this history to its end."""
    return SavedAnswers((OP, make_page(*rows, key="billing_history")))


@pytest.mark.parametrize("sign", ["", "-"])
def test_a_balance_tells_the_direction(sign: str) -> None:
    """A payment of either sign that lowers what is owed was paid, and a refund came back."""
    rows = [
        make_row(1, "01", "invoice", "10", "10"),
        make_row(2, "02", "payment", f"{sign}10", "0"),
        make_row(3, "03", "refund", "4", "4"),
        make_row(4, "04", "credit", "5", "-1"),
    ]
    payments = list(read_payments(read(*rows)))
    assert [(payment.kind, str(payment.amount)) for payment in payments] == [
        (PaymentKind.BILLED, "10"),
        (PaymentKind.PAID, "10"),
        (PaymentKind.PAID, "-4"),
        (PaymentKind.CREDITED, "5"),
    ]
    assert [payment.invoice_id for payment in payments] == ["1", None, None, None]


def test_rows_of_one_number_are_two_payments() -> None:
    """A payment that is there twice under one number is not one."""
    rows = [make_row(2, "02", "payment", "-10", "-10"), make_row(2, "02", "payment", "-10", "-20")]
    assert [payment.payment_id for payment in read_payments(read(*rows))] == ["2", "2 #2"]


def test_without_balances_the_type_tells() -> None:
    """Payments and credits lower what is owed; without a balance nothing is rolled forward."""
    answers = read(make_row(1, "01", "invoice", "10", None), make_row(2, "02", "payment", "10", None))
    assert [str(payment.amount) for payment in read_payments(answers)] == ["10", "10"]
    assert list(read_balances(answers)) == []


def test_months_follow_each_other() -> None:
    """A month without a row keeps what there was; what is in the account's favor is above 0."""
    october = make_row(1, "01", "credit", "10", "-10")
    december = make_row(2, "01", "invoice", "4", "-6") | {"date": "2026-12-01T00:00:00+00:00"}
    months = [
        (month.period.start.month, *map(str, (month.opening, month.bought, month.used, month.closing)), month.is_open)
        for month in read_balances(read(october, december))
    ]
    assert months == [
        (10, "0", "10", "0", "10", False),
        (11, "10", "0", "0", "10", True),
        (12, "10", "0", "4", "6", True),
    ]


def test_half_a_history_says_nothing() -> None:
    """One that leads on, has a row without a date or an amount, or spans a thousand years, is left alone."""
    assert list(read_payments(SavedAnswers((OP, read_sample("doc_billing_history.json"))))) == []
    assert list(read_payments(read(make_row(1, "99", "invoice", "1", "1")))) == []
    assert list(read_payments(read(make_row(1, "01", "invoice", "1", "1") | {"amount": None}))) == []
    old = make_row(1, "01", "invoice", "1", "1") | {"date": "0101-01-01T00:00:00+00:00"}
    assert list(read_balances(read(old))) == []
    assert not [*read_payments(SavedAnswers()), *read_balances(SavedAnswers())]
