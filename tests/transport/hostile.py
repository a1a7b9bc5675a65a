"""A server on loopback that answers with whatever bytes it is told, and may break the line off."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from billfold.transport.aio import AsyncHttpTransport
from billfold.transport.http import HttpSettings
from billfold.transport.sync import HttpTransport
from billfold.wire.exchange import ClientContext
from billfold.wire.message import Response
from billfold.wire.operation import Operation
from tests.wire.kit import line

PAUSE_S = 0.05
"""Seconds between two drips."""
Say = Callable[[socket.socket], None]
How = Literal["at once", "awaited"]
HOWS: tuple[How, ...] = ("at once", "awaited")


@dataclass
class Hostile:
    """Where the server is, and what it heard: the head of every request."""

    root: str
    received: list[str] = field(default_factory=list)


@contextmanager
def hostile(*turns: Say) -> Iterator[Hostile]:
    """Serve: connection number n is answered by turn n, all later ones by the last turn."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Hostile(f"http://127.0.0.1:{listener.getsockname()[1]}")
        stop = threading.Event()

        def serve() -> None:
            while True:
                caller, _ = listener.accept()
                with caller:
                    if stop.is_set():
                        return
                    caller.settimeout(10)
                    take_turn = turns[min(len(server.received), len(turns) - 1)]
                    server.received.append(_head(caller))
                    try:
                        take_turn(caller)
                    except OSError:
                        continue

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            stop.set()
            socket.create_connection(listener.getsockname()).close()
            thread.join(10)


def _head(caller: socket.socket) -> str:
    head = b""
    while b"\r\n\r\n" not in head and (part := caller.recv(65536)):
        head += part
    return head.decode("latin-1")


def says(body: bytes, status: str = "200 OK", **headers: str) -> Say:
    """Answer properly, with any headers (an underscore stands for a hyphen)."""
    shown = {"content-type": "application/json", "content-length": str(len(body)), "connection": "close"}
    shown |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = f"HTTP/1.1 {status}\r\n" + "".join(f"{name}: {value}\r\n" for name, value in shown.items() if value)
    return lambda caller: caller.sendall(head.encode("latin-1") + b"\r\n" + body)


def raw(content: bytes) -> Say:
    """Answer with these bytes and hang up."""
    return lambda caller: caller.sendall(content)


def reset(content: bytes) -> Say:
    """Answer with these bytes and reset the connection."""

    def answer(caller: socket.socket) -> None:
        caller.sendall(content)
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return answer


def stall(content: bytes) -> Say:
    """Answer with these bytes and then say nothing until the caller hangs up."""

    def answer(caller: socket.socket) -> None:
        caller.sendall(content)
        caller.recv(1)

    return answer


def _drip(start: bytes, drip: bytes, pause_s: float, stop: threading.Event) -> Callable[[socket.socket], None]:
    def answer(caller: socket.socket) -> None:
        caller.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        caller.sendall(start)
        while not stop.wait(pause_s):
            caller.sendall(drip * (1 if pause_s else 500))

    return answer


@contextmanager
def dripping(start: bytes, drip: bytes, pause_s: float = PAUSE_S) -> Iterator[int]:
    """Serve a trick to every connection; gives the port."""
    stop = threading.Event()
    answer = _drip(start, drip, pause_s, stop)

    def answer_all(listener: socket.socket) -> None:
        while not stop.is_set():
            caller, _ = listener.accept()
            threading.Thread(target=answer_one, args=(caller,), daemon=True).start()

    def answer_one(caller: socket.socket) -> None:
        with caller:
            try:
                caller.recv(65536)
                answer(caller)
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=answer_all, args=(listener,), daemon=True).start()
        port = listener.getsockname()[1]
        try:
            yield port
        finally:
            stop.set()
            socket.create_connection(("127.0.0.1", port)).close()


def nobody() -> str:
    """Return an address where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


def send(
    how: How,
    root: str,
    op: Operation[Any],
    context: ClientContext | None = None,
    *,
    timeout: float = 10.0,
    deadline: float = 600.0,
    clock: Callable[[], float] = time.monotonic,
    proxy: str = "",
    ca: str = "",
) -> Response:
    """Send an operation, at once or awaited; nothing is slept."""
    return _carried(
        how, HttpSettings(root, timeout, deadline, ca, proxy), context, clock, lambda sender: sender.send(op)
    )


def fetch(how: How, root: str, url: str, context: ClientContext | None = None) -> Response:
    """Fetch a document, at once or awaited."""
    return _carried(how, HttpSettings(root, 10.0), context, time.monotonic, lambda sender: sender.fetch(url))


def _carried(
    how: How,
    settings: HttpSettings,
    context: ClientContext | None,
    clock: Callable[[], float],
    use: Callable[[Any], Any],
) -> Response:
    chosen = context or line(retries=1)
    if how == "at once":
        with HttpTransport(settings, chosen, sleep=lambda _: None, clock=clock) as sender:
            response: Response = use(sender)
            return response

    async def later() -> Response:
        async with AsyncHttpTransport(settings, chosen, sleep=_awake, clock=clock) as sender:
            response: Response = await use(sender)
            return response

    return asyncio.run(later())


async def _awake(seconds: float) -> None:
    """Sleep not at all."""
