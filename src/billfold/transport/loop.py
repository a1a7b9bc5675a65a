"""Ask an answering end in this process, through real wire bytes; waits are counted, not slept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Literal
from urllib.parse import parse_qsl, urlencode, urlsplit

from billfold.transport.document import Reply, Resolve, fetching
from billfold.transport.resolve import resolved
from billfold.wire.exchange import Line, driven, exchange
from billfold.wire.message import Failure, Request, Response, Wait
from billfold.wire.operation import Operation

Server = Callable[[Request], Response]


class Loop:
    """Carries operations to a function that answers requests."""

    is_async: ClassVar[Literal[False]] = False

    def __init__(self, server: Server, line: Line, *, sleep: Callable[[float], None] | None = None) -> None:
        self._server, self.line, self._sleep = server, line, sleep
        self.waits: list[Wait] = []

    def send(self, op: Operation[Any], /) -> Response:
        """Return the good response to an operation; raises an ``ApiError``."""
        return driven(exchange(op, self.line), self._act)

    def fetch(self, url: str, /) -> Response:
        """Return the document behind a URL of the answering end."""
        return driven(fetching(url, "http://localhost", self.line.provider), self._find)

    def _act(self, step: Request | Wait) -> Response | Failure | None:
        return self._server(as_heard(step)) if isinstance(step, Request) else self._wait(step)

    def _find(self, step: Request | Resolve) -> Reply:
        return self._ask_whole(step) if isinstance(step, Request) else resolved(step)

    def _ask_whole(self, request: Request) -> Response:
        parts = urlsplit(request.path)
        whole = f"{parts.scheme}://{parts.netloc}{parts.path}"
        return self._server(as_heard(request._replace(path=whole, query=tuple(parse_qsl(parts.query)))))

    def _wait(self, wait: Wait) -> Failure | None:
        self.waits.append(wait)
        if self._sleep:
            self._sleep(wait.seconds)
        return None

    def close(self) -> None:
        """Close nothing: there is no connection."""


def as_heard(request: Request) -> Request:
    """Return the request as a server hears it: header names in lower case, the query written and read back."""
    query = tuple(parse_qsl(urlencode(request.query), keep_blank_values=True))
    return request._replace(query=query, headers={k.lower(): v for k, v in request.headers.items()})
