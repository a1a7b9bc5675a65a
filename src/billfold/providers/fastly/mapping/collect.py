"""Which questions to ask Fastly, in which order."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import suppress
from typing import Any

from billfold.model.errors import IncompleteList, InvalidResponse
from billfold.model.money import ZERO
from billfold.model.period import Month
from billfold.providers.fastly.api import (
    MAX_PAGE_SIZE,
    MAX_SERVICES_PAGE_SIZE,
    GetMonthToDateInvoice,
    GetServiceLevelUsage,
    GetTokenSelf,
    GetUsageMetrics,
    ListInvoices,
)
from billfold.providers.fastly.records import Usagemetric
from billfold.providers.mapping import is_reckonable
from billfold.providers.pages import MISSING_INVOICES, plan_pages
from billfold.providers.provider import CollectPlan, Fetch, SyncState
from billfold.wire.codec import get_or

MAX_USAGE_MONTHS = 3
"""The most months that one question for usage may span."""
MAX_SERVICE_QUESTIONS = 100
"""Questions for the usage by service in one collection: what is left is asked for the next time."""


def plan_requests(sync_state: SyncState) -> CollectPlan:
    """Ask whose the token is, for the estimate, for all invoices with their lines, and for usage, of closed months by service.

    The estimate comes before the list: a month that closes in between is then seen twice, never not at all. The list is
    read to its end whatever is booked already, and whichever month is wanted: its lines stand in it, so there is nothing to
    save, and what its dates filter (bounds, or equal days) is not documented.
    """
    yield Fetch(GetTokenSelf(), missing="the id of the customer", is_extra=True)
    yield Fetch(GetMonthToDateInvoice(), missing="the estimate of the running month", absent_statuses=(422,))
    yield from plan_pages(ListInvoices(limit=MAX_PAGE_SIZE), missing_rest=MISSING_INVOICES)
    month = Month.of(sync_state.now)
    usage_request = GetUsageMetrics(start_month=str(month.add_months(1 - MAX_USAGE_MONTHS)), end_month=str(month))
    metrics = yield Fetch(usage_request, missing="the usage by product and region", is_extra=True)
    yield from _plan_service_usage(metrics or [], sync_state)


def _plan_service_usage(metrics: Sequence[Usagemetric], sync_state: SyncState) -> Generator[Fetch, Any, None]:
    """Ask for each kind of usage of a closed month how much of it each service used, once; after a refusal for no other."""
    questions = dict.fromkeys(_iter_service_questions(metrics, Month.of(sync_state.now)))
    missing_questions = [question for question in questions if not sync_state.already_fetched(question)]
    for question in missing_questions[:MAX_SERVICE_QUESTIONS]:
        with suppress(InvalidResponse, IncompleteList):  # no invoice needs it
            walk = yield from plan_pages(question, missing="the usage by service", is_extra=True)
            if walk.next_operation is not None:
                return


def _iter_service_questions(metrics: Sequence[Usagemetric], running_month: Month) -> Iterator[GetServiceLevelUsage]:
    for metric in metrics:
        month, product_id, usage_type = (
            get_or(text, "") for text in (metric.month, metric.product_id, metric.usage_type)
        )
        quantity = get_or(metric.quantity, ZERO)
        is_used = is_reckonable(quantity) and quantity > 0
        if is_used and product_id and usage_type and "" < month < str(running_month):
            yield GetServiceLevelUsage(
                product_id=product_id,
                usage_type_name=usage_type,
                start_month=month,
                end_month=month,
                limit=MAX_SERVICES_PAGE_SIZE,
            )
