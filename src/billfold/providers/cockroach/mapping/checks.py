"""What the answers say beside the charges: whose account it is, and which invoices there are."""

from __future__ import annotations

from billfold.providers.cockroach.api import ListInvoices
from billfold.providers.cockroach.mapping.charges import find_organization
from billfold.providers.provider import InvoiceListing, RunAnswers
from billfold.wire.codec import get_or
from billfold.wire.operation import read_response


def find_identity(run_answers: RunAnswers) -> str | None:
    """Return the organization's id, where the key may read it."""
    return get_or(find_organization(run_answers).id, None)


def read_listing(run_answers: RunAnswers) -> InvoiceListing | None:
    """Say which invoices were listed, and since when the list reaches."""
    listing = None
    for answer in run_answers.answers(ListInvoices, status=None):
        op, page = answer.op, read_response(answer.op, answer.response)
        assert isinstance(op, ListInvoices)
        invoice_ids = frozenset(get_or(invoice.invoice_id, "") for invoice in get_or(page.invoices, []))
        listing = InvoiceListing(invoice_ids, op.has_end_mark(page), op.start_time)
    return listing
