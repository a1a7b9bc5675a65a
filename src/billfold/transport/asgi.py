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
DRIP_BYTES, DRIP_PAUSE_S = 512, 0.01
"""Bytes and seconds between them, for an answer that comes in drips."""
BODY_TOO_LONG = Response(
    413, {"content-type": "application/json", "connection": "close"}, b'{"error":"the request is too long"}'
)
RequestHandler = Callable[[Request, str], Response]


def make_application(
    handler: RequestHandler, *, max_body_bytes: int | None = None
) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """Serve a function that is handed each request and the root URL it came to; a request with a longer body is refused (413)."""

    async def asgi_app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close"})
        if scope["type"] != "http":
            return
        body = await _read_body(receive, max_body_bytes)
        response = BODY_TOO_LONG if body is None else handler(_parse_scope(scope, body), _build_root_url(scope))
        if response.headers.get("x-twin-wire", "").startswith("endless-"):
            await _send_endless(response, receive, send)
        else:
            await _send_response(response, send, head_only=scope["method"] == "HEAD")

    return asgi_app


async def _read_body(receive: Receive, max_bytes: int | None) -> bytes | None:
    """Return a request's body; None where it is longer than it may be: the rest is not read."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if max_bytes is not None and len(body) > max_bytes:
            return None
        if not message.get("more_body"):
            return bytes(body)


async def _send_endless(response: Response, receive: Receive, send: Send) -> None:
    """Send a body that drips and never ends, or nothing at all, until the client hangs up."""
    is_silent = response.headers["x-twin-wire"] == "endless-silence"
    hang_up = asyncio.ensure_future(_wait_for_hang_up(receive))
    if not is_silent:
        header_pairs = [(b"content-type", response.headers.get("content-type", "").encode("latin-1"))]
        await send({"type": "http.response.start", "status": response.status, "headers": header_pairs})
    while not hang_up.done():
        if not is_silent:
            await send({"type": "http.response.body", "body": b" ", "more_body": True})
        await asyncio.wait([hang_up], timeout=DRIP_PAUSE_S)


async def _wait_for_hang_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send_response(response: Response, send: Send, *, head_only: bool) -> None:
    """Send a response; its header ``x-twin-wire`` (never sent) asks for a fault of the line itself."""
    fault = response.headers.get("x-twin-wire", "")
    body = b"" if head_only else response.body
    content_length = len(response.body) + (64 if fault == "wrong-length" else 0)
    headers = {"content-length": str(content_length), **response.headers}
    header_pairs = [
        (name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items() if name != "x-twin-wire"
    ]
    await send({"type": "http.response.start", "status": response.status, "headers": header_pairs})
    if not fault:
        await send({"type": "http.response.body", "body": body})
        return
    parts = (
        [body[offset : offset + DRIP_BYTES] for offset in range(0, len(body), DRIP_BYTES)]
        if fault == "drip"
        else [body]
    )
    if fault in {"reset", "wrong-length"}:
        await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
        raise ConnectionAbortedError("the twin breaks the line off, as it was told")
    for part in parts:
        await send({"type": "http.response.body", "body": part, "more_body": True})
        await asyncio.sleep(DRIP_PAUSE_S)
    await send({"type": "http.response.body", "body": b""})


def _parse_scope(scope: Scope, body: bytes) -> Request:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    query, path = scope["query_string"].decode("latin-1"), scope["raw_path"].decode("latin-1")
    if path.startswith("http://"):  # as a proxy is asked: the whole URL
        headers["host"], _, rest = path.removeprefix("http://").partition("/")
        path = f"/{rest}"
    pairs = tuple(parse_qsl(query, keep_blank_values=True)) if query else ()
    return Request(scope["method"], path, pairs, headers, body)


def _build_root_url(scope: Scope) -> str:
    host = dict(scope["headers"]).get(b"host")
    address = host.decode("latin-1") if host else ":".join(map(str, scope["server"]))
    return f"{scope['scheme']}://{address}"
