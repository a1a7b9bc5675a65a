"""What the tests of Vultr's twin share: its account, and requests to it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from billfold.model.period import Month
from billfold.providers.twin_api import RequestContext, TwinAccount, TwinMemory
from billfold.providers.vultr.twin.handlers import TWIN
from billfold.wire.message import Request, Response
from billfold.wire.operation import Operation, read_response
from tests.providers.kit import NOW

ACCOUNT = TWIN.make_accounts(1, Month(2025, 11))[0]


def answer_request(op: Operation[Any], now: datetime = NOW, account: TwinAccount = ACCOUNT) -> Any:
    """Return the record that the twin answers to an operation."""
    request = Request("GET", "/", (), {"authorization": f"Bearer {account.credentials['api_key']}"})
    result = TWIN.answer_operation(op, RequestContext(account, now, request, TwinMemory()))
    return read_response(op, result) if isinstance(result, Response) and op.reply is not bytes else result
