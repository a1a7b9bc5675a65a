"""Which questions to ask Vultr, in which order."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import suppress
from typing import Any

from billfold.model.errors import IncompleteList, InvalidResponse
from billfold.providers.pages import MISSING_INVOICES, plan_pages
from billfold.providers.provider import CollectPlan, Fetch, SyncState
from billfold.providers.vultr.api import (
    MAX_PAGE_SIZE,
    GetAccount,
    GetAccountBandwidth,
    GetInvoiceItems,
    ListBillingHistory,
    ListInvoices,
    ListPendingCharges,
)
from billfold.providers.vultr.mapping.text_fields import find_billed_month, make_fingerprint
from billfold.providers.vultr.records import Invoice
from billfold.wire.codec import get_or
from billfold.wire.paging import PagedOperation


def plan_requests(sync_state: SyncState) -> CollectPlan:
    """Ask for the account and its pending charges in one breath, for the history, then for every invoice's lines.

    The estimate comes before the list of invoices: a month that closes in between is then seen twice, never not at all.
    """
    yield Fetch(GetAccount(), missing="the account's name and the sum of its pending charges", is_extra=True)
    yield Fetch(ListPendingCharges(), missing="the estimate of the running month")
    bandwidth = "traffic, and which month runs while nothing is charged yet"
    yield Fetch(GetAccountBandwidth(), missing=bandwidth, is_extra=True)
    history = ListBillingHistory(per_page=MAX_PAGE_SIZE)
    yield from _iter_pages_leniently(history, missing="the billing history", is_extra=True)
    invoice_ids: dict[str, None] = {}
    yield from plan_pages(
        ListInvoices(per_page=MAX_PAGE_SIZE),
        lambda page: invoice_ids.update(_select_invoices(page, sync_state)),
        missing_rest=MISSING_INVOICES,
    )
    for invoice_id in invoice_ids:
        first_operation = GetInvoiceItems(invoice_id=invoice_id, per_page=MAX_PAGE_SIZE)
        yield from _iter_pages_leniently(first_operation, missing=invoice_id)


def _iter_pages_leniently(
    first_operation: PagedOperation[Any, Any], missing: str, *, is_extra: bool = False
) -> Generator[Fetch, Any, None]:
    """Read a list that no other depends on: where an answer has no list, or no end, the books say so, and the others are read."""
    with suppress(InvalidResponse, IncompleteList):
        yield from plan_pages(first_operation, missing=missing, is_extra=is_extra)


def _select_invoices(page: Sequence[Invoice], sync_state: SyncState) -> dict[str, None]:
    return {str(invoice.id): None for invoice in page if _needs_lines(invoice, sync_state)}


def _needs_lines(invoice: Invoice, sync_state: SyncState) -> bool:
    """Tell whether an invoice's lines are to be read: it has an id, is not booked as it is listed, and not too old."""
    invoice_id = get_or(invoice.id, "")
    if invoice_id == "" or sync_state.issued_fingerprints.get(str(invoice_id)) == make_fingerprint(invoice):
        return False
    try:
        return find_billed_month(invoice) >= sync_state.since
    except ValueError:
        return True
