"""Logging in at another service: the way there and back, bound to the browser that went, and what is made of who came back."""

from __future__ import annotations

import hmac
import secrets
import threading
from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime, timedelta

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from billfold.model.errors import ApiError, InvalidArgument
from billfold.model.identity import check_name
from billfold.serve.gate import Gate, Visitor
from billfold.serve.login import set_cookie, set_session_cookie
from billfold.serve.oidc import LoginAttempt, OidcClient, begin_attempt, find_rights
from billfold.serve.peers import find_peer
from billfold.serve.rates import LOGINS_OF_ADDRESS, TokenBuckets

ATTEMPT_LIFE = timedelta(minutes=10)
MAX_ATTEMPTS = 1000
"""Logins that are on their way; the oldest are forgotten first."""
CALLBACK = "/login/oidc/callback"


class OidcLogin:
    """Leads a browser to the service, and logs in who comes back."""

    def __init__(self, gate: Gate, client: OidcClient) -> None:
        self._gate, self._client, self._lock = gate, client, threading.Lock()
        self._attempts = OrderedDict[str, LoginAttempt]()
        self._buckets = TokenBuckets(LOGINS_OF_ADDRESS)

    @property
    def routes(self) -> list[Route]:
        """Where it answers."""
        return [Route("/login/oidc", self.begin_login), Route(CALLBACK, self.end_login)]

    @property
    def _cookie_name(self) -> str:
        return f"{self._gate.cookie_name}-oidc"

    def begin_login(self, request: Request) -> Response:
        """Lead to the service; raises ``HTTPException`` where that is wanted too often, or it cannot be reached."""
        peer, attempt = find_peer(request.scope, self._gate.binding), begin_attempt(self._gate.read_time())
        if wait := self._buckets.take_token(peer.site):
            raise HTTPException(429, f"too many logins were tried: try again in {wait} s", {"retry-after": str(wait)})
        try:
            url = self._client.build_login_url(attempt, self._build_redirect(request))
        except ApiError as error:
            raise HTTPException(503, f"nobody can log in there now: {error}") from error
        attempt_id = secrets.token_urlsafe(24)
        with self._lock:
            self._attempts[attempt_id] = attempt
            while len(self._attempts) > MAX_ATTEMPTS:
                self._attempts.popitem(last=False)
        response = RedirectResponse(url, 303)
        set_cookie(response, self._gate, self._cookie_name, attempt_id)
        return response

    def _build_redirect(self, request: Request) -> str:
        peer = find_peer(request.scope, self._gate.binding)
        return f"{peer.scheme}://{peer.host}{CALLBACK}"

    def end_login(self, request: Request) -> Response:
        """Log in who comes back with a good code; raises ``HTTPException`` for anything else, which is in the audit log."""
        now, visitor = self._gate.read_time(), Visitor(None, find_peer(request.scope, self._gate.binding))
        attempt = self._take_attempt(request, now)
        code = request.query_params.get("code", "")
        if attempt is None or not code:
            self._gate.note(visitor, "login", f"GET {CALLBACK}", "", "401")
            raise HTTPException(401, "this login was not begun here, or took too long: begin again at /login")
        try:
            claims = self._client.read_claims(code, attempt, self._build_redirect(request), now)
        except ApiError as error:
            self._gate.note(visitor, "login", f"GET {CALLBACK}", "", "401")
            raise HTTPException(401, f"nobody was logged in: {error}") from error
        return self._open_session(visitor, claims, now)

    def _take_attempt(self, request: Request, now: datetime) -> LoginAttempt | None:
        """Return the attempt of this browser, which is used once; None where its state is another, or it is too old."""
        with self._lock:
            attempt = self._attempts.pop(request.cookies.get(self._cookie_name, ""), None)
        state = request.query_params.get("state", "")
        if attempt is None or now > attempt.started_at + ATTEMPT_LIFE:
            return None
        return attempt if hmac.compare_digest(state.encode(), attempt.state.encode()) else None

    def _open_session(self, visitor: Visitor, claims: Mapping[str, object], now: datetime) -> Response:
        from billfold.tasks import users

        settings = self._client.settings
        name, rights = (
            read_name(claims, settings.name_claim),
            find_rights(claims, settings.rights_claim, settings.rights),
        )
        if not name or rights is None:
            self._gate.note(visitor, "login", f"GET {CALLBACK}", "", f"403 {name}")
            raise HTTPException(403, f"{name or 'nobody'} may do nothing here: an admin adds a row to [[oidc.rights]]")
        user = users.put_outside_user(self._gate.directory, name, rights.role, rights.accounts, rights.scopes, now)
        if user is None:
            self._gate.note(visitor, "login", f"GET {CALLBACK}", "", f"403 {name}")
            raise HTTPException(403, f"{name} has a password here: log in with it, or have an admin remove that user")
        _, cookie = users.open_session(self._gate.directory, user, now)
        self._gate.note(visitor._replace(identity=users.describe_user(user)), "login", f"GET {CALLBACK}", "", "200")
        response = RedirectResponse("/", 303)
        set_session_cookie(response, self._gate, cookie)
        return response


def read_name(claims: Mapping[str, object], claim: str) -> str:
    """Return the name that a claim gives, "" where it gives none, or an address that nobody proved to be his."""
    value = claims.get(claim)
    if not isinstance(value, str) or (claim == "email" and claims.get("email_verified") is False):
        return ""
    try:
        return check_name(value)
    except InvalidArgument:
        return ""
