"""Credentials: how a request is signed, and how the answering end hears who asks."""

from __future__ import annotations

import base64
from collections.abc import Callable, Generator, Mapping
from typing import Protocol

from billfold.model.errors import (
    ConfigurationError,
    InvalidResponse,
    RateLimited,
    Unauthorized,
    Unreachable,
    error_for_status,
)
from billfold.wire import codec
from billfold.wire.message import Failure, Request, Response

Login = Generator[Request, "Response | Failure | None", None]

MAX_TOKEN_AGE_S = 86400
"""The longest that a token is used, in seconds, whatever lifetime its vendor states."""
LOGIN_OPERATION = "login"
"""What an error names as its operation where a credential could not be exchanged for a token."""


class Auth(Protocol):
    """Signs requests; may have to log in first, and again when its token is no longer valid."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every string that must never be seen in a message."""
        ...

    def sign_request(self, request: Request) -> Request:
        """Return the request with the credential in it."""
        ...

    def log_in(self, now: float) -> Login:
        """Yield the requests needed before signing, if any."""
        ...

    def forget_token(self) -> bool:
        """Drop a token that is no longer valid; return whether logging in again may help."""
        ...


def check_credential(credential: str, label: str) -> str:
    """Return a credential that can travel in a header; raises ``ConfigurationError`` for one that cannot."""
    if not credential.isascii() or not credential.isprintable():
        raise ConfigurationError(f"{label} holds a line break or a character that no key has; copy it again")
    return credential


def check_url_userinfo(url: str, label: str) -> str:
    """Return an address that holds no user and no password; raises ``ConfigurationError`` for one that does, without telling it."""
    if "@" in url.partition("//")[2].partition("/")[0]:
        raise ConfigurationError(
            f"{label} must hold no user and no password: leave out what stands before the @ and the @"
        )
    return url


class HeaderKey:
    """A fixed key in a header, as ``Authorization: Bearer KEY`` or ``Fastly-Key: KEY``."""

    def __init__(self, key: str, *, header: str = "authorization", prefix: str = "Bearer ") -> None:
        self._key, self._header, self._prefix = check_credential(key, "the key"), header, prefix

    @property
    def secrets(self) -> tuple[str, ...]:
        """The key."""
        return (self._key,)

    def sign_request(self, request: Request) -> Request:
        """Put the key into its header."""
        return request.with_header(self._header, self._prefix + self._key)

    def log_in(self, now: float) -> Login:
        """Ask nothing: the key is enough."""
        yield from ()

    def forget_token(self) -> bool:
        """Keep the key: there is no other."""
        return False


class _TokenReply(codec.Record):
    access_token: str
    expires_in: codec.Maybe[int] = codec.UNSET


class ClientCredentials:
    """OAuth 2 client credentials: a token from ``token_url``, fetched when needed and again when it has expired."""

    def __init__(
        self,
        client_id: str,
        client_secret: str,
        *,
        token_url: str,
        describe_refusal: Callable[[Response], str] | None = None,
    ) -> None:
        self._client_id, self._token_url = check_credential(client_id, "the client id"), token_url
        self._client_secret = check_credential(client_secret, "the client secret")
        self._describe_refusal = describe_refusal or (lambda _: "the login was refused")
        self._token, self._expires_at = "", 0.0

    @property
    def secrets(self) -> tuple[str, ...]:
        """The client secret, the token, and the pair as it travels."""
        return tuple(secret for secret in (self._client_secret, self._token, self._encode_pair()) if secret)

    def _encode_pair(self) -> str:
        return base64.b64encode(f"{self._client_id}:{self._client_secret}".encode()).decode()

    def sign_request(self, request: Request) -> Request:
        """Put the token into the Authorization header."""
        return request.with_header("authorization", f"Bearer {self._token}")

    def log_in(self, now: float) -> Login:
        """Fetch a token unless one is at hand that counts for another minute."""
        if self._token and now < self._expires_at:
            return
        headers = {
            "authorization": f"Basic {self._encode_pair()}",
            "content-type": "application/x-www-form-urlencoded",
            "accept": "application/json",
        }
        reply = yield Request("POST", self._token_url, (), headers, b"grant_type=client_credentials")
        self._store_token(reply, now)

    def _store_token(self, reply: Response | Failure | None, now: float) -> None:
        if reply is None or isinstance(reply, Failure):
            reason, cure, cause = (reply.reason, reply.cure, reply.cause) if reply else ("no reply", "", None)
            raise Unreachable(f"the login did not answer: {reason}", operation=LOGIN_OPERATION, advice=cure) from cause
        if reply.status in {400, 401, 403}:
            raise Unauthorized(self._describe_refusal(reply), operation=LOGIN_OPERATION, status=reply.status)
        if reply.status == 429:
            raise RateLimited("too many logins", operation=LOGIN_OPERATION, status=429)
        if reply.status >= 500:
            raise error_for_status(reply.status)("the login failed", operation=LOGIN_OPERATION, status=reply.status)
        if reply.status != 200:
            raise Unreachable("the login led nowhere", operation=LOGIN_OPERATION, status=reply.status)
        no_token_error = InvalidResponse("the login's answer holds no token", operation=LOGIN_OPERATION, status=200)
        try:
            token = codec.decode_record(reply.body, _TokenReply)
        except InvalidResponse as error:
            raise no_token_error from error
        if not token.access_token.strip():
            raise no_token_error
        self._token = token.access_token
        self._expires_at = now + max(min(codec.get_or(token.expires_in, MAX_TOKEN_AGE_S), MAX_TOKEN_AGE_S) - 60, 0)

    def forget_token(self) -> bool:
        """Drop the token; a new login may help if there was one."""
        had_token, self._token = bool(self._token), ""
        return had_token


def read_bearer_token(headers: Mapping[str, str]) -> str | None:
    """Hear the bearer token of a request, or None."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def read_basic_pair(headers: Mapping[str, str]) -> tuple[str, str] | None:
    """Hear the user and password of a request, or None."""
    scheme, _, pair = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, _, password = base64.b64decode(pair, validate=True).decode().partition(":")
    except (ValueError, UnicodeDecodeError):
        return None
    return user, password
