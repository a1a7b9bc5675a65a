"""What Fastly's twin answers becomes its true bills again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest

from billfold.model.bill import Bill
from billfold.model.period import Month, parse_instant
from billfold.providers.fastly import PROVIDER
from billfold.providers.fastly.api_v2 import GetInvoice, GetInvoiceFile
from billfold.providers.fastly.twin.handlers import TWIN
from billfold.providers.provider import SyncState
from billfold.providers.twin_api import AccessDenied, TwinAccount, TwinMemory
from billfold.wire import codec
from billfold.wire.message import Response
from billfold.wire.operation import Operation
from tests.findings import list_wrong
from tests.providers.fastly.twin.kit import ACCOUNT, PARENT_PAY, answer_body, answer_request
from tests.providers.kit import NOW, SavedAnswers


def collect_answers(account: TwinAccount, now: datetime) -> SavedAnswers:
    """Run the plan against the twin and return the answers."""
    plan, result = PROVIDER.plan_requests(SyncState(now, account.first_month)), None
    answers = list[tuple[Operation[Any], bytes]]()
    requested_at = now - timedelta(seconds=6)
    memory = TwinMemory()
    if requested_at.date() == now.date():
        memory.first_requests[f"estimate of {account.name} v3"] = requested_at
    while True:
        try:
            fetch = plan.send(result)
        except StopIteration:
            return SavedAnswers(*answers)
        try:
            reply = answer_request(fetch.op, now, account, memory)
        except AccessDenied:
            result = None
            continue
        content = reply.body if isinstance(reply, Response) else codec.encode_json(reply)
        if isinstance(reply, Response) and reply.status == 202:
            result = None
            continue
        answers.append((fetch.op, content))
        result = fetch.op.extract_result(codec.decode_record(content, fetch.op.reply))


def count_bills(bills: Iterable[Bill], columns: tuple[str, ...] = TWIN.carried_columns) -> Counter[Any]:
    """Count bills that have no problems, and their charges by these columns."""
    counts: Counter[Any] = Counter()
    for bill in bills:
        assert list_wrong(bill.findings) == ()
        counts[bill.state, bill.invoice_id, bill.period, bill.currency, str(bill.total), bill.line_count] += 1
        for batch in bill.charges:
            counts.update(tuple(getattr(row, column) for column in columns) for row in batch.iter_rows())
    return counts


@pytest.mark.parametrize("account", [ACCOUNT, PARENT_PAY], ids=lambda account: account.name)
@pytest.mark.parametrize("at", ["2026-11-15T00:00:10Z", "2026-11-01T00:00:10Z", "2026-11-30T23:59:59Z"])
def test_collected_bills_are_true(account: TwinAccount, at: str) -> None:
    """The collected bills are the true bills."""
    answers = collect_answers(account, parse_instant(at))
    assert count_bills(PROVIDER.read_bills(answers)) == count_bills(TWIN.true_bills(account, parse_instant(at)))
    assert list(PROVIDER.check_answers(answers)) == []


@pytest.mark.parametrize("restatement", ["restated-added", "restated-changed", "restated-split"])
def test_restated_invoice_is_collected(restatement: str) -> None:
    """A restated invoice is answered as it now is."""
    account = ACCOUNT._replace(restatement=(restatement, Month(2026, 10)))
    assert count_bills(TWIN.true_bills(account, NOW)) != count_bills(TWIN.true_bills(ACCOUNT, NOW))
    answers = collect_answers(account, NOW + timedelta(seconds=10))
    assert count_bills(PROVIDER.read_bills(answers)) == count_bills(TWIN.true_bills(account, NOW))


V2_COLUMNS = tuple(set(TWIN.carried_columns) - {"ServiceName", "SkuMeter", "RegionName"})


@pytest.mark.parametrize("agent", ["fastly-py/5.6.0", "fastly-py/7.0.0"])
def test_v2_bills_are_true(agent: str) -> None:
    """The bills of billing v2 are the true bills."""
    months = [Month.of(bill.period.start) for bill in TWIN.true_bills(ACCOUNT, NOW)]
    requests = [GetInvoice(year=month.year, month=month.number) for month in months]
    answers = SavedAnswers(*((op, answer_body(op, agent=agent)) for op in requests))
    assert count_bills(PROVIDER.read_bills(answers), V2_COLUMNS) == count_bills(
        TWIN.true_bills(ACCOUNT, NOW), V2_COLUMNS
    )
    files = [GetInvoiceFile(year=month.year, month=month.number, format="csv") for month in months]
    answers = SavedAnswers(*((op, answer_body(op, agent=agent)) for op in files))
    assert count_bills(PROVIDER.read_bills(answers), V2_COLUMNS) == count_bills(
        TWIN.true_bills(ACCOUNT, NOW), V2_COLUMNS
    )
