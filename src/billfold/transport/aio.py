"""Ask over HTTP, awaited."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Generator
from typing import Any, ClassVar, Literal, Self, TypeVar

import httpx2

from billfold.model.errors import Misasked
from billfold.transport.document import Reply, Resolve, fetching
from billfold.transport.http import Body, Settings, failure, too_late
from billfold.transport.resolve import resolved
from billfold.wire.exchange import Line, exchange
from billfold.wire.message import Failure, Request, Response, Wait
from billfold.wire.operation import Operation

S = TypeVar("S")
T = TypeVar("T")
log = logging.getLogger("billfold.transport")


class AsyncHttp:
    """Carries operations over HTTP, awaited; close it, or use it in an ``async with`` statement."""

    is_async: ClassVar[Literal[True]] = True

    def __init__(
        self,
        settings: Settings,
        line: Line,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings, self.line, self._sleep, self._clock = settings, line, sleep, clock
        self._clients: dict[str, httpx2.AsyncClient] = {}
        self._closed = False

    async def send(self, op: Operation[Any], /) -> Response:
        """Return the good response to an operation; raises an ``ApiError``."""
        return await self._driven(exchange(op, self.line), self._act)

    async def fetch(self, url: str, /) -> Response:
        """Return the document behind a pre-signed URL; no credential goes along. Raises an ``ApiError``."""
        return await self._driven(fetching(url, self.settings.base_url, self.line.provider), self._find)

    async def _driven(
        self, steps: Generator[S, T | None, Response], act: Callable[[S], Awaitable[T | None]]
    ) -> Response:
        reply: T | None = None
        while True:
            try:
                step = steps.send(reply)
            except StopIteration as done:
                return done.value  # type: ignore[no-any-return]
            reply = await act(step)

    async def _act(self, step: Request | Wait) -> Response | Failure | None:
        return await (self._ask(step) if isinstance(step, Request) else self._wait(step))

    async def _find(self, step: Request | Resolve) -> Reply:
        return await (self._ask(step) if isinstance(step, Request) else asyncio.to_thread(resolved, step))

    async def _wait(self, wait: Wait) -> None:
        log.info("waiting %.1f s: %s", wait.seconds, wait.why)
        await self._sleep(wait.seconds)

    async def _ask(self, request: Request) -> Response | Failure:
        began = self._clock()
        try:
            asked = self.settings.arguments(request)
            async with self._client(asked["url"]).stream(**asked) as answer:
                body = Body(answer.headers.get("content-encoding", ""))
                async for part in answer.aiter_raw():
                    if refused := body.take(part) or too_late(began, self._clock(), self.settings):
                        return refused
                return Response(answer.status_code, {k.lower(): v for k, v in answer.headers.items()}, body.whole())
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
            return failure(error, self.settings)

    def _client(self, url: str) -> httpx2.AsyncClient:
        if self._closed:
            raise Misasked("this client is closed; make a new one")
        scheme = url.partition(":")[0].lower()
        if scheme not in self._clients:
            self._clients[scheme] = httpx2.AsyncClient(**self.settings.client(scheme))
        return self._clients[scheme]

    async def close(self) -> None:
        """Close the connections: nothing can be asked any more."""
        self._closed = True
        for client in self._clients.values():
            await client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
