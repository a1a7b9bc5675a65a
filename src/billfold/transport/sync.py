"""Ask over HTTP, at once."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any, ClassVar, Literal, Self

import httpx2

from billfold.model.errors import InvalidArgument
from billfold.model.log_context import log_fields
from billfold.transport.deadline import DeadlineNetwork, install_network
from billfold.transport.document import Reply, Resolve, fetch_document
from billfold.transport.failures import PROXY_LOGIN_STATUS, failure_for_error, failure_for_proxy_status
from billfold.transport.http import BodyReader, HttpSettings, check_deadline, share_rate
from billfold.transport.pause import interruptible_sleep
from billfold.transport.proxy import find_proxy
from billfold.transport.resolve import resolve_host
from billfold.wire.exchange import ClientContext, drive_exchange, send_operation
from billfold.wire.message import Failure, Request, Response, Wait
from billfold.wire.operation import Operation

log = logging.getLogger("billfold.transport")


class HttpTransport:
    """Carries operations over HTTP; close it, or use it in a ``with`` statement."""

    is_async: ClassVar[Literal[False]] = False

    def __init__(
        self,
        settings: HttpSettings,
        context: ClientContext,
        *,
        sleep: Callable[[float], None] = interruptible_sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings, self.context, self._sleep, self._clock = settings, context, sleep, clock
        self._clients: dict[tuple[str, str], httpx2.Client] = {}
        self._network, self._closed = DeadlineNetwork(), False
        share_rate(context.rate_limiter)

    def send(self, op: Operation[Any], /) -> Response:
        """Return the good response to an operation; raises an ``ApiError``."""
        return drive_exchange(send_operation(op, self.context), self._perform_step)

    def fetch(self, url: str, /) -> Response:
        """Return the document behind a pre-signed URL; no credential goes along. Raises an ``ApiError``."""
        return drive_exchange(
            fetch_document(url, self.settings.base_url, self.context.provider), self._perform_fetch_step
        )

    def _perform_step(self, step: Request | Wait) -> Response | Failure | None:
        return self._send_request(step) if isinstance(step, Request) else self._perform_wait(step)

    def _perform_fetch_step(self, step: Request | Resolve) -> Reply:
        return self._send_request(step) if isinstance(step, Request) else resolve_host(step)

    def _perform_wait(self, wait: Wait) -> Failure | None:
        log.info("waiting %.1f s: %s", wait.seconds, wait.reason, extra=log_fields(seconds=wait.seconds))
        self._sleep(wait.seconds)
        return None

    def _send_request(self, request: Request) -> Response | Failure:
        started_at, proxy = self._clock(), ""
        try:
            options = self.settings.request_options(request)
            proxy = find_proxy(options["url"], self.settings.proxy)
            client = self._get_client(options["url"], proxy)
            with self._network.end_after(self.settings.deadline), client.stream(**options) as answer:
                if proxy and answer.status_code == PROXY_LOGIN_STATUS:
                    return failure_for_proxy_status(answer.status_code, proxy)
                body = BodyReader(answer.headers.get("content-encoding", ""))
                for chunk in answer.iter_raw():
                    if failure := body.add_chunk(chunk) or check_deadline(started_at, self._clock(), self.settings):
                        return failure
                return Response(
                    answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, body.read_all()
                )
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
            return failure_for_error(error, self.settings, proxy)

    def _get_client(self, url: str, proxy: str) -> httpx2.Client:
        if self._closed:
            raise InvalidArgument("this client is closed; make a new one")
        scheme = url.partition(":")[0].lower()
        if (scheme, proxy) not in self._clients:
            client = httpx2.Client(**self.settings.client_options(scheme, proxy))
            install_network(client, self._network)
            self._clients[scheme, proxy] = client
        return self._clients[scheme, proxy]

    def close(self) -> None:
        """Close the connections: nothing can be asked any more."""
        self._closed = True
        for client in self._clients.values():
            client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
