"""What Vultr's twin answers becomes its true bills again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from billfold.model.bill import Bill
from billfold.model.period import parse_instant
from billfold.providers.provider import SyncState
from billfold.providers.twin_api import TwinAccount
from billfold.providers.vultr import PROVIDER
from billfold.providers.vultr.twin.handlers import TWIN
from billfold.wire import codec
from billfold.wire.operation import Operation
from tests.providers.kit import NOW, SavedAnswers
from tests.providers.vultr.twin.kit import ACCOUNT, answer_request
from tests.stage import whole


def collect_answers(account: TwinAccount, now: datetime = NOW) -> SavedAnswers:
    """Run the plan against the twin and return the answers."""
    plan = PROVIDER.plan_requests(SyncState(now, account.first_month))
    result, answers = None, list[tuple[Operation[Any], bytes]]()
    while True:
        try:
            fetch = plan.send(result)
        except StopIteration:
            return SavedAnswers(*answers)
        body = codec.encode_json(answer_request(fetch.op, now, account))
        answers.append((fetch.op, body))
        result = fetch.op.extract_result(codec.decode_record(body, fetch.op.reply))


def count_bills(bills: Iterator[Bill]) -> Counter[Any]:
    """Count bills and their charges by the columns that the wire carries."""
    columns = [column for column in TWIN.carried_columns if column != "BillingAccountName"]
    counts: Counter[Any] = Counter()
    for bill in map(whole, bills):
        counts[bill.state, bill.invoice_id, bill.period, bill.currency, str(bill.total), bill.line_count] += 1
        for batch in bill.charges:
            counts.update(tuple(getattr(row, column) for column in columns) for row in batch.iter_rows())
    return counts


@pytest.mark.parametrize("account_type", ["ordinary", "lines-1234"])
@pytest.mark.parametrize(
    "at", ["2026-11-15T00:00:00Z", "2026-12-01T00:10:00Z", "2026-12-01T00:40:00Z", "2026-11-30T23:59:59Z"]
)
def test_collected_bills_are_true(at: str, account_type: str) -> None:
    """The collected bills are the true bills."""
    account, now = ACCOUNT._replace(account_type=account_type), parse_instant(at)
    answers = collect_answers(account, now)
    assert count_bills(PROVIDER.read_bills(answers)) == count_bills(TWIN.true_bills(account, now))
    assert list(PROVIDER.check_answers(answers)) == []
