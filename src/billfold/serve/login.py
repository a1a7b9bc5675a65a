"""Logging in and out: a password is tried slowly, and a good one is worth a cookie that no script reads."""

from __future__ import annotations

import hmac
import secrets
import threading

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from billfold.ledger.access_users import find_user
from billfold.serve.bodies import read_form
from billfold.serve.gate import Gate, Visitor, read_identity, read_visitor
from billfold.serve.pages import Pages
from billfold.serve.peers import find_peer, is_own_origin
from billfold.serve.rates import LOGINS_OF_ADDRESS, LOGINS_OF_NAME, LOGINS_OF_NAME_AND_ADDRESS, TokenBuckets

PASSWORDS_AT_ONCE, PATIENCE_S = 2, 1
"""How many passwords are tried at once (each takes 64 MB), and for how many seconds another waits for that."""


class LoginPages:
    """Answers with the login, and what comes of it; ``service`` is where people log in elsewhere ("": nowhere)."""

    def __init__(self, gate: Gate, pages: Pages, service: str = "") -> None:
        self._gate, self._pages, self._service = gate, pages, service
        limits = (LOGINS_OF_NAME_AND_ADDRESS, LOGINS_OF_ADDRESS, LOGINS_OF_NAME)
        self._buckets = [TokenBuckets(limit) for limit in limits]
        self._free = threading.BoundedSemaphore(PASSWORDS_AT_ONCE)

    @property
    def routes(self) -> list[Route]:
        """Where it answers."""
        return [
            Route("/login", self.show_login),
            Route("/login", self.log_in, methods=["POST"]),
            Route("/logout", self.log_out, methods=["POST"]),
            Route("/me", self.show_identity),
        ]

    @property
    def _login_cookie(self) -> str:
        return f"{self._gate.cookie_name}-login"

    def show_login(self, request: Request) -> Response:
        """Show the login; its token is in a cookie too, so that no other site logs anybody in."""
        return self._show_login(request, "")

    def _show_login(self, request: Request, message: str, status: int = 200) -> Response:
        token = secrets.token_urlsafe(24)
        response = self._pages.render(
            request, "login.html", "Log in", {"message": message, "login_token": token, "service": self._service}
        )
        response.status_code = status
        set_cookie(response, self._gate, self._login_cookie, token, same_site="strict")
        return response

    def log_in(self, request: Request) -> Response:
        """Try a name and a password; raises ``HTTPException`` where they are tried too often, or from another page."""
        fields, peer = read_form(request), find_peer(request.scope, self._gate.binding)
        token, origin = fields.get("login_token", ""), request.headers.get("origin", "")
        cookie = request.cookies.get(self._login_cookie, "")
        if not cookie or not hmac.compare_digest(token.encode(), cookie.encode()):
            return self._show_login(request, "This form is too old: try again.", 403)
        if origin and not is_own_origin(origin, peer):
            raise HTTPException(403, "a page of another site sent this: open the address itself")
        name, visitor = fields.get("name", "").strip()[:60], Visitor(None, peer)
        names = (f"{name} {peer.site}", peer.site, name)
        wait = max(bucket.take_token(key) for bucket, key in zip(self._buckets, names, strict=True))
        if wait:
            self._gate.note(visitor, "login", "POST /login", "", f"429 {self._describe_name(name)}")
            raise HTTPException(429, f"too many logins were tried: try again in {wait} s", {"retry-after": str(wait)})
        return self._check_password(request, visitor, name, fields.get("password", ""))

    def _check_password(self, request: Request, visitor: Visitor, name: str, password: str) -> Response:
        from billfold.tasks import users

        if not self._free.acquire(timeout=PATIENCE_S):
            raise HTTPException(503, "many log in just now: try again in a moment", {"retry-after": "2"})
        try:
            user = users.check_password(self._gate.directory, name, password)
        finally:
            self._free.release()
        if user is None:
            self._gate.note(visitor, "login", "POST /login", "", f"401 {self._describe_name(name)}")
            return self._show_login(request, "This name and this password do not fit.", 401)
        _, cookie = users.open_session(self._gate.directory, user, self._gate.read_time())
        self._gate.note(visitor._replace(identity=users.describe_user(user)), "login", "POST /login", "", "200")
        response = RedirectResponse("/", 303)
        set_session_cookie(response, self._gate, cookie)
        response.delete_cookie(
            self._login_cookie, secure=self._gate.binding.is_secure, httponly=True, samesite="strict"
        )
        return response

    def _describe_name(self, name: str) -> str:
        """Return a name as the log has it: what is no user's may be a password in the wrong field."""
        return name if find_user(self._gate.directory, name) else "an unknown name"

    def log_out(self, request: Request) -> Response:
        """End the session: its cookie proves nothing any more."""
        from billfold.tasks.users import end_session

        visitor = read_visitor(request)
        if visitor.session is not None:
            end_session(self._gate.directory, visitor.session)
        request.state.visitor = visitor._replace(new_cookie="")
        response = RedirectResponse("/login", 303)
        response.delete_cookie(
            self._gate.cookie_name, secure=self._gate.binding.is_secure, httponly=True, samesite="lax"
        )
        return response

    def show_identity(self, request: Request) -> Response:
        """Show who asks, and what he may."""
        return self._pages.render(request, "me.html", "Who you are", {"identity": read_identity(request)})


def set_session_cookie(response: Response, gate: Gate, cookie: str) -> None:
    """Give a browser the cookie of its session."""
    set_cookie(response, gate, gate.cookie_name, cookie)


def set_cookie(response: Response, gate: Gate, name: str, value: str, same_site: str = "lax") -> None:
    """Give a browser a cookie that no script reads, for all of this server."""
    is_strict = same_site == "strict"
    response.set_cookie(
        name, value, httponly=True, secure=gate.binding.is_secure, samesite="strict" if is_strict else "lax", path="/"
    )
