"""A server that speaks HTTP alone says so to whoever wants something else."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest

from billfold.transport import asgi
from billfold.transport.asgi import make_application
from billfold.wire.message import Request, Response


def test_a_web_socket_is_refused_before_it_is_one() -> None:
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    def answer(request: Request, root: str) -> Response:
        raise AssertionError("nobody asks")

    async def connect() -> None:
        await make_application(answer)({"type": "websocket", "path": "/"}, receive, send)

    asyncio.run(connect())
    assert sent == [{"type": "websocket.close"}]


@pytest.mark.parametrize(("fault", "least_messages"), [("endless-drip", 4), ("endless-silence", 0)])
def test_an_endless_answer_ends_when_the_client_hangs_up(
    fault: str, least_messages: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer that never ends sends its drips, or nothing, and is given up when nobody listens any more."""
    monkeypatch.setattr(asgi, "DRIP_PAUSE_S", 0)
    sent, messages = list[MutableMapping[str, Any]](), iter([{"type": "http.request", "body": b""}])

    async def receive() -> MutableMapping[str, Any]:
        for message in messages:
            return message
        for _ in range(20):  # turns of the loop, not seconds
            await asyncio.sleep(0)
        return {"type": "http.disconnect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    def answer(request: Request, root: str) -> Response:
        return Response(200, {"content-type": "application/json", "x-twin-wire": fault}, b"{}")

    async def serve() -> None:
        scope = {"type": "http", "method": "GET", "raw_path": b"/", "query_string": b"", "headers": [(b"host", b"h")],
                 "scheme": "http"}  # fmt: skip
        await asyncio.wait_for(make_application(answer)(scope, receive, send), 60)

    asyncio.run(serve())
    assert len(sent) >= least_messages
    assert all(message.get("more_body") for message in sent[1:])
