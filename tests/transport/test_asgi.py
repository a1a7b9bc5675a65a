"""A server that speaks HTTP alone says so to whoever wants something else."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

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
