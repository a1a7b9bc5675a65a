"""The screen of keys, users and the audit log, for admins."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from billfold.ledger.audit_log import find_audit_damage, list_events, read_audit_head
from billfold.serve.gate import Gate
from billfold.serve.pages import Pages
from billfold.tasks.keys import list_keys, revoke_key

MAX_EVENTS = 200


class AccessPage:
    """Answers with who may what, and who did what."""

    def __init__(self, gate: Gate, pages: Pages) -> None:
        self._gate, self._pages = gate, pages

    @property
    def routes(self) -> list[Route]:
        """Where it answers."""
        return [
            Route("/access", self.show_access),
            Route("/access/keys/{id}/revoke", self.revoke_key, methods=["POST"]),
        ]

    def show_access(self, request: Request) -> Response:
        """Show keys, users and the last events."""
        from billfold.tasks.users import list_users

        directory = self._gate.directory
        count, head = read_audit_head(directory)
        shown = {
            "keys": list_keys(directory, self._gate.read_time()),
            "users": list_users(directory),
            "events": list_events(directory, limit=MAX_EVENTS) if count else [],
            "event_count": count,
            "audit_head": head,
            "damage": [finding.text for finding in find_audit_damage(directory)],
        }
        return self._pages.render(request, "access.html", "Keys and audit", shown)

    def revoke_key(self, request: Request) -> Response:
        """Let a key be good no longer; raises ``InvalidArgument`` for no such key."""
        revoke_key(self._gate.directory, request.path_params["id"], self._gate.read_time())
        return RedirectResponse("/access", 303)
