"""What the tests of Fastly's twin share: its accounts, and requests to them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from billfold.model.period import Month
from billfold.providers.fastly.twin import scenario
from billfold.providers.fastly.twin.handlers import TWIN
from billfold.providers.twin_api import RequestContext, TwinAccount, TwinMemory
from billfold.wire import codec
from billfold.wire.message import Request, Response
from billfold.wire.operation import Operation
from tests import stage as stages
from tests.providers.kit import NOW

ACCOUNT, PARENT_PAY = TWIN.make_accounts(1, Month(2025, 11))
CUSTOMER_ID = scenario.customer_id_of(ACCOUNT)


def answer_request(
    op: Operation[Any],
    now: datetime = NOW,
    account: TwinAccount = ACCOUNT,
    memory: TwinMemory | None = None,
    agent: str = "",
) -> Any:
    """Return the twin's answer to an operation, at a time, with its memory and the user agent of a client."""
    request = Request("GET", "/", (), {"fastly-key": account.credentials["token"], "user-agent": agent})
    return TWIN.answer_operation(op, RequestContext(account, now, request, memory or TwinMemory()))


def answer_body(op: Operation[Any], *args: Any, **settings: Any) -> bytes:
    """Return the body of the twin's answer."""
    result = answer_request(op, *args, **settings)
    return result.body if isinstance(result, Response) else codec.encode_json(result)


def send_request(path: str, token: str = "twin-fastly-token", **query: str) -> Response:
    """Send a request to a twin of all vendors."""
    request = Request("GET", f"/fastly{path}", tuple(query.items()), {"fastly-key": token})
    response = stages.twin().answer_request(request)
    assert response is not None
    return response
