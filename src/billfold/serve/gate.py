"""The one place that finds who asks, and whether he may: by a key, by a login, or because only this machine can ask."""

from __future__ import annotations

import hmac
import logging
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from starlette.exceptions import HTTPException
from starlette.requests import Request

from billfold.ledger.access_users import LoginSession, has_credentials
from billfold.ledger.audit_log import AuditEvent, add_event
from billfold.model.errors import LedgerError
from billfold.model.identity import MACHINE, Identity, IdentityKind
from billfold.serve.needs import PUBLIC, Need, find_need
from billfold.serve.peers import Binding, Peer, find_peer, is_own_origin
from billfold.serve.rates import NOTES_OF_LIMITS, REFUSALS, REQUESTS, VISITS, TokenBuckets
from billfold.tasks.keys import find_key_identity

log = logging.getLogger("billfold.serve")
SAFE_METHODS = frozenset({"GET", "HEAD"})
LOCAL_BINDING = Binding()
"""Only this machine's users can ask."""
ACCOUNT_KEY = "audited_account"
"""Where a request keeps whose account it is about."""
CHALLENGE = {"www-authenticate": 'Bearer realm="billfold"'}


class Visitor(NamedTuple):
    """Who asks, from where, and what proves his forms; ``new_cookie`` is to take the place of his session's."""

    identity: Identity | None
    peer: Peer
    csrf: str = ""
    session: LoginSession | None = None
    new_cookie: str = ""

    @property
    def label(self) -> str:
        """What the audit log calls him."""
        return self.identity.label if self.identity else "unknown"

    @property
    def rights_key(self) -> str:
        """What stands for all that decides what he is shown."""
        if self.identity is None:
            return "nobody"
        kind, _, _, role, accounts, scopes = self.identity
        return f"{kind} {role} {accounts.patterns} {sorted(scopes)}"


def note_account(request: Request, provider: str, account: str) -> None:
    """Note whose answer or finding a request is about: the audit log has it."""
    request.scope.setdefault("state", {})[ACCOUNT_KEY] = f"{provider}/{account}".strip("/")


def read_visitor(request: Request) -> Visitor:
    """Return who asks, as the gate found; raises ``HTTPException`` for a request that did not pass it."""
    visitor = request.scope.get("state", {}).get("visitor")
    if not isinstance(visitor, Visitor):
        raise HTTPException(401, "the gate did not see this request", CHALLENGE)
    return visitor


def read_identity(request: Request) -> Identity:
    """Return the identity of who asks; raises ``HTTPException`` where there is none."""
    identity = read_visitor(request).identity
    if identity is None:
        raise HTTPException(401, "say who you are first", CHALLENGE)
    return identity


