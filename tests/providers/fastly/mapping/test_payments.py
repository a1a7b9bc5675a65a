"""Which v2 invoices are paid."""

from __future__ import annotations

import pytest

from billfold.model.payment import PaymentKind
from billfold.providers.fastly.mapping.payments import read_payments
from tests.providers.fastly.kit import V2_REQUEST, make_v2_invoice
from tests.providers.kit import SavedAnswers


@pytest.mark.parametrize(
    ("status", "kind"),
    [("Paid", PaymentKind.SETTLED), ("Outstanding", PaymentKind.UNSETTLED), ("Pending", None), ("MTD", None)],
)
def test_a_status_says_whether_it_is_paid(status: str, kind: PaymentKind | None) -> None:
    """Paid and Outstanding say it; what is not sent yet, or runs, says nothing."""
    invoice = make_v2_invoice(status={"status": status})
    payments = list(read_payments(SavedAnswers((V2_REQUEST, invoice))))
    assert [payment.kind for payment in payments] == ([kind] if kind else [])
    assert all(payment.invoice_id == str(invoice["invoice_id"]) for payment in payments)


def test_no_status_says_nothing() -> None:
    """Real invoices may have none."""
    assert list(read_payments(SavedAnswers((V2_REQUEST, make_v2_invoice(status=None))))) == []
