"""A small OpenID Connect service for tests: it describes itself, gives codes, and takes one only with what belongs to it."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from tests.stage import AT

ISSUER, CLIENT, SECRET = "https://login.example.com/realm", "billfold", "oidc-secret-77"
CLAIMS: Mapping[str, object] = {
    "iss": ISSUER,
    "aud": CLIENT,
    "sub": "u-1",
    "email": "ada@example.com",
    "groups": ["finance", "all"],
    "exp": int((AT + timedelta(minutes=5)).timestamp()),
    "iat": int(AT.timestamp()),
}


@dataclass
class LoginService:
    """Answers as such a service does; ``changes`` are made to the claims, ``description`` to what it says of itself."""

    changes: Mapping[str, object] = field(default_factory=dict)
    description: Mapping[str, object] = field(default_factory=dict)
    signer: Any = None
    algorithm: str = "ES256"
    requests: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.key = ECKey.generate_key("P-256", {"kid": "k1"})
        self._codes = dict[str, dict[str, str]]()

    def log_in(self, url: str) -> str:
        """Do what a person does there; returns what stands behind the redirect: a code, and the state as it came."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert (query["client_id"], query["response_type"], query["code_challenge_method"]) == (CLIENT, "code", "S256")
        assert url.startswith(f"{ISSUER}/authorize?")
        code = f"code-{len(self._codes)}"
        self._codes[code] = query
        return f"code={code}&state={query['state']}"

    def send(
        self, name: str, method: str, url: str, headers: Mapping[str, str], content: bytes | None = None
    ) -> tuple[int, bytes]:
        """Answer a request."""
        self.requests.append(f"{method} {url.removeprefix(ISSUER)}")
        match url.removeprefix(ISSUER):
            case "/.well-known/openid-configuration":
                names = {
                    f"{end}_endpoint": f"{ISSUER}/{end.replace('authorization', 'authorize')}"
                    for end in ("authorization", "token")
                }
                value: Mapping[str, object] = {
                    "issuer": ISSUER,
                    "jwks_uri": f"{ISSUER}/keys",
                    **names,
                    **self.description,
                }
            case "/keys":
                value = {"keys": [self.key.as_dict(private=False)]}
            case "/token":
                return self._answer_token(headers, (content or b"").decode())
            case _:
                return 404, b""
        return 200, json.dumps(value).encode()

    def _answer_token(self, headers: Mapping[str, str], content: str) -> tuple[int, bytes]:
        fields = {name: values[0] for name, values in parse_qs(content).items()}
        pair = base64.b64decode(headers["authorization"].removeprefix("Basic ")).decode()
        begun = self._codes.pop(fields["code"], None)
        digest = hashlib.sha256(fields["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if pair != f"{CLIENT}:{SECRET}" or begun is None or begun["code_challenge"] != challenge:
            return 400, b'{"error": "invalid_grant"}'
        if begun["redirect_uri"] != fields["redirect_uri"]:
            return 400, b'{"error": "invalid_grant"}'
        claims = {**CLAIMS, "nonce": begun["nonce"], **self.changes}
        token = jwt.encode({"alg": self.algorithm, "kid": "k1"}, claims, self.signer or self.key, [self.algorithm])
        return 200, json.dumps({"id_token": token, "access_token": "x", "token_type": "Bearer"}).encode()


SHARED_KEY = OctKey.import_key("k" * 32)
OTHER_KEY = ECKey.generate_key("P-256", {"kid": "k1"})
