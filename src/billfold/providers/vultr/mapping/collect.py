"""Which questions to ask Vultr, in which order."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from billfold.model.errors import Unreadable
from billfold.providers.provider import Ask, Known, Plan
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
from billfold.wire.codec import given
from billfold.wire.paging import Paged, Walk

I = TypeVar("I")  # noqa: E741 - an item


def collect(known: Known) -> Plan:
    """Ask for the account and its pending charges in one breath, for the history, then for every invoice's lines.

    The estimate comes before the list of invoices: a month that closes in between is then seen twice, never not at all.
    """
    yield Ask(GetAccount())
    yield Ask(ListPendingCharges(), missing="the estimate of the running month")
    yield Ask(GetAccountBandwidth(), missing="traffic, and which month runs while nothing is charged yet")
    yield from _by_itself(ListBillingHistory(per_page=MOST))
    wanted: dict[str, None] = {}
    yield from _pages(ListInvoices(per_page=MOST), lambda page: wanted.update(_wanted(page, known)))
    for key in wanted:
        yield from _by_itself(GetInvoiceItems(invoice_id=key, per_page=MOST))


def _by_itself(first: Paged[Any, I]) -> Generator[Ask, Any, None]:
    """Read a list that no other depends on: where an answer has no list, the books say so, and the others are read."""
    with suppress(Unreadable):
        yield from _pages(first)


def _pages(first: Paged[Any, I], use: Callable[[Sequence[I]], object] = lambda _: None) -> Generator[Ask, Any, None]:
    walk = Walk(first)
    while walk.question is not None:
        use(walk.hear((yield Ask(walk.question))))


def _wanted(page: Sequence[Invoice], known: Known) -> dict[str, None]:
    return {str(invoice.id): None for invoice in page if _is_wanted(invoice, known)}


def _is_wanted(invoice: Invoice, known: Known) -> bool:
    """Tell whether an invoice's lines are to be read: it has an id, is not booked as it is listed, and not too old."""
    key = given(invoice.id, "")
    if key == "" or known.issued.get(str(key)) == mark(invoice):
        return False
    try:
        return billed_month(invoice) >= known.since
    except ValueError:
        return True
