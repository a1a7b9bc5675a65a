"""Answer over HTTP: a function from requests to responses as a plain ASGI application."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

from billfold.wire.message import Request, Response

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Answering = Callable[[Request, str], Response]


def application(answer: Answering) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """Serve a function that is handed each request and the root URL it came to."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while True:
            part = await receive()
            body += part.get("body", b"")
            if not part.get("more_body"):
                break
        response = answer(_request(scope, body), _root(scope))
        headers = {"content-length": str(len(response.body)), **response.headers}
        start = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": response.status, "headers": start})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else response.body})

    return app


def _request(scope: Scope, body: bytes) -> Request:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    query = scope["query_string"].decode("latin-1")
    pairs = tuple(parse_qsl(query, keep_blank_values=True)) if query else ()
    return Request(scope["method"], scope["raw_path"].decode("latin-1"), pairs, headers, body)


def _root(scope: Scope) -> str:
    host = dict(scope["headers"]).get(b"host")
    address = host.decode("latin-1") if host else ":".join(map(str, scope["server"]))
    return f"{scope['scheme']}://{address}"
