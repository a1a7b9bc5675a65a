"""A network whose every step ends with the deadline of the answer that it serves, however a server drips its bytes.

The HTTP library bounds each read alone: a status line, a header, an interim answer or a trailer that comes byte by byte never ends.
"""

from __future__ import annotations

import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

import httpcore2
import httpx2

T = TypeVar("T")
SocketOptions = Iterable[Any]


class DeadlinePassed(OSError):
    """The deadline of an answer has passed."""


class _End(threading.local):
    """When all must end that a thread does on the network, by ``time.monotonic``."""

    instant = float("inf")


class DeadlineNetwork(httpcore2.NetworkBackend):
    """Opens connections whose steps end by the deadline that is set for the thread that takes them."""

    def __init__(self) -> None:
        self._sockets, self._ends = httpcore2.SyncBackend(), _End()

    @contextmanager
    def end_after(self, seconds: float) -> Iterator[None]:
        """End all that this thread does on the network in so many seconds."""
        self._ends.instant = time.monotonic() + seconds
        try:
            yield
        finally:
            self._ends.instant = float("inf")

    def take_step(self, step: Callable[[float], T], timeout: float | None) -> T:
        """Take a step that is told how many seconds it has; raises ``DeadlinePassed`` where the deadline cut it off."""
        remaining = self._ends.instant - time.monotonic()
        if remaining <= 0:
            raise DeadlinePassed
        try:
            return step(min(remaining, float("inf") if timeout is None else timeout))
        except httpcore2.TimeoutException:
            if timeout is None or remaining <= timeout:
                raise DeadlinePassed from None
            raise

    def select_addresses(self, addresses: Sequence[str]) -> Sequence[str]:
        """Return the addresses of a host that may be connected to: here all of them."""
        return addresses

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: SocketOptions | None = None,
    ) -> httpcore2.NetworkStream:
        """Connect to the first of a host's addresses that takes the connection."""
        addresses = self.take_step(lambda seconds: _resolve(host, port, seconds), timeout)
        refusal: Exception = httpcore2.ConnectError(f"{host} has no address")
        for address in self.select_addresses(addresses):
            try:
                connect = partial(
                    self._sockets.connect_tcp, address, port, local_address=local_address, socket_options=socket_options
                )
                return DeadlineStream(self.take_step(lambda seconds: connect(timeout=seconds), timeout), self)  # noqa: B023 - taken now
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                refusal = error
        raise refusal


class DeadlineStream(httpcore2.NetworkStream):
    """A connection whose every read and write ends by its network's deadline."""

    def __init__(self, stream: httpcore2.NetworkStream, network: DeadlineNetwork) -> None:
        self._stream, self._network = stream, network

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what has come."""
        return self._network.take_step(lambda seconds: self._stream.read(max_bytes, seconds), timeout)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write all of some bytes."""
        self._network.take_step(lambda seconds: self._stream.write(buffer, seconds), timeout)

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        """Secure the connection."""
        stream = self._network.take_step(
            lambda seconds: self._stream.start_tls(ssl_context, server_hostname, seconds), timeout
        )
        return DeadlineStream(stream, self._network)

    def get_extra_info(self, info: str) -> Any:
        """Return what is known of the connection."""
        return self._stream.get_extra_info(info)


class ClosingNetwork(httpcore2.AsyncNetworkBackend):
    """Opens awaited connections that are closed where a deadline cuts their securing off: the HTTP library forgets them."""

    def __init__(self) -> None:
        self._sockets = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's own
        local_address: str | None = None,
        socket_options: SocketOptions | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Connect to a host."""
        return _ClosingStream(await self._sockets.connect_tcp(host, port, timeout, local_address, socket_options))


class _ClosingStream(httpcore2.AsyncNetworkStream):
    def __init__(self, stream: httpcore2.AsyncNetworkStream) -> None:
        self._stream = stream
        self.read, self.write, self.aclose = stream.read, stream.write, stream.aclose  # type: ignore[method-assign]
        self.get_extra_info = stream.get_extra_info  # type: ignore[method-assign]

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's own
    ) -> httpcore2.AsyncNetworkStream:
        try:
            return await self._stream.start_tls(ssl_context, server_hostname, timeout)
        except BaseException:
            await self._stream.aclose()
            raise


def install_network(client: httpx2.Client | httpx2.AsyncClient, network: DeadlineNetwork | ClosingNetwork) -> None:
    """Let a client use a network of ours: the HTTP library's own transports take none."""
    for transport in (client._transport, *client._mounts.values()):  # noqa: SLF001 - it has no public name
        if isinstance(transport, httpx2.HTTPTransport | httpx2.AsyncHTTPTransport):
            transport._pool._network_backend = network  # noqa: SLF001 - the same


def find_addresses(host: str, port: int, seconds: float) -> list[str]:
    """Return all addresses of a host; raises ``OSError``, and ``TimeoutError`` where the resolver takes longer.

    The system's resolver cannot be interrupted: it is asked in a thread that is left behind where it hangs.
    """
    replies = queue.SimpleQueue[list[str] | Exception]()

    def resolve() -> None:
        try:
            infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            replies.put(list(dict.fromkeys(str(info[4][0]) for info in infos)))
        except (OSError, UnicodeError) as error:
            replies.put(error)

    threading.Thread(target=resolve, daemon=True).start()
    try:
        reply = replies.get(timeout=min(seconds, threading.TIMEOUT_MAX))
    except queue.Empty:
        raise TimeoutError(f"the name {host} was not resolved") from None
    if isinstance(reply, Exception):
        raise reply
    return reply


def _resolve(host: str, port: int, seconds: float) -> list[str]:
    try:
        return find_addresses(host, port, seconds)
    except TimeoutError as error:
        raise httpcore2.ConnectTimeout(str(error)) from error
    except (OSError, UnicodeError) as error:
        raise httpcore2.ConnectError(str(error)) from error