class Gate:
    """Admits requests or refuses them, and notes in the audit log what is to be noted."""

    def __init__(
        self,
        directory: Path,
        binding: Binding = LOCAL_BINDING,
        read_time: Callable[[], datetime] = lambda: datetime.now(UTC),
        *,
        has_outside_users: bool = False,
    ) -> None:
        self.directory, self.binding, self.read_time = directory, binding, read_time
        self._has_outside_users, self._was_guarded = has_outside_users, False
        with suppress(LedgerError):  # every request that depends on it says so
            self._was_guarded = has_credentials(directory)
        self.machine_csrf = secrets.token_urlsafe(24)
        limits = (REQUESTS, VISITS, REFUSALS, NOTES_OF_LIMITS)
        self._requests, self._visits, self._refusals, self._limit_notes = (TokenBuckets(limit) for limit in limits)

    @property
    def cookie_name(self) -> str:
        """What the session's cookie is called: under TLS a name that only this host can set."""
        return "__Host-billfold" if self.binding.is_secure else "billfold"

    def find_visitor(self, request: Request) -> Visitor:
        """Return who asks; with the identity None for nobody that is known. Raises ``HTTPException`` for a wrong key."""
        peer = find_peer(request.scope, self.binding)
        authorization = request.headers.get("authorization", "")
        if authorization:
            scheme, _, secret = authorization.partition(" ")
            is_bearer = scheme.lower() == "bearer"
            identity = find_key_identity(self.directory, secret.strip(), self.read_time()) if is_bearer else None
            return Visitor(identity, peer)
        if cookie := request.cookies.get(self.cookie_name):
            visitor = self._find_login(cookie, peer)
            if visitor is not None:
                return visitor
        if self._is_machine(peer):
            return Visitor(MACHINE, peer, self.machine_csrf)
        return Visitor(None, peer)

    def find_visitor_or_nobody(self, request: Request) -> Visitor:
        """Return who asks, for a page that says that something is not there."""
        try:
            return self.find_visitor(request)
        except (HTTPException, LedgerError):
            return Visitor(None, find_peer(request.scope, self.binding))

    def _find_login(self, cookie: str, peer: Peer) -> Visitor | None:
        from billfold.tasks.users import find_open_session

        opened = find_open_session(self.directory, cookie, self.read_time())
        if opened is None:
            return None
        return Visitor(opened.identity, peer, opened.session.csrf, opened.session, opened.new_cookie)

    def _is_machine(self, peer: Peer) -> bool:
        """Tell whether nobody else than this machine's users can ask, and no key and no user was ever made."""
        if not self.binding.is_local or self._has_outside_users:
            return False
        if has_credentials(self.directory):
            self._was_guarded = True
            return False
        if self._was_guarded:
            raise HTTPException(
                503, "the keys and users of this server are gone: restore server.sqlite, then start it anew"
            )
        if peer.is_forwarded:
            raise HTTPException(
                403, "a proxy stands before this server: start it with --behind-proxy, and make a key or a user first"
            )
        return True

    def admit(self, request: Request, route: str) -> Visitor:
        """Return who asks, if he may; raises ``HTTPException`` 401, 403 or 429 otherwise, which is in the audit log."""
        peer = find_peer(request.scope, self.binding)
        if route in PUBLIC:
            wait = 0 if self.binding.is_local else self._visits.take_token(peer.site)
            if wait:
                self._refuse_limit(Visitor(None, peer), route, wait)
            return Visitor(None, peer)
        if wait := self._refusals.measure_wait(peer.site):
            self._refuse_limit(Visitor(None, peer), route, wait)
        visitor = request.state.visitor = self.find_visitor(request)
        if visitor.identity is None:
            self._refusals.take_token(peer.site)
            self.note(visitor, "refused", route, "", "401")
            raise HTTPException(
                401, "say who you are: send Authorization: Bearer bf_..., or log in at /login", CHALLENGE
            )
        if visitor.identity.kind is not IdentityKind.MACHINE and (wait := self._requests.take_token(visitor.label)):
            self._refuse_limit(visitor, route, wait)
        if lack := self._find_lack(request, visitor, visitor.identity, find_need(route)):
            self.note(visitor, "refused", route, "", "403")
            raise HTTPException(403, lack)
        return visitor

    def _find_lack(self, request: Request, visitor: Visitor, identity: Identity, need: Need) -> str:
        if lack := need.find_lack(identity):
            return lack
        if request.method in SAFE_METHODS:
            return ""
        origin = request.headers.get("origin", "")
        if origin and not is_own_origin(origin, visitor.peer):
            return "a page of another site sent this: open the address itself"
        return ""

    def _refuse_limit(self, visitor: Visitor, route: str, wait: int) -> None:
        """Refuse who asks too often; the audit log has one of a minute's refusals."""
        if not self._limit_notes.take_token(f"{visitor.label} {visitor.peer.site}"):
            self.note(visitor, "refused", route, "", "429")
        raise HTTPException(429, f"too many requests: ask again in {wait} s", {"retry-after": str(wait)})

    def check_csrf(self, request: Request, visitor: Visitor, fields: Mapping[str, str], route: str) -> None:
        """Raise ``HTTPException`` where a browser's request does not carry the token of its own session's forms."""
        if visitor.identity is None or visitor.identity.kind is IdentityKind.KEY:
            return
        is_json = request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"
        if is_json and visitor.identity.kind is IdentityKind.MACHINE:
            return  # no page of another site can send that unasked
        token = fields.get("csrf") or request.headers.get("x-csrf-token", "")
        if not hmac.compare_digest(token.encode(), visitor.csrf.encode()):
            self.note(visitor, "refused", route, "", "403")
            raise HTTPException(403, "this form is too old, or is not of your session: load its page again")

    def note(self, visitor: Visitor, action: str, route: str, account: str, result: str) -> None:
        """Note in the audit log what was done or refused; raises ``LedgerError`` where that cannot be, but for this machine's user."""
        event = AuditEvent(visitor.label, visitor.peer.address, action, route, account, result)
        try:
            add_event(self.directory, event, self.read_time())
        except LedgerError as error:
            if visitor.identity is not None and visitor.identity.kind is not IdentityKind.MACHINE:
                raise
            log.warning("the audit log cannot be written: %s", error)
