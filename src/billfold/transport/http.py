"""Settings and limits that the two network carriers share, and how a network fault becomes a ``Failure``."""

from __future__ import annotations

import logging
import ssl
import zlib
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlencode

import httpx2

from billfold.wire.auth import keyless
from billfold.wire.message import Failure, Request

BIGGEST_ANSWER = 512 * 1024 * 1024
"""Bytes after decompression; a larger answer is refused, so that a compressed bomb cannot fill the memory."""
ACCEPTED = {"accept-encoding": "gzip"}
"""What we unpack ourselves."""
MEMBER = b"\x1f"
"""What every member of a gzip file begins with."""

for _name in ("httpx2", "httpcore2"):
    # it writes whole URLs at INFO and below, and a pre-signed one is a credential
    logging.getLogger(_name).setLevel(logging.WARNING)


@dataclass(frozen=True)
class Settings:
    """Where and how patiently to ask, in seconds: ``timeout`` for connecting and each read, ``deadline`` for one answer.

    Raises ``SetupError`` for a base URL that holds a user or a password.
    """

    base_url: str
    timeout: float = 60.0
    deadline: float = 600.0

    def __post_init__(self) -> None:
        keyless(self.base_url, "base_url")

    @property
    def host(self) -> str:
        """Whom is asked."""
        return self.base_url.partition("://")[2].partition("/")[0] or "the API"

    def url(self, request: Request) -> str:
        """Return the whole URL of a request; the library takes longer for one whose query comes apart from it."""
        whole = request.path if "://" in request.path else self.base_url.rstrip("/") + request.path
        return f"{whole}?{urlencode(request.query)}" if request.query else whole

    def client(self, scheme: str) -> dict[str, Any]:
        """Return what the HTTP library's client for http or https wants to know."""
        return {
            "timeout": self.timeout,
            "follow_redirects": False,
            "headers": ACCEPTED,
            "verify": trusted(scheme),
        }

    def arguments(self, request: Request) -> dict[str, Any]:
        """Return what the HTTP library wants to know of a request."""
        return {
            "method": request.method,
            "url": self.url(request),
            "headers": dict(request.headers),
            "content": request.body or None,
        }


@cache
def trusted(scheme: str) -> ssl.SSLContext:
    """Return whom we trust, read once for all clients: it takes as long as ten answers. Plain http needs nobody."""
    return httpx2.create_ssl_context() if scheme == "https" else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class Body:
    """An answer's body while its parts come: unpacked, measured, and whole or none at all.

    The HTTP library's own unpacking takes a compressed stream without its end for a whole one.
    """

    def __init__(self, encoding: str) -> None:
        self._content, self._begun = bytearray(), False
        self._word = encoding.strip().lower()
        if self._word not in {"", "identity", "gzip", "x-gzip", "deflate"}:
            raise httpx2.DecodingError(f"nobody asked for {self._word}")
        self._unpacking = zlib.decompressobj(zlib.MAX_WBITS | 32) if self._word not in {"", "identity"} else None

    def take(self, part: bytes) -> Failure | None:
        """Take the next part; refuses what has grown too big."""
        if self._unpacking is None:
            self._content += part
            return too_big(len(self._content))
        self._begun = self._begun or bool(part)
        try:
            while part and not too_big(len(self._content)):
                part = self._unpack(part)
        except zlib.error as error:
            raise httpx2.DecodingError(str(error)) from error
        return too_big(len(self._content))

    def _unpack(self, part: bytes) -> bytes:
        """Unpack to the end of a gzip member, of which a body may have many; returns what follows it."""
        assert self._unpacking is not None
        if self._unpacking.eof:
            if self._word == "deflate" or not part.startswith(MEMBER):
                raise httpx2.DecodingError("something follows the end")
            self._unpacking = zlib.decompressobj(zlib.MAX_WBITS | 16)
        self._content += self._unpacking.decompress(part, BIGGEST_ANSWER + 1 - len(self._content))
        return self._unpacking.unused_data

    def whole(self) -> bytes:
        """Return the body; raises where its end has not come."""
        if self._unpacking and self._begun and not self._unpacking.eof:
            raise httpx2.RemoteProtocolError("the compressed body has no end")
        return bytes(self._content)


def failure(error: Exception, settings: Settings) -> Failure:
    """Say in one clause why no answer came."""
    host = settings.host
    match error:
        case httpx2.ConnectTimeout() | httpx2.ReadTimeout() | httpx2.PoolTimeout() | httpx2.WriteTimeout():
            return Failure(f"{host} did not answer within {settings.timeout:g} s")
        case httpx2.ConnectError():
            return Failure(f"cannot connect to {host}")
        case httpx2.DecodingError():
            return Failure(f"{host} sent a body that does not match its Content-Encoding")
        case httpx2.UnsupportedProtocol() | httpx2.LocalProtocolError() | httpx2.InvalidURL():
            return Failure(f"{host}: the request cannot be sent; check base_url and the key", again=False)
        case httpx2.TransportError():
            return Failure(f"the connection to {host} broke off: {type(error).__name__}")
        case _:
            return Failure(f"{host}: {type(error).__name__}", again=False)


def too_big(size: int) -> Failure | None:
    """Refuse an answer that has grown too big."""
    if size <= BIGGEST_ANSWER:
        return None
    return Failure(f"the answer is larger than {BIGGEST_ANSWER >> 20} MiB", again=False, beyond="size")


def too_late(since: float, now: float, settings: Settings) -> Failure | None:
    """Refuse an answer that comes in drips: every read is in time, but its end is not."""
    if now - since <= settings.deadline:
        return None
    return Failure(
        f"{settings.host} did not finish its answer within {settings.deadline:g} s", again=False, beyond="time"
    )
