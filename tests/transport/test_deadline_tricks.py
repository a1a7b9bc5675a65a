"""Whatever a server drips, or never ends, or never begins, the deadline of the answer ends it, at once and awaited alike."""

from __future__ import annotations

import gzip
import socket
import threading
import time
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any
from unittest import mock

import pytest

from billfold.model.errors import ApiError
from billfold.wire.auth import ClientCredentials
from billfold.wire.exchange import ClientContext
from tests.transport import hostile
from tests.transport.hostile import HOWS, PAUSE_S, How, dripping
from tests.wire.kit import GetThing, line

ASK = GetThing(thing_id="1")
DEADLINE_S, TIMEOUT_S = 0.4, 30.0
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"transfer-encoding: chunked\r\n\r\n"
GZIP = OK + b"content-encoding: gzip\r\n\r\n"
LONG = OK + b"content-length: 999999999\r\n\r\n"
EMPTY_BLOCK = b"\x00\x00\x00\xff\xff"
"""A part of a compressed stream that holds nothing."""

DRIPS: dict[str, tuple[bytes, bytes]] = {
    "nothing": (b"", b""),
    "blank-lines": (b"", b"\r\n"),
    "letters": (b"", b"x"),
    "half-a-version": (b"HTTP/1.", b""),
    "half-a-status": (b"HTTP/1.1 20", b""),
    "reason": (b"HTTP/1.1 200 O", b"K"),
    "no-line-end": (b"HTTP/1.1 200 OK\r", b""),
    "header-name": (OK + b"x-", b"a"),
    "header-value": (OK + b"x: ", b"a"),
    "header-blanks": (OK + b"x:", b" "),
    "headers": (OK, b"X-1: a\r\n"),
    "folded-headers": (OK + b"x: a\r\n", b" b\r\n"),
    "cookies": (OK, b"set-cookie: a=b\r\n"),
    "no-end-of-headers": (OK + b"x: a\r\n", b""),
    "continue": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "processing": (b"", b"HTTP/1.1 102 Processing\r\n\r\n"),
    "early-hints": (b"", b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n"),
    "continue-headers": (b"HTTP/1.1 100 Continue\r\n", b"x: a\r\n"),
    "continue-then-nothing": (b"HTTP/1.1 100 Continue\r\n\r\n", b""),
    "body": (LONG, b"a"),
    "body-stalls": (LONG + b"{", b""),
    "body-without-length": (OK + b"\r\n", b"a"),
    "body-without-length-stalls": (OK + b"\r\n{}", b""),
    "chunk-size": (CHUNKED, b"0"),
    "chunk-size-stalls": (CHUNKED + b"5", b""),
    "chunk-extension": (CHUNKED + b"5;a=", b"b"),
    "chunk-extensions": (CHUNKED, b"1;a=b\r\nc\r\n"),
    "chunks": (CHUNKED, b"1\r\na\r\n"),
    "chunk-data": (CHUNKED + b"ffff\r\n", b"a"),
    "chunk-end": (CHUNKED + b"1\r\na", b""),
    "no-last-chunk": (CHUNKED + b"1\r\na\r\n", b""),
    "trailer-name": (CHUNKED + b"0\r\nx-", b"a"),
    "trailer-value": (CHUNKED + b"0\r\nx: ", b"a"),
    "trailers": (CHUNKED + b"0\r\n", b"x: a\r\n"),
    "no-end-of-trailers": (CHUNKED + b"0\r\n", b""),
    "gzip-blocks": (GZIP + gzip.compress(b"")[:10], EMPTY_BLOCK),
    "gzip-members": (GZIP, gzip.compress(b"")),
    "gzip-name": (GZIP + b"\x1f\x8b\x08\x08\x00\x00\x00\x00\x00\x03", b"a"),
    "deflate-blocks": (OK + b"content-encoding: deflate\r\n\r\n" + zlib.compress(b"")[:2], EMPTY_BLOCK),
    "redirect-body": (b"HTTP/1.1 302 Found\r\nlocation: /x\r\n\r\n", b"a"),
    "unauthorized-body": (b"HTTP/1.1 401 No\r\n\r\n", b"a"),
    "limit-body": (b"HTTP/1.1 429 Slow\r\nretry-after: 1\r\n\r\n", b"a"),
    "failure-body": (b"HTTP/1.1 500 No\r\n\r\n", b"a"),
    "pending-body": (b"HTTP/1.1 202 Wait\r\n\r\n", b"a"),
    "upgrade": (b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n", b"a"),
}
"""What a server says at once, and what it goes on with for ever, in drips."""
FLOODS = (
    "reason",
    "header-value",
    "headers",
    "continue",
    "chunk-size",
    "chunk-extension",
    "trailers",
    "gzip-members",
    "body",
)
"""What it says for ever as fast as it can."""
TLS_DRIPS = {"tls-nothing": b"", "tls-record": b"\x16\x03\x03\x40\x00", "tls-alert": b"\x15\x03\x03\x00\x02\x01"}
PROXY_DRIPS = {"proxy-nothing": b"", "proxy-headers": OK + b"x: ", "proxy-then-nothing": OK + b"\r\n"}


def play(how: How, start: bytes, drip: bytes, pause_s: float = PAUSE_S, **settings: Any) -> None:
    with dripping(start, drip, pause_s) as port:
        proxy = f"http://127.0.0.1:{port}" if settings.pop("by_proxy", False) else ""
        root = "https://203.0.113.1" if proxy else f"{settings.pop('scheme', 'http')}://127.0.0.1:{port}"
        context = settings.pop("make_context", lambda _: line(retries=0))(root)
        hostile.send(how, root, ASK, context, timeout=TIMEOUT_S, deadline=DEADLINE_S, proxy=proxy)


def log_in_at(root: str) -> ClientContext:
    return line(ClientCredentials("id", "a-secret-of-mine", token_url=f"{root}/token"), retries=0)


def play_full_backlog(how: How) -> None:
    """Connect to a server that takes no connection: its queue is full."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        callers = [socket.socket() for _ in range(3)]
        for caller in callers:
            caller.setblocking(False)
            caller.connect_ex(listener.getsockname())
        root = f"http://127.0.0.1:{listener.getsockname()[1]}"
        try:
            hostile.send(how, root, ASK, line(retries=0), timeout=TIMEOUT_S, deadline=DEADLINE_S)
        finally:
            for caller in callers:
                caller.close()


TRICKS: dict[str, Callable[[How], None]] = {
    **{name: partial(play, start=start, drip=drip) for name, (start, drip) in DRIPS.items()},
    **{f"{name}-flood": partial(play, start=DRIPS[name][0], drip=DRIPS[name][1], pause_s=0) for name in FLOODS},
    **{name: partial(play, start=start, drip=b"\x00", scheme="https") for name, start in TLS_DRIPS.items()},
    **{name: partial(play, start=start, drip=b"a", by_proxy=True) for name, start in PROXY_DRIPS.items()},
    "login-headers": lambda how: play(how, *DRIPS["headers"], make_context=log_in_at),
    "login-continue": lambda how: play(how, *DRIPS["continue"], make_context=log_in_at),
    "full-backlog": play_full_backlog,
}


def test_every_wire_trick_is_ended_by_the_deadline() -> None:
    """All tricks side by side, each at once and awaited: every one ends in an error of ours long before its timeout."""
    assert len(TRICKS) >= 60

    def end_trick(case: tuple[str, How]) -> tuple[str, How, str, float]:
        name, how = case
        began_at = time.monotonic()
        try:
            TRICKS[name](how)
        except ApiError:
            return name, how, "", time.monotonic() - began_at
        except Exception as error:  # noqa: BLE001 - it is shown
            return name, how, repr(error), time.monotonic() - began_at
        return name, how, "taken for an answer", time.monotonic() - began_at

    with ThreadPoolExecutor(24) as pool:
        results = list(pool.map(end_trick, [(name, how) for name in TRICKS for how in HOWS]))
    assert [result for result in results if result[2] or result[3] > TIMEOUT_S / 2] == []


@pytest.mark.parametrize("how", HOWS)
def test_a_resolver_that_hangs_is_ended_by_the_deadline(how: How) -> None:
    """A name that is never resolved ends with the deadline, not with the resolver."""
    resolve, stop = socket.getaddrinfo, threading.Event()

    def hang(host: Any, *arguments: Any, **options: Any) -> Any:
        if "nobody" in str(host):
            stop.wait(TIMEOUT_S)
        return resolve("127.0.0.1", *arguments, **options)

    ended = list[str]()

    def ask() -> None:
        try:
            hostile.send(how, "http://nobody.example:1", ASK, line(retries=0), timeout=TIMEOUT_S, deadline=DEADLINE_S)
        except ApiError as error:
            ended.append(str(error))
            stop.set()

    with mock.patch.object(socket, "getaddrinfo", hang):
        asker = threading.Thread(target=ask, daemon=True)
        asker.start()
        stop.wait(
            TIMEOUT_S / 2 if how == "at once" else 5 * DEADLINE_S
        )  # asyncio waits for its threads when it is over
        stop.set()
        asker.join(TIMEOUT_S)
    assert len(ended) == 1
    assert f"did not finish its answer within {DEADLINE_S} s" in ended[0]
