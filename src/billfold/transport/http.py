"""Settings and limits that the two network carriers share, and how a network fault becomes a ``Failure``."""

from __future__ import annotations

import logging
import os
import ssl
import sys
import zlib
from dataclasses import dataclass, field
from functools import cache
from typing import TypedDict
from urllib.parse import urlencode

import httpx2

from billfold.transport.proxy import UnusableSetting
from billfold.wire.auth import check_url_userinfo
from billfold.wire.message import Failure, Request
from billfold.wire.rate import RateLimiter

MAX_BODY_BYTES = 512 * 1024 * 1024
"""Bytes after decompression; a larger answer is refused, so that a compressed bomb cannot fill the memory."""
ACCEPT_ENCODING = {"accept-encoding": "gzip"}
"""What we unpack ourselves."""
GZIP_MEMBER_START = b"\x1f"
"""What every member of a gzip file begins with."""

for _logger_name in ("httpx2", "httpcore2"):
    # it writes whole URLs at INFO and below, and a pre-signed one is a credential
    logging.getLogger(_logger_name).setLevel(logging.WARNING)


class HttpClientOptions(TypedDict):
    """What the HTTP library's clients are made from."""

    timeout: float
    follow_redirects: bool
    headers: dict[str, str]
    verify: ssl.SSLContext
    trust_env: bool
    proxy: str | None


class HttpRequestOptions(TypedDict):
    """What the HTTP library makes a request from."""

    method: str
    url: str
    headers: dict[str, str]
    content: bytes | None


@dataclass(frozen=True)
class HttpSettings:
    """Where and how patiently to ask, in seconds: ``timeout`` for connecting and each read, ``deadline`` for one answer.

    ``ca`` is the file of the certificates to trust, ``proxy`` the address of the proxy to use; empty where the environment has them.
    Raises ``ConfigurationError`` for a base URL that holds a user or a password.
    """

    base_url: str
    timeout: float = 60.0
    deadline: float = 600.0
    ca: str = ""
    proxy: str = field(default="", repr=False)  # it may hold a login

    def __post_init__(self) -> None:
        check_url_userinfo(self.base_url, "base_url")

    @property
    def host(self) -> str:
        """Whom is asked."""
        return self.base_url.partition("://")[2].partition("/")[0] or "the API"

    def build_url(self, request: Request) -> str:
        """Return the whole URL of a request; the library takes longer for one whose query comes apart from it."""
        url = request.path if "://" in request.path else self.base_url.rstrip("/") + request.path
        return f"{url}?{urlencode(request.query)}" if request.query else url

    def client_options(self, scheme: str, proxy: str) -> HttpClientOptions:
        """Return what the HTTP library's client for http or https, by a proxy or none, wants to know; raises ``UnusableSetting``."""
        return {
            "timeout": self.timeout,
            "follow_redirects": False,
            "headers": ACCEPT_ENCODING,
            "verify": make_ssl_context(scheme, self.ca),
            "trust_env": False,  # proxies are found by us
            "proxy": proxy or None,
        }

    def request_options(self, request: Request) -> HttpRequestOptions:
        """Return what the HTTP library wants to know of a request."""
        return {
            "method": request.method,
            "url": self.build_url(request),
            "headers": dict(request.headers),
            "content": request.body or None,
        }


@cache
def make_ssl_context(scheme: str, ca: str = "") -> ssl.SSLContext:
    """Return the trusted certificates, read once for all clients: that takes as long as ten answers. Plain http needs none.

    Raises ``UnusableSetting`` where the file of certificates cannot be read.
    """
    if scheme != "https":
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    path = ca or os.environ.get("SSL_CERT_FILE", "")
    try:
        return ssl.create_default_context(cafile=ca) if ca else httpx2.create_ssl_context()
    except OSError as error:
        reason = "it holds no certificate" if isinstance(error, ssl.SSLError) else error.strerror
        cure = "Check SSL_CERT_FILE and `ca =` in the account's configuration."
        raise UnusableSetting(f"the certificates in {path} cannot be read: {reason}", cure) from error


def share_rate(limiter: RateLimiter) -> None:
    """Share a limiter's budget with all processes of the user, if it has a name and the system has the locks for that."""
    if limiter.budget and sys.platform != "win32":
        from billfold.transport.rate_table import find_rate_file

        limiter.table = find_rate_file()


class BodyReader:
    """An answer's body while its parts come: unpacked, measured, and whole or none at all.

    The HTTP library's own unpacking takes a compressed stream without its end for a whole one.
    """

    def __init__(self, encoding: str) -> None:
        self._content, self._has_data = bytearray(), False
        self._encoding = encoding.strip().lower()
        if self._encoding not in {"", "identity", "gzip", "x-gzip", "deflate"}:
            raise httpx2.DecodingError(f"nobody asked for {self._encoding}")
        self._decompressor = zlib.decompressobj(zlib.MAX_WBITS | 32) if self._encoding not in {"", "identity"} else None

    def add_chunk(self, chunk: bytes) -> Failure | None:
        """Take the next part; refuses what has grown too big."""
        if self._decompressor is None:
            self._content += chunk
            return check_size(len(self._content))
        self._has_data = self._has_data or bool(chunk)
        try:
            while chunk and not check_size(len(self._content)):
                chunk = self._unpack_member(chunk)
        except zlib.error as error:
            raise httpx2.DecodingError(str(error)) from error
        return check_size(len(self._content))

    def _unpack_member(self, chunk: bytes) -> bytes:
        """Unpack to the end of a gzip member, of which a body may have many; returns what follows it."""
        assert self._decompressor is not None
        if self._decompressor.eof:
            if self._encoding == "deflate" or not chunk.startswith(GZIP_MEMBER_START):
                raise httpx2.DecodingError("something follows the end")
            self._decompressor = zlib.decompressobj(zlib.MAX_WBITS | 16)
        self._content += self._decompressor.decompress(chunk, MAX_BODY_BYTES + 1 - len(self._content))
        return self._decompressor.unused_data

    def read_all(self) -> bytes:
        """Return the body; raises where its end has not come."""
        if self._decompressor and self._has_data and not self._decompressor.eof:
            raise httpx2.RemoteProtocolError("the compressed body has no end")
        return bytes(self._content)


def check_size(size: int) -> Failure | None:
    """Refuse an answer that has grown too big."""
    if size <= MAX_BODY_BYTES:
        return None
    return Failure(f"the answer is larger than {MAX_BODY_BYTES >> 20} MiB", retryable=False, exceeded_limit="size")


def check_deadline(started_at: float, now: float, settings: HttpSettings) -> Failure | None:
    """Refuse an answer that comes in drips: every read is in time, but its end is not."""
    if now - started_at <= settings.deadline:
        return None
    return Failure(
        f"{settings.host} did not finish its answer within {settings.deadline:g} s",
        retryable=False,
        exceeded_limit="time",
    )
