"""Which questions to ask Fastly, in which order."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from billfold.model.period import Month
from billfold.providers.fastly.api import MOST, GetMonthToDateInvoice, GetTokenSelf, GetUsageMetrics, ListInvoices
from billfold.providers.provider import Ask, Known, Plan
from billfold.wire.paging import Walk

USAGE_MONTHS = 3
"""The most months that one question for usage may span."""


def collect(known: Known) -> Plan:
    """Ask whose the token is, for the estimate, for all invoices with their lines, and for the usage of three months.

    The estimate comes before the list: a month that closes in between is then seen twice, never not at all. The list is
    read to its end whatever is booked already, and whichever month is wanted: its lines stand in it, so there is nothing to
    save, and what its dates filter (bounds, or equal days) is not documented.
    """
    yield Ask(GetTokenSelf(), missing="the id of the customer")
    yield Ask(GetMonthToDateInvoice(), missing="the estimate of the running month", never=(422,))
    yield from _pages()
    month = Month.of(known.now)
    usage = GetUsageMetrics(start_month=str(month.plus(1 - USAGE_MONTHS)), end_month=str(month))
    yield Ask(usage, missing="the usage by product and region")


def _pages() -> Generator[Ask, Any, None]:
    walk = Walk(ListInvoices(limit=MOST))
    while walk.question is not None:
        walk.hear((yield Ask(walk.question)))
