"""OpenID Connect: the code flow with PKCE, by the service's own description; what it says is taken only with its signature."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from urllib.parse import quote_plus, urlencode

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from billfold.model.errors import InvalidResponse
from billfold.settings.oidc import OidcRights, OidcSettings, is_safe_url
from billfold.transport.single_request import send_request

SIGNATURES = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"]
"""Signatures by a key that only the service has: never none, and none by a secret that is shared."""
LEEWAY_S = 60
"""Seconds that the service's clock may be off."""
NAME = "oidc"
Send = Callable[[str, str, str, Mapping[str, str], bytes | None], tuple[int, bytes]]


class LoginAttempt(NamedTuple):
    """A login that was begun: what its answer must bring back, what proves that it is ours, and when it began."""

    state: str
    nonce: str
    verifier: str
    started_at: datetime

    @property
    def challenge(self) -> str:
        """What of the verifier is shown beforehand (S256)."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def begin_attempt(now: datetime) -> LoginAttempt:
    """Return a new attempt: nothing of it can be guessed."""
    return LoginAttempt(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48), now)


class OidcClient:
    """Speaks to one service; what it describes itself as is asked once, its keys again where one is unknown."""

    def __init__(self, settings: OidcSettings, send: Send = send_request) -> None:
        self.settings, self._send, self._lock = settings, send, threading.Lock()
        self._description: Mapping[str, object] | None = None
        self._keys: KeySet | None = None

    def build_login_url(self, attempt: LoginAttempt, redirect_uri: str) -> str:
        """Return where a browser goes to log in; raises an ``ApiError`` where the service cannot be asked."""
        query = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": redirect_uri,
            "scope": self.settings.scopes,
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": attempt.challenge,
            "code_challenge_method": "S256",
        }
        url = self._read_endpoint("authorization_endpoint")
        return f"{url}{'&' if '?' in url else '?'}{urlencode(query)}"

    def read_claims(self, code: str, attempt: LoginAttempt, redirect_uri: str, now: datetime) -> Mapping[str, object]:
        """Return what the service says of who logged in; raises an ``ApiError`` for a code or a token that is not good."""
        fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        fields |= {"code_verifier": attempt.verifier, "client_id": self.settings.client_id}
        token = self._post(self._read_endpoint("token_endpoint"), fields).get("id_token")
        if not isinstance(token, str):
            raise InvalidResponse("the login service gave no id_token", operation=NAME)
        try:
            claims = self._verify(token)
            self._check_claims(claims, attempt, now)
        except (JoseError, ValueError) as error:
            raise InvalidResponse(
                f"the login service's token is not good: {type(error).__name__}", operation=NAME
            ) from error
        return claims

    def _verify(self, token: str) -> dict[str, object]:
        try:
            return dict(jwt.decode(token, self._load_keys(), algorithms=SIGNATURES).claims)
        except (JoseError, ValueError):  # it may have another key since
            return dict(jwt.decode(token, self._load_keys(is_new=True), algorithms=SIGNATURES).claims)

    def _check_claims(self, claims: Mapping[str, object], attempt: LoginAttempt, now: datetime) -> None:
        client_id = self.settings.client_id
        registry = jwt.JWTClaimsRegistry(
            now=int(now.timestamp()),
            leeway=LEEWAY_S,
            iss={"essential": True, "value": str(self._describe()["issuer"])},
            aud={"essential": True, "value": client_id},
            sub={"essential": True},
            exp={"essential": True},
            nonce={"essential": True, "value": attempt.nonce},
        )
        registry.validate(dict(claims))
        audience = claims["aud"]
        if isinstance(audience, list) and len(audience) > 1 and claims.get("azp") != client_id:
            raise ValueError("it is for another client")

    def _load_keys(self, *, is_new: bool = False) -> KeySet:
        with self._lock:
            if self._keys is None or is_new:
                document = self._get(self._read_endpoint("jwks_uri"))
                self._keys = KeySet.import_key_set(document)  # type: ignore[arg-type]
            return self._keys

    def _describe(self) -> Mapping[str, object]:
        """Return what the service describes itself as, if it is the one that is configured."""
        if self._description is None:
            description = self._get(f"{self.settings.issuer}/.well-known/openid-configuration")
            if str(description.get("issuer")).rstrip("/") != self.settings.issuer:
                raise InvalidResponse("the login service calls itself by another issuer: check [oidc]", operation=NAME)
            self._description = description
        return self._description

    def _read_endpoint(self, name: str) -> str:
        url = self._describe().get(name)
        if not isinstance(url, str) or not is_safe_url(url.partition("?")[0]):
            raise InvalidResponse(f"the login service's {name} is missing, or is not https", operation=NAME)
        return url

    def _get(self, url: str) -> Mapping[str, object]:
        return _read_object(*self._send(NAME, "GET", url, {"accept": "application/json"}, None))

    def _post(self, url: str, fields: Mapping[str, str]) -> Mapping[str, object]:
        pair = f"{quote_plus(self.settings.client_id)}:{quote_plus(self.settings.client_secret)}"
        headers = {
            "accept": "application/json",
            "content-type": "application/x-www-form-urlencoded",
            "authorization": f"Basic {base64.b64encode(pair.encode()).decode()}",
        }
        return _read_object(*self._send(NAME, "POST", url, headers, urlencode(fields).encode()))


def _read_object(status: int, body: bytes) -> Mapping[str, object]:
    """Return the object of an answer; raises an ``ApiError`` that holds nothing of it: it may hold a token."""
    try:
        value = json.loads(body) if status == 200 else None
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise InvalidResponse(
            f"the login service answered with status {status} and nothing that can be read", operation=NAME
        )
    return value


def find_rights(claims: Mapping[str, object], claim: str, rights: Sequence[OidcRights]) -> OidcRights | None:
    """Return what somebody may by his claim: by the first of the rights whose value it has; None for nothing."""
    value = claims.get(claim)
    values = set(map(str, value)) if isinstance(value, list) else {str(value)} if isinstance(value, str) else set()
    return next((row for row in rights if row.value in values), None)
