"""Answer over HTTP: a function from requests to responses as a plain ASGI application."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

from billfold.wire.message import Request, Response

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
DRIP, PAUSE = 512, 0.01
"""Bytes and seconds between them, for an answer that comes in drips."""
Answering = Callable[[Request, str], Response]


def application(answer: Answering) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """Serve a function that is handed each request and the root URL it came to."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close"})
        if scope["type"] != "http":
            return
        body = b""
        while True:
            part = await receive()
            body += part.get("body", b"")
            if not part.get("more_body"):
                break
        response = answer(_request(scope, body), _root(scope))
        await _answer(response, send, head=scope["method"] == "HEAD")

    return app


async def _answer(response: Response, send: Send, *, head: bool) -> None:
    """Send a response; its header ``x-twin-wire`` (never sent) asks for a fault of the line itself."""
    wire = response.headers.get("x-twin-wire", "")
    body = b"" if head else response.body
    length = len(response.body) + (64 if wire == "wrong-length" else 0)
    headers = {"content-length": str(length), **response.headers}
    start = [(k.encode("latin-1"), v.encode("latin-1")) for k, v in headers.items() if k != "x-twin-wire"]
    await send({"type": "http.response.start", "status": response.status, "headers": start})
    if not wire:
        await send({"type": "http.response.body", "body": body})
        return
    parts = [body[at : at + DRIP] for at in range(0, len(body), DRIP)] if wire == "drip" else [body]
    if wire in {"reset", "wrong-length"}:
        await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
        raise ConnectionAbortedError("the twin breaks the line off, as it was told")
    for part in parts:
        await send({"type": "http.response.body", "body": part, "more_body": True})
        await asyncio.sleep(PAUSE)
    await send({"type": "http.response.body", "body": b""})


def _request(scope: Scope, body: bytes) -> Request:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    query = scope["query_string"].decode("latin-1")
    pairs = tuple(parse_qsl(query, keep_blank_values=True)) if query else ()
    return Request(scope["method"], scope["raw_path"].decode("latin-1"), pairs, headers, body)


def _root(scope: Scope) -> str:
    host = dict(scope["headers"]).get(b"host")
    address = host.decode("latin-1") if host else ":".join(map(str, scope["server"]))
    return f"{scope['scheme']}://{address}"
