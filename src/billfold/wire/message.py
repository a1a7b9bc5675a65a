"""Requests, responses, failures and waits as plain data; nothing here is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple


class Request(NamedTuple):
    """What is to be sent; ``path`` is below the API's base URL unless it is a whole URL.

    Its ``repr`` leaves the headers and the body out, because credentials travel there.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = {}
    body: bytes = b""

    def __repr__(self) -> str:
        return f"Request({self.method} {self.path} {dict(self.query)})"

    def with_header(self, name: str, value: str) -> Request:
        """Return the same request with one more header."""
        return self._replace(headers={**self.headers, name: value})


class Response(NamedTuple):
    """What came back; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        """The content type without its parameters, in lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class Failure(NamedTuple):
    """No usable answer came: why, whether asking again may help, and whether it went beyond our limits of size or time.

    ``cure`` is what to do, where that is known; ``cause`` the error behind it.
    """

    reason: str
    retryable: bool = True
    exceeded_limit: Literal["", "size", "time"] = ""
    cure: str = ""
    cause: BaseException | None = None


class Wait(NamedTuple):
    """A pause asked of whoever drives the exchange."""

    seconds: float
    reason: str
