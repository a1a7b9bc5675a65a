"""Credentials: how a request is signed, and how the answering end hears who asks."""

from __future__ import annotations

import base64
from collections.abc import Callable, Generator, Mapping
from typing import Protocol

from billfold.model.errors import RateLimited, SetupError, Unauthorized, Unreachable, Unreadable, refused_as
from billfold.wire import codec
from billfold.wire.message import Failure, Request, Response

Login = Generator[Request, "Response | Failure | None", None]

DAY = 86400
"""Seconds that a token is used at the most, whatever its vendor says."""
LOGIN = "login"
"""What an error names as its operation where a credential could not be exchanged for a token."""


class Auth(Protocol):
    """Signs requests; may have to log in first, and again when told that its token no longer counts."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every string that must never be seen in a message."""
        ...

    def sign(self, request: Request) -> Request:
        """Return the request with the credential in it."""
        ...

    def login(self, now: float) -> Login:
        """Yield the requests needed before signing, if any."""
        ...

    def forget(self) -> bool:
        """Drop a token that no longer counts; tell whether logging in again may help."""
        ...


def travelling(credential: str, what: str) -> str:
    """Return a credential that can travel in a header; raises ``SetupError`` for one that cannot."""
    if not credential.isascii() or not credential.isprintable():
        raise SetupError(f"{what} holds a line break or a character that no key has; copy it again")
    return credential


def keyless(address: str, what: str) -> str:
    """Return an address that holds no user and no password; raises ``SetupError`` for one that does, without telling it."""
    if "@" in address.partition("//")[2].partition("/")[0]:
        raise SetupError(f"{what} must hold no user and no password: leave out what stands before the @ and the @")
    return address


class HeaderKey:
    """A fixed key in a header, as ``Authorization: Bearer KEY`` or ``Fastly-Key: KEY``."""

    def __init__(self, key: str, *, header: str = "authorization", prefix: str = "Bearer ") -> None:
        self._key, self._header, self._prefix = travelling(key, "the key"), header, prefix

    @property
    def secrets(self) -> tuple[str, ...]:
        """The key."""
        return (self._key,)

    def sign(self, request: Request) -> Request:
        """Put the key into its header."""
        return request.with_header(self._header, self._prefix + self._key)

    def login(self, now: float) -> Login:
        """Ask nothing: the key is enough."""
        yield from ()

    def forget(self) -> bool:
        """Keep the key: there is no other."""
        return False


class _Token(codec.Record):
    access_token: str
    expires_in: codec.Maybe[int] = codec.UNSET


class ClientCredentials:
    """OAuth 2 client credentials: a token from ``token_url``, fetched when needed and again when it has expired."""

    def __init__(
        self, client_id: str, client_secret: str, *, token_url: str, refusal: Callable[[Response], str] | None = None
    ) -> None:
        self._id, self._url = travelling(client_id, "the client id"), token_url
        self._secret = travelling(client_secret, "the client secret")
        self._refusal = refusal or (lambda _: "the login was refused")
        self._token, self._until = "", 0.0

    @property
    def secrets(self) -> tuple[str, ...]:
        """The client secret, the token, and the pair as it travels."""
        return tuple(s for s in (self._secret, self._token, self._pair()) if s)

    def _pair(self) -> str:
        return base64.b64encode(f"{self._id}:{self._secret}".encode()).decode()

    def sign(self, request: Request) -> Request:
        """Put the token into the Authorization header."""
        return request.with_header("authorization", f"Bearer {self._token}")

    def login(self, now: float) -> Login:
        """Fetch a token unless one is at hand that counts for another minute."""
        if self._token and now < self._until:
            return
        headers = {
            "authorization": f"Basic {self._pair()}",
            "content-type": "application/x-www-form-urlencoded",
            "accept": "application/json",
        }
        reply = yield Request("POST", self._url, (), headers, b"grant_type=client_credentials")
        self._keep(reply, now)

    def _keep(self, reply: Response | Failure | None, now: float) -> None:
        if reply is None or isinstance(reply, Failure):
            raise Unreachable(f"the login did not answer: {reply.why if reply else 'no reply'}", operation=LOGIN)
        if reply.status in {400, 401, 403}:
            raise Unauthorized(self._refusal(reply), operation=LOGIN, status=reply.status)
        if reply.status == 429:
            raise RateLimited("too many logins", operation=LOGIN, status=429)
        if reply.status >= 500:
            raise refused_as(reply.status)("the login failed", operation=LOGIN, status=reply.status)
        if reply.status != 200:
            raise Unreachable("the login led nowhere", operation=LOGIN, status=reply.status)
        none = Unreadable("the login's answer holds no token", operation=LOGIN, status=200)
        try:
            token = codec.decode(reply.body, _Token)
        except Unreadable as error:
            raise none from error
        if not token.access_token.strip():
            raise none
        self._token = token.access_token
        self._until = now + max(min(codec.given(token.expires_in, DAY), DAY) - 60, 0)

    def forget(self) -> bool:
        """Drop the token; a new login may help if there was one."""
        had, self._token = bool(self._token), ""
        return had


def bearer(headers: Mapping[str, str]) -> str | None:
    """Hear the bearer token of a request, or None."""
    kind, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() or None if kind.lower() == "bearer" else None


def basic(headers: Mapping[str, str]) -> tuple[str, str] | None:
    """Hear the user and password of a request, or None."""
    kind, _, pair = headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        user, _, password = base64.b64decode(pair, validate=True).decode().partition(":")
    except (ValueError, UnicodeDecodeError):
        return None
    return user, password


def scrub(text: str, secrets: tuple[str, ...]) -> str:
    """Replace every secret in a text, so that a vendor that echoes a key cannot make us print it."""
    for secret in sorted(filter(str.strip, secrets), key=len, reverse=True):
        text = text.replace(secret, "[secret]")
    return text
