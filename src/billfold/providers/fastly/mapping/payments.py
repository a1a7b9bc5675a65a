"""Which invoices Fastly's billing v2 says are paid; version 3 says nothing of payments."""

from __future__ import annotations

from collections.abc import Iterator

from billfold.model.payment import Payment, PaymentKind
from billfold.providers.fastly.mapping.checks import iter_v2_records
from billfold.providers.fastly.mapping.lines import read_text
from billfold.providers.fastly.records_v2 import BillingStatus
from billfold.providers.provider import RunAnswers
from billfold.wire.codec import get_or

KINDS_BY_STATUS = {"Paid": PaymentKind.SETTLED, "Outstanding": PaymentKind.UNSETTLED}


def read_payments(run_answers: RunAnswers) -> Iterator[Payment]:
    """Yield of each v2 invoice whether it is paid; nothing of one that is not sent yet, or does not say."""
    for record, _answer in iter_v2_records(run_answers):
        status = read_text(get_or(record.status, BillingStatus()).status)
        invoice_id = str(get_or(record.invoice_id, ""))
        if invoice_id and status in KINDS_BY_STATUS:
            yield Payment(KINDS_BY_STATUS[status], "", invoice_id, "USD")
