"""Ask an answering end in this process, through real wire bytes; waits are counted, not slept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Literal
from urllib.parse import parse_qsl, urlencode, urlsplit

from billfold.transport.document import Reply, Resolve, fetch_document
from billfold.transport.resolve import resolve_host
from billfold.wire.exchange import ClientContext, drive_exchange, send_operation
from billfold.wire.message import Failure, Request, Response, Wait
from billfold.wire.operation import Operation

Server = Callable[[Request], Response]


class InProcessTransport:
    """Carries operations to a function that answers requests."""

    is_async: ClassVar[Literal[False]] = False

    def __init__(self, server: Server, context: ClientContext, *, sleep: Callable[[float], None] | None = None) -> None:
        self._server, self.context, self._sleep = server, context, sleep
        self.waits: list[Wait] = []

    def send(self, op: Operation[Any], /) -> Response:
        """Return the good response to an operation; raises an ``ApiError``."""
        return drive_exchange(send_operation(op, self.context), self._perform_step)

    def fetch(self, url: str, /) -> Response:
        """Return the document behind a URL of the answering end."""
        return drive_exchange(fetch_document(url, "http://localhost", self.context.provider), self._perform_fetch_step)

    def _perform_step(self, step: Request | Wait) -> Response | Failure | None:
        return self._server(normalize_request(step)) if isinstance(step, Request) else self._perform_wait(step)

    def _perform_fetch_step(self, step: Request | Resolve) -> Reply:
        return self._send_absolute(step) if isinstance(step, Request) else resolve_host(step)

    def _send_absolute(self, request: Request) -> Response:
        parts = urlsplit(request.path)
        url = f"{parts.scheme}://{parts.netloc}{parts.path}"
        return self._server(normalize_request(request._replace(path=url, query=tuple(parse_qsl(parts.query)))))

    def _perform_wait(self, wait: Wait) -> Failure | None:
        self.waits.append(wait)
        if self._sleep:
            self._sleep(wait.seconds)
        return None

    def close(self) -> None:
        """Close nothing: there is no connection."""


def normalize_request(request: Request) -> Request:
    """Return the request as a server hears it: header names in lower case, the query written and read back."""
    query = tuple(parse_qsl(urlencode(request.query), keep_blank_values=True))
    return request._replace(query=query, headers={name.lower(): value for name, value in request.headers.items()})
