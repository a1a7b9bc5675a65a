"""Documents behind pre-signed URLs: where one may be fetched from, as an exchange that does no I/O.

Such a URL is a credential: it goes into no message, and no credential of ours goes along. An address is checked before
every request, redirects included: https to a public address, or loopback where the API itself is on loopback (a twin).

The check does not bind what is then reached: the HTTP library (or a proxy) resolves the name again, and a name may have
another address by then. What is left to whoever plays that trick is TLS: a private host is asked only if it holds a
trusted certificate for the public name.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Generator
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

from billfold.model.errors import ApiError, APIStatusError, Unreachable
from billfold.transport.addresses import check_addresses
from billfold.wire.message import Failure, Request, Response

MAX_REDIRECTS = 4
MAX_ATTEMPTS = 3
HTTPS_PORT = 443
LIMIT_MESSAGES = {"size": "the document is too large", "time": "the document came too slowly"}
"""The text of a failure; the error's own text may hold the URL."""


class Resolve(NamedTuple):
    """A step of an exchange: find all addresses of a host, and send them; none where it has none."""

    host: str
    port: int


Reply = Response | Failure | frozenset[str] | None
UrlCheck = Generator[Resolve, Reply, str]
DocumentExchange = Generator[Request | Resolve, Reply, Response]


def fetch_document(url: str, base_url: str, provider: str) -> DocumentExchange:
    """Fetch a document; raises an ``ApiError`` that does not hold the URL.

    Yields a ``Request`` (and is sent a ``Response`` or a ``Failure``) or a ``Resolve`` (and is sent addresses).
    """
    for _ in range(MAX_REDIRECTS + 1):
        if reason := (yield from check_document_url(url, base_url)):
            raise _build_error(f"the document's address is refused: {reason}", provider)
        reply = yield from _fetch_with_retries(url, provider)
        if reply.status not in {301, 302, 303, 307, 308}:
            break
        try:
            url = urljoin(url, reply.headers.get("location", ""))
        except ValueError:
            raise _build_error("the document's redirect leads nowhere", provider) from None
    else:
        raise _build_error(f"more than {MAX_REDIRECTS} redirects", provider)
    if reply.status != 200:
        raise APIStatusError("the document was refused", provider=provider, operation="document", status=reply.status)
    if not reply.body:
        raise _build_error("the document is empty", provider)
    return reply


def _fetch_with_retries(url: str, provider: str) -> Generator[Request, Reply, Response]:
    reply: Reply = None
    for _ in range(MAX_ATTEMPTS):
        reply = yield Request("GET", url, (), {"accept": "*/*"})
        assert isinstance(reply, Response | Failure)
        if not _is_retryable(reply):
            break
    if isinstance(reply, Response):
        return reply
    if isinstance(reply, Failure) and reply.exceeded_limit:
        raise _build_error(LIMIT_MESSAGES[reply.exceeded_limit], provider)
    raise Unreachable("the document's host did not answer", provider=provider, operation="document")


def _is_retryable(reply: Response | Failure) -> bool:
    return reply.retryable if isinstance(reply, Failure) else reply.status >= 500


def _build_error(message: str, provider: str) -> ApiError:
    return APIStatusError(message, provider=provider, operation="document")


def check_document_url(url: str, base_url: str) -> UrlCheck:
    """Say why a URL may not be fetched, or nothing where it may."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "it is not a URL"
    base_parts = urlsplit(base_url)
    if is_loopback(base_parts.hostname or "") and is_loopback(host) and parts.scheme in {"http", "https"}:
        return "" if port == base_parts.port else "its port is not the API's"
    if parts.scheme != "https" or not host:
        return "it is not https"
    if parts.username or parts.password:
        return "it carries a user name"
    if port not in {None, HTTPS_PORT}:
        return f"its port is not {HTTPS_PORT}"
    addresses = yield Resolve(host, HTTPS_PORT)
    assert isinstance(addresses, frozenset)
    return check_addresses(addresses)


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine, by what it is called."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
