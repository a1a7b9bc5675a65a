"""Ask over HTTP, awaited."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Generator
from typing import Any, ClassVar, Literal, Self, TypeVar

import httpx2

from billfold.model.errors import InvalidArgument
from billfold.transport.deadline import ClosingNetwork, DeadlinePassed, install_network
from billfold.transport.document import Reply, Resolve, fetch_document
from billfold.transport.failures import PROXY_LOGIN_STATUS, failure_for_error, failure_for_proxy_status
from billfold.transport.http import BodyReader, HttpSettings, check_deadline, share_rate
from billfold.transport.proxy import find_proxy
from billfold.transport.resolve import resolve_host
from billfold.wire.exchange import ClientContext, send_operation
from billfold.wire.message import Failure, Request, Response, Wait
from billfold.wire.operation import Operation

S = TypeVar("S")
T = TypeVar("T")
log = logging.getLogger("billfold.transport")


class AsyncHttpTransport:
    """Carries operations over HTTP, awaited; close it, or use it in an ``async with`` statement."""

    is_async: ClassVar[Literal[True]] = True

    def __init__(
        self,
        settings: HttpSettings,
        context: ClientContext,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings, self.context, self._sleep, self._clock = settings, context, sleep, clock
        self._clients: dict[tuple[str, str], httpx2.AsyncClient] = {}
        self._closed = False
        share_rate(context.rate_limiter)

    async def send(self, op: Operation[Any], /) -> Response:
        """Return the good response to an operation; raises an ``ApiError``."""
        return await self._drive_exchange(send_operation(op, self.context), self._perform_step)

    async def fetch(self, url: str, /) -> Response:
        """Return the document behind a pre-signed URL; no credential goes along. Raises an ``ApiError``."""
        return await self._drive_exchange(
            fetch_document(url, self.settings.base_url, self.context.provider), self._perform_fetch_step
        )

    async def _drive_exchange(
        self, steps: Generator[S, T | None, Response], perform_step: Callable[[S], Awaitable[T | None]]
    ) -> Response:
        reply: T | None = None
        while True:
            try:
                step = steps.send(reply)
            except StopIteration as done:
                return done.value  # type: ignore[no-any-return]
            reply = await perform_step(step)

    async def _perform_step(self, step: Request | Wait) -> Response | Failure | None:
        return await (self._send_request(step) if isinstance(step, Request) else self._perform_wait(step))

    async def _perform_fetch_step(self, step: Request | Resolve) -> Reply:
        return await (self._send_request(step) if isinstance(step, Request) else asyncio.to_thread(resolve_host, step))

    async def _perform_wait(self, wait: Wait) -> None:
        log.info("waiting %.1f s: %s", wait.seconds, wait.reason)
        await self._sleep(wait.seconds)

    async def _send_request(self, request: Request) -> Response | Failure:
        try:
            async with asyncio.timeout(self.settings.deadline) as limit:
                return await self._read_answer(request)
        except TimeoutError as error:
            return failure_for_error(DeadlinePassed() if limit.expired() else error, self.settings)

    async def _read_answer(self, request: Request) -> Response | Failure:
        started_at, proxy = self._clock(), ""
        try:
            options = self.settings.request_options(request)
            proxy = find_proxy(options["url"], self.settings.proxy)
            async with self._get_client(options["url"], proxy).stream(**options) as answer:
                if proxy and answer.status_code == PROXY_LOGIN_STATUS:
                    return failure_for_proxy_status(answer.status_code, proxy)
                body = BodyReader(answer.headers.get("content-encoding", ""))
                async for chunk in answer.aiter_raw():
                    if failure := body.add_chunk(chunk) or check_deadline(started_at, self._clock(), self.settings):
                        return failure
                return Response(
                    answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, body.read_all()
                )
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
            return failure_for_error(error, self.settings, proxy)

    def _get_client(self, url: str, proxy: str) -> httpx2.AsyncClient:
        if self._closed:
            raise InvalidArgument("this client is closed; make a new one")
        scheme = url.partition(":")[0].lower()
        if (scheme, proxy) not in self._clients:
            client = httpx2.AsyncClient(**self.settings.client_options(scheme, proxy))
            install_network(client, ClosingNetwork())
            self._clients[scheme, proxy] = client
        return self._clients[scheme, proxy]

    async def close(self) -> None:
        """Close the connections: nothing can be asked any more."""
        self._closed = True
        for client in self._clients.values():
            await client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
