"""Ask over HTTP, at once."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any, ClassVar, Literal, Self

import httpx2

from billfold.model.errors import Misasked
from billfold.transport.document import Reply, Resolve, fetching
from billfold.transport.http import Body, Settings, failure, too_late
from billfold.transport.pause import pause
from billfold.transport.resolve import resolved
from billfold.wire.exchange import Line, driven, exchange
from billfold.wire.message import Failure, Request, Response, Wait
from billfold.wire.operation import Operation

log = logging.getLogger("billfold.transport")


class Http:
    """Carries operations over HTTP; close it, or use it in a ``with`` statement."""

    is_async: ClassVar[Literal[False]] = False

    def __init__(
        self,
        settings: Settings,
        line: Line,
        *,
        sleep: Callable[[float], None] = pause,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings, self.line, self._sleep, self._clock = settings, line, sleep, clock
        self._clients: dict[str, httpx2.Client] = {}
        self._closed = False

    def send(self, op: Operation[Any], /) -> Response:
        """Return the good response to an operation; raises an ``ApiError``."""
        return driven(exchange(op, self.line), self._act)

    def fetch(self, url: str, /) -> Response:
        """Return the document behind a pre-signed URL; no credential goes along. Raises an ``ApiError``."""
        return driven(fetching(url, self.settings.base_url, self.line.provider), self._find)

    def _act(self, step: Request | Wait) -> Response | Failure | None:
        return self._ask(step) if isinstance(step, Request) else self._wait(step)

    def _find(self, step: Request | Resolve) -> Reply:
        return self._ask(step) if isinstance(step, Request) else resolved(step)

    def _wait(self, wait: Wait) -> Failure | None:
        log.info("waiting %.1f s: %s", wait.seconds, wait.why)
        self._sleep(wait.seconds)
        return None

    def _ask(self, request: Request) -> Response | Failure:
        began = self._clock()
        try:
            asked = self.settings.arguments(request)
            with self._client(asked["url"]).stream(**asked) as answer:
                body = Body(answer.headers.get("content-encoding", ""))
                for part in answer.iter_raw():
                    if refused := body.take(part) or too_late(began, self._clock(), self.settings):
                        return refused
                return Response(answer.status_code, {k.lower(): v for k, v in answer.headers.items()}, body.whole())
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
            return failure(error, self.settings)

    def _client(self, url: str) -> httpx2.Client:
        if self._closed:
            raise Misasked("this client is closed; make a new one")
        scheme = url.partition(":")[0].lower()
        if scheme not in self._clients:
            self._clients[scheme] = httpx2.Client(**self.settings.client(scheme))
        return self._clients[scheme]

    def close(self) -> None:
        """Close the connections: nothing can be asked any more."""
        self._closed = True
        for client in self._clients.values():
            client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
