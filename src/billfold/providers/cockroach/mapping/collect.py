"""Which questions to ask CockroachDB Cloud, in which order."""

from __future__ import annotations

from billfold.providers.cockroach.api import GetOrganization, ListInvoices
from billfold.providers.provider import CollectPlan, Fetch, SyncState


def plan_requests(sync_state: SyncState) -> CollectPlan:
    """Ask for the organization, then for all invoices since the first month wanted: finals and the draft in one answer."""
    yield Fetch(GetOrganization(), missing="the organization's id and name")
    list_operation = ListInvoices(start_time=sync_state.since.start)
    list_operation.items(
        (yield Fetch(list_operation))
    )  # raises where there is no list: that is no customer without invoices
