"""Law 4: the same operation gives the same answer and the same error at once, awaited and in process."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn

from billfold.clients import find_client as client_class
from billfold.model.errors import ApiError
from billfold.providers.provider import Provider
from billfold.transport.asgi import make_application
from billfold.twin import serve
from billfold.twin.host import TwinHost
from billfold.wire.methods import AsyncItems, SyncItems
from billfold.wire.operation import Operation, operation_name
from tests import stage as stages
from tests.laws.kit import DOORS, examples, named


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[TwinHost, str]]:
    host = stages.twin()
    listener = serve.open_listener("127.0.0.1", 0)
    config = uvicorn.Config(make_application(serve.make_handler(host)), log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    yield host, f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(timeout=10)


def arguments(op: Operation[Any]) -> dict[str, Any]:
    return {name: getattr(op, name) for name in op.__struct_fields__ if getattr(op, name) is not None}


def at_once(client: Any, op: Operation[Any]) -> Any:
    result = getattr(client, operation_name(op))(**arguments(op))
    return list(result) if isinstance(result, SyncItems) else result


async def awaited(client: Any, op: Operation[Any]) -> Any:
    result = getattr(client, operation_name(op))(**arguments(op))
    return [item async for item in result] if isinstance(result, AsyncItems) else await result


def answer_of(client: Any, op: Operation[Any]) -> Any:
    try:
        return at_once(client, op)
    except ApiError as error:
        return type(error).__name__, error.status, str(error)


async def answer_of_awaited(client: Any, op: Operation[Any]) -> Any:
    try:
        return await awaited(client, op)
    except ApiError as error:
        return type(error).__name__, error.status, str(error)


def strip_url(result: Any) -> Any:
    """Leave pre-signed URLs out, which differ by host and time; everything else must be equal."""
    return "a URL" if hasattr(result, "url") else result


@pytest.mark.parametrize("right", [True, False], ids=["allowed", "refused"])
@pytest.mark.parametrize("provider", DOORS, ids=named)
def test_law_4_three_transports_one_answer(provider: Provider, right: bool, served: tuple[TwinHost, str]) -> None:
    host, root = served
    account, questions = examples(host, provider)
    base_url = root + stages.stage(host, provider.name).twin.mount_path
    credentials = dict(account.credentials if right else account.unprivileged_credentials)
    first = stages.client(host, account, credentials=credentials)
    options: dict[str, Any] = {"base_url": base_url, "unlimited": True}

    async def later() -> list[Any]:
        async with client_class(f"Async{provider.client}")(**credentials, **options) as third:
            return [await answer_of_awaited(third, op) for op in questions.values()]

    in_process = [answer_of(first, op) for op in questions.values()]
    with client_class(provider.client)(**credentials, **options) as second:
        over_http = [answer_of(second, op) for op in questions.values()]
    billing = {name for op in questions.values() if op.seed for name in op.permissions}
    for op, direct, two, three in zip(questions.values(), in_process, over_http, asyncio.run(later()), strict=True):
        assert strip_url(direct) == strip_url(two) == strip_url(three), operation_name(op)
        refused = isinstance(direct, tuple) and direct[0] == "Forbidden"
        assert refused == (not right and not billing.isdisjoint(op.permissions)), (operation_name(op), direct)
