"""Which invoices are paid, what wallets held, and how many of the committed seats were in use."""

from __future__ import annotations

from decimal import Decimal

from billfold.model.balance import BalanceKind
from billfold.model.payment import PaymentKind
from billfold.providers.genesys.mapping.payments import read_balances, read_payments
from tests.providers.genesys.kit import CONTRACT_ID, OPERATIONS, SEPTEMBER, read_sample
from tests.providers.kit import SavedAnswers


def read_answers(**changes: object) -> SavedAnswers:
    """Return the samples of a contract, a period and a list of invoices; ``changes`` are of the second invoice."""
    invoices = read_sample("invoices.page1")
    invoices["entities"][1] |= changes
    bodies = {"contract": read_sample("contract.v269"), "billingperiod": read_sample("billingperiod.v269")}
    return SavedAnswers(*((OPERATIONS[name], body) for name, body in (bodies | {"invoices": invoices}).items()))


def test_each_invoice_is_paid_or_not() -> None:
    """The status counts in any case; another one says nothing."""
    payment_kinds = [(payment.invoice_id, payment.kind) for payment in read_payments(read_answers())]
    assert payment_kinds == [("INV0000001", PaymentKind.SETTLED), ("INV0000002", PaymentKind.UNSETTLED)]
    assert list(read_payments(read_answers(paymentStatus="UnPaid")))[1].kind is PaymentKind.UNSETTLED
    assert len(list(read_payments(read_answers(paymentStatus="Disputed")))) == 1


def test_a_wallet_and_its_commitment() -> None:
    """A wallet holds what its plan grants: 5,310 were used of 5,000."""
    wallet, _ = read_balances(read_answers())
    assert (wallet.unit, wallet.period, wallet.kind) == ("Tokens", SEPTEMBER, BalanceKind.PREPAID)
    assert wallet.commitment_id.startswith(f"{CONTRACT_ID}/")
    amounts = wallet.opening, wallet.bought, wallet.used, wallet.closing, wallet.overage
    assert amounts == tuple(map(Decimal, (5000, 0, 5310, 0, 310)))
    assert not wallet.is_open


def test_seats_that_were_bought_and_used() -> None:
    """138 were in use of 80; what no plan commits to is no allowance."""
    _, seats = read_balances(read_answers())
    assert (seats.kind, seats.unit, seats.commitment_id.rpartition("/")[2]) == (BalanceKind.ALLOWANCE, "Users", "10")
    assert (seats.bought, seats.used, seats.overage) == tuple(map(Decimal, (80, 138, 58)))
