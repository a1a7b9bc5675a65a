"""What the server is asked: every request is counted by its route and status, and is one line of the log."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from billfold.model.log_context import log_fields
from billfold.model.plain_text import make_printable
from billfold.serve.metrics import COUNTER, Metric
from billfold.serve.openapi import ROOT
from billfold.serve.resources import RESOURCES_BY_NAME

log = logging.getLogger("billfold.requests")
MAX_PATH_CHARS = 300
QUIET_ROUTES = frozenset({"/healthz", "/readyz", "/metrics"})
"""What machines ask every few seconds: logged at `debug`."""
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class RequestKey(NamedTuple):
    """What requests are counted by; as many as there are routes, whatever anybody asks."""

    route: str
    method: str
    status: int


class TrafficCounter:
    """Counts requests and the seconds that they took."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts, self._seconds = Counter[RequestKey](), Counter[str]()

    def count_request(self, key: RequestKey, seconds: float) -> None:
        """Count an answered request; ``seconds`` until its last byte was sent."""
        with self._lock:
            self._counts[key] += 1
            self._seconds[key.route] += round(seconds * 1_000_000)

    def list_metrics(self) -> list[Metric]:
        """Return what was counted since the server began."""
        with self._lock:
            counts, seconds = sorted(self._counts.items()), sorted(self._seconds.items())
        requests = [({**key._asdict(), "status": str(key.status)}, count) for key, count in counts]
        durations = [({"route": route}, Decimal(micros).scaleb(-6)) for route, micros in seconds]
        return [
            Metric("billfold_http_requests_total", "Requests answered since the start.", requests, COUNTER),
            Metric("billfold_http_request_seconds_total", "Seconds that answers took, in sum.", durations, COUNTER),
        ]


class TrafficLayer:
    """Counts and logs each request; what stands in a query is in no log: it may be a secret."""

    def __init__(self, app: ASGIApp, counter: TrafficCounter, clock: Callable[[], float] = time.monotonic) -> None:
        self._app, self._counter, self._clock = app, counter, clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started_at, status, byte_count = self._clock(), 500, 0

        async def send_counted(message: Message) -> None:
            nonlocal status, byte_count
            status = message.get("status", status)
            byte_count += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, send_counted)
        finally:
            self._note_request(scope, status, byte_count, self._clock() - started_at)

    def _note_request(self, scope: Scope, status: int, byte_count: int, seconds: float) -> None:
        method = scope["method"] if scope["method"] in METHODS else "other"
        key = RequestKey(name_route(scope), method, status)
        self._counter.count_request(key, seconds)
        path = make_printable(scope["path"][:MAX_PATH_CHARS])
        client = (scope.get("client") or [""])[0]
        fields = {**key._asdict(), "path": path, "seconds": round(seconds, 6), "bytes": byte_count, "client": client}
        level = logging.DEBUG if key.route in QUIET_ROUTES else logging.INFO
        log.log(level, "%s %s %d", method, path, status, extra=log_fields(**fields))


def name_route(scope: Scope) -> str:
    """Return the class of a request: the path of its route, the API's with the resource; `none` where nothing is served."""
    route = scope.get("route")
    if not isinstance(route, Route):
        return "none"
    name = str(scope.get("path_params", {}).get("path", "")).partition("/")[0].partition(".")[0]
    return f"{ROOT}/{name}" if route.path.startswith(ROOT) and name in RESOURCES_BY_NAME else route.path
