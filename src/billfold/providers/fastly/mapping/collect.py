"""Which questions to ask Fastly, in which order."""

from __future__ import annotations

from billfold.model.period import Month
from billfold.providers.fastly.api import (
    MAX_PAGE_SIZE,
    GetMonthToDateInvoice,
    GetTokenSelf,
    GetUsageMetrics,
    ListInvoices,
)
from billfold.providers.pages import MISSING_INVOICES, plan_pages
from billfold.providers.provider import CollectPlan, Fetch, SyncState

MAX_USAGE_MONTHS = 3
"""The most months that one question for usage may span."""


def plan_requests(sync_state: SyncState) -> CollectPlan:
    """Ask whose the token is, for the estimate, for all invoices with their lines, and for the usage of three months.

    The estimate comes before the list: a month that closes in between is then seen twice, never not at all. The list is
    read to its end whatever is booked already, and whichever month is wanted: its lines stand in it, so there is nothing to
    save, and what its dates filter (bounds, or equal days) is not documented.
    """
    yield Fetch(GetTokenSelf(), missing="the id of the customer", is_extra=True)
    yield Fetch(GetMonthToDateInvoice(), missing="the estimate of the running month", absent_statuses=(422,))
    yield from plan_pages(ListInvoices(limit=MAX_PAGE_SIZE), missing_rest=MISSING_INVOICES)
    month = Month.of(sync_state.now)
    usage_request = GetUsageMetrics(start_month=str(month.add_months(1 - MAX_USAGE_MONTHS)), end_month=str(month))
    yield Fetch(usage_request, missing="the usage by product and region", is_extra=True)
