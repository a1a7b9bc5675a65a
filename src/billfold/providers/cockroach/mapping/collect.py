"""Which questions to ask CockroachDB Cloud, in which order."""

from __future__ import annotations

from billfold.providers.cockroach.api import GetOrganization, ListInvoices
from billfold.providers.provider import CollectPlan, Fetch, SyncState


def plan_requests(known: SyncState) -> CollectPlan:
    """Ask for the organization, then for all invoices since the first month wanted: finals and the draft in one answer."""
    yield Fetch(GetOrganization(), missing="the organization's id and name")
    question = ListInvoices(start_time=known.since.start)
    question.items((yield Fetch(question)))  # raises where there is no list: that is no customer without invoices
