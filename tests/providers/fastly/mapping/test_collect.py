"""What a collection requests of Fastly, and in which order."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from billfold.model.period import Month
from billfold.providers.fastly import PROVIDER
from billfold.providers.fastly.api import (
    GetMonthToDateInvoice,
    GetServiceLevelUsage,
    GetTokenSelf,
    GetUsageMetrics,
    ListInvoices,
)
from billfold.providers.fastly.mapping.collect import MAX_SERVICE_QUESTIONS
from billfold.providers.fastly.records import Serviceusagemetrics, ServiceusagemetricsData, Usagemetric
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


def run_usage_plan(
    sync_state: SyncState, metrics: list[Usagemetric], answer: Serviceusagemetrics | None
) -> list[GetServiceLevelUsage]:
    """Return the questions for the usage by service, where each gets the same answer."""
    plan, questions, record = PROVIDER.plan_requests(sync_state), list[GetServiceLevelUsage](), None
    while True:
        try:
            fetch = plan.send(record)
        except StopIteration:
            return questions
        is_service_question = isinstance(fetch.op, GetServiceLevelUsage)
        questions += [fetch.op] if isinstance(fetch.op, GetServiceLevelUsage) else []
        assert not is_service_question or fetch.is_extra
        if isinstance(fetch.op, ListInvoices):
            record = codec.decode_record(b'{"data":[],"meta":{"next_cursor":""}}', fetch.op.reply)
        else:
            record = metrics if isinstance(fetch.op, GetUsageMetrics) else answer if is_service_question else None


def metric(month: str, usage_type: str, quantity: int = 1) -> Usagemetric:
    return Usagemetric(month=month, usage_type=usage_type, product_id="cdn", quantity=Decimal(quantity))


EMPTY_PAGE = Serviceusagemetrics(data=ServiceusagemetricsData(details=[]))
METRICS = [metric("2026-09", "a"), metric("2026-09", "b", 0), metric("2026-10", "a"), metric("2026-11", "a")]


def test_usage_of_closed_months_is_requested_once() -> None:
    """Of each kind that was used; the running month still moves, and what is archived is not asked for again."""
    questions = run_usage_plan(SyncState(NOW, Month(2025, 1)), METRICS, EMPTY_PAGE)
    assert [(op.start_month, op.end_month, op.usage_type_name) for op in questions] == [
        ("2026-09", "2026-09", "a"),
        ("2026-10", "2026-10", "a"),
    ]
    archived = SyncState(NOW, Month(2025, 1), already_fetched=lambda op: op in questions)
    assert run_usage_plan(archived, METRICS, EMPTY_PAGE) == []


@pytest.mark.parametrize(("answer", "count"), [(None, 1), (EMPTY_PAGE, MAX_SERVICE_QUESTIONS)])
def test_usage_questions_have_a_bound(answer: Serviceusagemetrics | None, count: int) -> None:
    """A token without the right asks once; an account with hundreds of kinds of usage asks for some each time."""
    metrics = [metric("2026-10", str(number)) for number in range(300)]
    assert len(run_usage_plan(SyncState(NOW, Month(2025, 1)), metrics, answer)) == count
