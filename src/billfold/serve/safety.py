"""What every answer of the server is held to: who may ask, and what a browser may do with it."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from billfold.serve.failures import Problem, write_problem
from billfold.serve.peers import Binding, find_peer, is_own_host
from billfold.twin.addresses import parse_host_name

PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; font-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
WITH_PDF_POLICY = f"{PAGE_POLICY}; object-src 'self'; frame-src 'self'"
"""Of a page that shows a document beside an invoice."""
PDF_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'; base-uri 'none'; frame-ancestors 'self'; sandbox"
)
"""Of such a document: it is shown inside our own pages only, runs nothing, and reaches nothing."""
SAFETY_HEADERS = {
    "content-security-policy": PAGE_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
"""No script but our own files, nothing from elsewhere, in no other site's frame."""


def find_intrusion(scope: Scope, binding: Binding) -> str:
    """Return why a request is refused; "" where it may be answered.

    A browser names in ``Host`` what its page was reached by: another name than those of this server is a name that somebody points
    here. Another site may lead here by a link, and may ask for nothing else.
    """
    headers, peer = Headers(scope=scope), find_peer(scope, binding)
    if not is_own_host(peer.host, binding):
        host_name = parse_host_name(f"//{peer.host}")
        names = ", ".join(["127.0.0.1", "localhost", *sorted(binding.names)])
        return (
            f"the Host header names {host_name or 'nobody'}: this server answers to {names} only; --name adds another"
        )
    is_foreign = headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}
    is_visit = headers.get("sec-fetch-mode") == "navigate" and scope["method"] in {"GET", "HEAD"}
    if is_foreign and not is_visit:
        return "a page of another site asks; open the address itself"
    return ""


class SafetyLayer:
    """Refuses requests of others than this machine's users, and puts the safety headers on every answer."""

    def __init__(self, app: ASGIApp, binding: Binding) -> None:
        self._app, self._binding = app, binding

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SAFETY_HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("cache-control", "private, no-cache")
                headers.setdefault("vary", "Authorization, Cookie")
                if self._binding.is_secure:
                    headers["strict-transport-security"] = "max-age=31536000"
            await send(message)

        intrusion = find_intrusion(scope, self._binding)
        app = write_problem(Request(scope), Problem(403, intrusion)) if intrusion else self._app
        await app(scope, receive, send_safely)
