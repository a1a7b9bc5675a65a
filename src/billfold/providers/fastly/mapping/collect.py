"""Which questions to ask Fastly, in which order."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from billfold.model.period import Month
from billfold.providers.fastly.api import (
    MAX_PAGE_SIZE,
    GetMonthToDateInvoice,
    GetTokenSelf,
    GetUsageMetrics,
    ListInvoices,
)
from billfold.providers.provider import CollectPlan, Fetch, SyncState
from billfold.wire.paging import Walk

MAX_USAGE_MONTHS = 3
"""The most months that one question for usage may span."""


def plan_requests(sync_state: SyncState) -> CollectPlan:
    """Ask whose the token is, for the estimate, for all invoices with their lines, and for the usage of three months.

    The estimate comes before the list: a month that closes in between is then seen twice, never not at all. The list is
    read to its end whatever is booked already, and whichever month is wanted: its lines stand in it, so there is nothing to
    save, and what its dates filter (bounds, or equal days) is not documented.
    """
    yield Fetch(GetTokenSelf(), missing="the id of the customer")
    yield Fetch(GetMonthToDateInvoice(), missing="the estimate of the running month", absent_statuses=(422,))
    yield from _plan_list_pages()
    month = Month.of(sync_state.now)
    usage_request = GetUsageMetrics(start_month=str(month.add_months(1 - MAX_USAGE_MONTHS)), end_month=str(month))
    yield Fetch(usage_request, missing="the usage by product and region")


def _plan_list_pages() -> Generator[Fetch, Any, None]:
    walk = Walk(ListInvoices(limit=MAX_PAGE_SIZE))
    while walk.next_operation is not None:
        walk.take_page((yield Fetch(walk.next_operation)))
