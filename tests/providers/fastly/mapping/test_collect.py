"""What a collection requests of Fastly, and in which order."""

from __future__ import annotations

from typing import Any

from billfold.model.period import Month
from billfold.providers.fastly import PROVIDER
from billfold.providers.fastly.api import GetMonthToDateInvoice, GetTokenSelf, GetUsageMetrics, ListInvoices
from billfold.providers.provider import SyncState
from billfold.wire import codec
from billfold.wire.operation import Operation
from tests.providers.kit import NOW


def test_requests_estimate_before_list() -> None:
    """A collection requests the estimate before the list and follows the cursor."""
    plan, record, requests = PROVIDER.plan_requests(SyncState(NOW, Month(2025, 1))), None, list[Operation[Any]]()
    pages = iter(({"data": [], "meta": {"next_cursor": "x"}}, {"data": [], "meta": {"next_cursor": ""}}))
    while True:
        try:
            fetch = plan.send(record)
        except StopIteration:
            break
        requests.append(fetch.op)
        is_list, is_first_page = isinstance(fetch.op, ListInvoices), fetch.op == ListInvoices(limit=200)
        record = codec.decode_record(codec.encode_json(next(pages)), fetch.op.reply) if is_list else None
        assert bool(fetch.missing) != is_first_page
    assert requests == [
        GetTokenSelf(),
        GetMonthToDateInvoice(),
        ListInvoices(limit=200),
        ListInvoices(limit=200, cursor="x"),
        GetUsageMetrics(start_month="2026-09", end_month="2026-11"),
    ]
