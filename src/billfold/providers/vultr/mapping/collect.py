"""Which questions to ask Vultr, in which order."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from billfold.model.errors import InvalidResponse
from billfold.providers.provider import CollectPlan, Fetch, SyncState
from billfold.providers.vultr.api import (
    MOST,
    GetAccount,
    GetAccountBandwidth,
    GetInvoiceItems,
    ListBillingHistory,
    ListInvoices,
    ListPendingCharges,
)
from billfold.providers.vultr.mapping.text_fields import billed_month, mark
from billfold.providers.vultr.records import Invoice
from billfold.wire.codec import get_or
from billfold.wire.paging import PagedOperation, Walk

I = TypeVar("I")  # noqa: E741 - an item


def plan_requests(known: SyncState) -> CollectPlan:
    """Ask for the account and its pending charges in one breath, for the history, then for every invoice's lines.

    The estimate comes before the list of invoices: a month that closes in between is then seen twice, never not at all.
    """
    yield Fetch(GetAccount())
    yield Fetch(ListPendingCharges(), missing="the estimate of the running month")
    yield Fetch(GetAccountBandwidth(), missing="traffic, and which month runs while nothing is charged yet")
    yield from _by_itself(ListBillingHistory(per_page=MOST))
    wanted: dict[str, None] = {}
    yield from _pages(ListInvoices(per_page=MOST), lambda page: wanted.update(_wanted(page, known)))
    for key in wanted:
        yield from _by_itself(GetInvoiceItems(invoice_id=key, per_page=MOST))


def _by_itself(first: PagedOperation[Any, I]) -> Generator[Fetch, Any, None]:
    """Read a list that no other depends on: where an answer has no list, the books say so, and the others are read."""
    with suppress(InvalidResponse):
        yield from _pages(first)


def _pages(
    first: PagedOperation[Any, I], use: Callable[[Sequence[I]], object] = lambda _: None
) -> Generator[Fetch, Any, None]:
    walk = Walk(first)
    while walk.next_operation is not None:
        use(walk.take_page((yield Fetch(walk.next_operation))))


def _wanted(page: Sequence[Invoice], known: SyncState) -> dict[str, None]:
    return {str(invoice.id): None for invoice in page if _is_wanted(invoice, known)}


def _is_wanted(invoice: Invoice, known: SyncState) -> bool:
    """Tell whether an invoice's lines are to be read: it has an id, is not booked as it is listed, and not too old."""
    key = get_or(invoice.id, "")
    if key == "" or known.issued_fingerprints.get(str(key)) == mark(invoice):
        return False
    try:
        return billed_month(invoice) >= known.since
    except ValueError:
        return True
