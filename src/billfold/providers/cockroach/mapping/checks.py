"""What the answers say beside the charges: whose account it is, and which invoices there are."""

from __future__ import annotations

from collections.abc import Iterator

from billfold.model.finding import Finding
from billfold.providers.cockroach.api import ListInvoices
from billfold.providers.cockroach.mapping.charges import find_organization, read_invoice_period
from billfold.providers.pages import iter_pages
from billfold.providers.periods import check_overlaps
from billfold.providers.provider import InvoiceListing, RunAnswers
from billfold.wire.codec import get_or


def find_identity(run_answers: RunAnswers) -> str | None:
    """Return the organization's id, where the key may read it."""
    return get_or(find_organization(run_answers).id, None)


def read_listing(run_answers: RunAnswers) -> InvoiceListing | None:
    """Say which invoices were listed, and since when the list reaches."""
    listing = None
    for page in iter_pages(run_answers, ListInvoices, status=None):
        assert isinstance(page.op, ListInvoices)
        invoice_ids = frozenset(get_or(invoice.invoice_id, "") for invoice in get_or(page.reply.invoices, []))
        listing = InvoiceListing(invoice_ids, page.has_end_mark, page.op.start_time)
    return listing


def check_answers(run_answers: RunAnswers) -> Iterator[Finding]:
    """Yield a finding for each invoice whose period overlaps another one's."""
    yield from check_overlaps(
        (f"invoice {get_or(invoice.invoice_id, '')}", period)
        for page in iter_pages(run_answers, ListInvoices)
        for invoice in get_or(page.reply.invoices, [])
        if (period := read_invoice_period(invoice))
    )
