"""Settings and limits that the two network carriers share, and how a network fault becomes a ``Failure``."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import httpx2

from billfold.wire.message import Failure, Request

BIGGEST_ANSWER = 512 * 1024 * 1024
"""Bytes after decompression; a larger answer is refused, so that a compressed bomb cannot fill the memory."""


for _name in ("httpx2", "httpcore2"):
    # it writes whole URLs at INFO and below, and a pre-signed one is a credential
    logging.getLogger(_name).setLevel(logging.WARNING)


@dataclass(frozen=True)
class Settings:
    """Where and how patiently to ask; ``timeout`` is in seconds, for connecting and for each read."""

    base_url: str
    timeout: float = 60.0

    def url(self, request: Request) -> str:
        """Return the whole URL of a request."""
        return request.path if "://" in request.path else self.base_url.rstrip("/") + request.path

    def arguments(self, request: Request) -> dict[str, Any]:
        """Return what the HTTP library wants to know."""
        return {
            "method": request.method,
            "url": self.url(request),
            "params": list(request.query) or None,
            "headers": dict(request.headers),
            "content": request.body or None,
        }


def failure(error: Exception, settings: Settings) -> Failure:
    """Say in one clause why no answer came."""
    host = settings.base_url.partition("://")[2].partition("/")[0].rpartition("@")[2] or "the API"
    match error:
        case httpx2.ConnectTimeout() | httpx2.ReadTimeout() | httpx2.PoolTimeout() | httpx2.WriteTimeout():
            return Failure(f"{host} did not answer within {settings.timeout:g} s")
        case httpx2.ConnectError():
            return Failure(f"cannot connect to {host}")
        case httpx2.DecodingError():
            return Failure(f"{host} sent a body that does not match its Content-Encoding")
        case httpx2.UnsupportedProtocol() | httpx2.LocalProtocolError():
            return Failure(f"{host}: the request cannot be sent; check base_url and the key", again=False)
        case httpx2.TransportError():
            return Failure(f"the connection to {host} broke off: {type(error).__name__}")
        case _:
            return Failure(f"{host}: {type(error).__name__}", again=False)


def too_big(size: int) -> Failure | None:
    """Refuse an answer that has grown too big."""
    if size <= BIGGEST_ANSWER:
        return None
    return Failure(f"the answer is larger than {BIGGEST_ANSWER >> 20} MiB", again=False)
