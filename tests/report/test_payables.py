"""Every state of an invoice: what says that it is paid, when it is due, what is wrong with its payment."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest

from billfold.ledger.catalog import BillRow
from billfold.ledger.payments import BalanceRow, PaymentRow
from billfold.model.finding_codes import FindingCode
from billfold.model.payment import BankEntry, PaymentEvidence, PaymentKind
from billfold.report.payables import Payable, describe_payable, match_payables, sum_by_age
from tests.report.payments_kit import NOW, day, entry, invoice, row, status

PAID, CREDITED = PaymentKind.PAID, PaymentKind.CREDITED
ACCOUNT = ("vultr", "cloud")


def match(
    bills: Sequence[BillRow],
    payments: Sequence[PaymentRow] = (),
    bank: Sequence[BankEntry] = (),
    terms: str = "",
    balances: Sequence[BalanceRow] = (),
) -> list[Payable]:
    """Say what is to be paid of some invoices."""
    evidence = PaymentEvidence({ACCOUNT: terms} if terms else {}, bank)
    rows = match_payables(bills, payments, balances, evidence, {ACCOUNT: NOW})
    assert all(payable.total - payable.paid == payable.open for payable in rows)
    return rows


def states(rows: Sequence[Payable]) -> list[tuple[str | None, str, str]]:
    """Return id, state and what is paid."""
    return [(payable.invoice_id, payable.state, str(payable.paid)) for payable in rows]


def test_what_nothing_tells_of_is_unknown() -> None:
    """Without any source an invoice is neither open nor paid; one of nothing is paid."""
    assert states(match([invoice(1, "10"), invoice(2, "0")])) == [("i-1001", "unknown", "0"), ("i-1002", "paid", "0")]


@pytest.mark.parametrize(
    ("terms", "state", "age"),
    [("", "open", ""), ("Net 75", "due", ""), ("Net 90", "open", ""), ("Net 30", "overdue", "31-60")],
)
def test_terms_say_when_it_is_due(terms: str, state: str, age: str) -> None:
    """An unpaid invoice of 1 September on 15 November: due within a week, or overdue, by its terms."""
    (payable,) = match([invoice(1, "10")], [status(PaymentKind.UNSETTLED, "i-1001")], terms=terms)
    assert (payable.state, payable.age) == (state, age)
    assert payable.method == "the vendor's status"


def test_a_history_is_matched_by_amount_then_by_age() -> None:
    """A credit and a payment together pay the oldest invoice; equal amounts find their own."""
    bills = [invoice(1, "100.50"), invoice(2, "80", "10-01"), invoice(3, "70", "11-01")]
    history = [row(CREDITED, "c", "20"), row(PAID, "p1", "80.50"), row(PAID, "p3", "70", "11-02")]
    expected = [("i-1001", "paid", "100.50"), ("i-1002", "overdue", "0"), ("i-1003", "paid", "70")]
    rows = match(bills, history)
    assert states(rows) == expected
    assert rows[1].due_by == "as usual"
    finding = describe_payable(rows[1]).finding
    assert (finding.code, finding.is_wrong) == (FindingCode.PAYMENT_OVERDUE, True)
    assert finding.text == "80.00 USD are not paid, and earlier ones were paid sooner"


def test_payments_of_invoices_that_are_not_booked() -> None:
    """A history reaches further back than the first collection: older payments paid older invoices, and no newer one."""
    old = row(PaymentKind.BILLED, "old", "30", "07-01")._replace(invoice_id="old")
    history = [old, row(PAID, "p0", "30", "07-02"), row(PaymentKind.BILLED, "i-1001", "10", "09-01")]
    rows = match([invoice(1, "10")], [*history[:2], history[2]._replace(invoice_id="i-1001")])
    assert states(rows) == [("i-1001", "open", "0")]


def test_a_part_is_paid() -> None:
    """Half of an invoice that is not due yet."""
    rows = match([invoice(1, "10", "11-14")], [row(PAID, "p", "4", "11-15")], terms="Net 30")
    assert states(rows) == [("i-1001", "partly-paid", "4")]


def test_a_second_payment_of_the_same_is_named() -> None:
    """The invoice is paid twice until the next invoice uses the money up."""
    history = [row(PAID, "p1", "10"), row(PAID, "p2", "10", "09-03")]
    (payable,) = match([invoice(1, "10")], history)
    assert (payable.state, str(payable.open)) == ("paid-twice", "-10")
    assert describe_payable(payable).finding.code is FindingCode.PAYMENT_DOUBLED
    later = match([invoice(1, "10"), invoice(2, "12", "11-14")], history, terms="Net 30")
    assert states(later) == [("i-1001", "paid", "10"), ("i-1002", "partly-paid", "10")]
    assert states(match([invoice(1, "10")], [*history, row(PAID, "back", "-10", "09-04")]))[0][1] == "paid"


def test_a_payment_without_an_invoice_is_named() -> None:
    """Money that no invoice asks for is what the vendor owes."""
    _, payable = match([invoice(1, "10")], [row(PAID, "p1", "10"), row(PAID, "p9", "7", "10-05")])
    assert (payable.invoice_id, payable.state, str(payable.open)) == (None, "paid-not-billed", "-7")
    finding = describe_payable(payable).finding
    assert (finding.code, finding.subject) == (FindingCode.PAYMENT_UNBILLED, "payment p9 of 2026-10-05")


def test_the_bank_tells_by_id_or_by_amount_and_vendor() -> None:
    """An id in the text finds its invoice; an amount does where the entry names the vendor, and nothing else does."""
    bills = [invoice(1, "10"), invoice(2, "20", "10-01"), invoice(3, "30", "11-01")]
    bank = [
        entry("10", "INVOICE I-1001, thanks"),
        entry("20", "card", "10-02", counterparty="VULTR HOLDINGS LLC"),
        entry("30", "rent", "11-02", counterparty="landlord"),
    ]
    rows = match(bills, bank=bank)
    assert states(rows) == [("i-1001", "paid", "10"), ("i-1002", "paid", "20"), ("i-1003", "unknown", "0")]
    assert [payable.method for payable in rows[:2]] == ["invoice id in the bank's text", "exact amount"]


def test_the_bank_and_the_vendor_do_not_add_up() -> None:
    """The same payment told twice is one; a second entry for one invoice is a second payment."""
    bills, history = [invoice(1, "10")], [row(PAID, "p1", "10")]
    assert states(match(bills, history, [entry("10", "i-1001")])) == [("i-1001", "paid", "10")]
    twice = [entry("10", "i-1001"), entry("10", "i-1001", "09-09")]
    assert states(match(bills, history, twice)) == [("i-1001", "paid-twice", "20")]
    again = [entry("10", "vultr"), entry("10", "vultr", "09-09"), entry("11", "vultr", "09-10", line=7)]
    rows = match(bills, bank=again)
    assert [payable.state for payable in rows] == ["paid-twice", "paid-not-billed"]
    assert (rows[1].account, rows[1].method) == ("cloud", "payment line 7 of the bank's file of 2026-09-10")


def test_cents_pay_a_total_of_more_digits() -> None:
    """A bank knows cents: what pays the rounded total pays the total."""
    (payable,) = match([invoice(1, "25239.244226")], bank=[entry("25239.24", "i-1001")])
    assert (payable.state, str(payable.open)) == ("paid", "0.000000")


def test_a_balance_pays_invoices_in_its_unit() -> None:
    """Invoices in credits are paid out of what was bought, as far as that went."""
    bills = [invoice(1, "60", currency="CREDITS"), invoice(2, "60", "10-01", currency="CREDITS")]
    periods = [(bill.period_start, bill.period_end) for bill in bills]
    balances = [
        BalanceRow(
            *ACCOUNT, "c", "C", "CREDITS", *period, None, None, Decimal(60), Decimal(closing), None, is_open=False
        )
        for period, closing in zip(periods, ("40", "0"), strict=True)
    ]
    rows = match(bills, balances=balances)
    assert states(rows) == [("i-1001", "paid", "60"), ("i-1002", "partly-paid", "40")]


def test_what_is_overdue_is_summed_by_age() -> None:
    """Each currency and step by itself."""
    bills = [invoice(1, "10"), invoice(2, "20", "10-01"), invoice(3, "5", "06-01")]
    unpaid = [status(PaymentKind.UNSETTLED, bill.invoice_id or "") for bill in bills]
    rows = match(bills, unpaid, terms="Net 30")
    ages = [("USD", "1-30", Decimal(20)), ("USD", "31-60", Decimal(10)), ("USD", "over 90", Decimal(5))]
    assert list(sum_by_age(rows)) == ages


def test_a_credit_memo_is_never_overdue() -> None:
    """What the vendor owes is open until it says that it is settled."""
    bill = invoice(1, "-5", due_on=day("10-01"))
    assert states(match([bill], [status(PaymentKind.UNSETTLED, "i-1001")]))[0][1] == "open"
    assert states(match([bill], [status(PaymentKind.SETTLED, "i-1001")]))[0][1] == "paid"
