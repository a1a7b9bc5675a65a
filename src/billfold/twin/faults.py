"""Faults on demand: what a vendor's bad day looks like from outside, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from billfold.model.errors import Misasked
from billfold.providers import provider
from billfold.providers.twin_api import No, Places
from billfold.twin import damage
from billfold.wire import codec
from billfold.wire.message import Request, Response
from billfold.wire.operation import name_of
from billfold.wire.waiting import Waiting

STORIES = ("restated-added", "restated-changed", "restated-split")
"""Faults that happen to the world itself: an issued invoice of the last closed month is restated, and so is the truth."""
DOCUMENT = "document"
"""The operation name of a download behind a pre-signed URL."""


@dataclass(frozen=True)
class Scene:
    """What a fault works on: the request, the vendor's own way to say no, and the answer that would have been given."""

    request: Request
    refuse: Callable[[No], Response]
    answer: Callable[[], Response]
    first: Callable[[], Response | None]
    places: Places | None = None
    waiting: Waiting | None = None

    def changed(self, change: Callable[[Any, Places], None]) -> Response:
        """Return the answer with its JSON changed in the places that the vendor's twin names for this operation."""
        response = self.answer()
        if self.places is None or response.status != 200:
            return response
        tree = codec.tree(response.body)
        change(tree, self.places)
        return response._replace(body=codec.encode(tree))


Effect = Callable[[Scene], Response]


def _no(no: No) -> Effect:
    return lambda scene: scene.refuse(no)


def _limited(headers: dict[str, str]) -> Effect:
    def effect(scene: Scene) -> Response:
        refused = scene.refuse(No.RATE_LIMITED)
        kept = {k: v for k, v in refused.headers.items() if k != "retry-after"}
        return refused._replace(headers={**kept, **headers})

    return effect


def _fixed(status: int, media: str, body: bytes) -> Effect:
    return lambda _: Response(status, {"content-type": media}, body)


def _in_progress(scene: Scene) -> Response:
    """Say that the answer is still being prepared, where its operation knows such a word."""

    def change(tree: Any, places: Places) -> None:
        if scene.waiting:
            damage.put(tree, scene.waiting.field, scene.waiting.pending)
            damage.put(tree, places.items, [])

    return scene.changed(change)


def _cut(scene: Scene) -> Response:
    whole = scene.answer()
    return whole._replace(body=whole.body[: len(whole.body) // 2])


def _looping(scene: Scene) -> Response:
    """Answer with the list's first page again, whose next link then leads round."""
    return scene.first() or scene.answer()


def _body(change: Callable[[bytes], bytes], media: str) -> Effect:
    def effect(scene: Scene) -> Response:
        whole = scene.answer()
        return whole._replace(body=change(whole.body)) if whole.media_type == media else whole

    return effect


def _headed(headers: dict[str, str]) -> Effect:
    def effect(scene: Scene) -> Response:
        whole = scene.answer()
        return whole._replace(headers={**whole.headers, **headers})

    return effect


def _redirect(url: str) -> Effect:
    return lambda _: Response(302, {"location": url, "content-type": "text/plain"}, b"")


def _tree(change: Callable[[Any, Places], None]) -> Effect:
    return lambda scene: scene.changed(change)


HTML = b"<html><head><title>503 Service Unavailable</title></head><body><h1>503</h1>Backend is unhealthy</body></html>"
SIGN_IN = b"<html><body><form action='/login'>Please sign in</form></body></html>"

FAULTS: dict[str, Effect] = {
    "unauthorized": _no(No.UNAUTHORIZED),
    "token-expired": _no(No.UNAUTHORIZED),
    "forbidden": _no(No.FORBIDDEN),
    "not-found": _no(No.NOT_FOUND),
    "estimate-unavailable": _no(No.UNPROCESSABLE),
    "rate-limited": _limited({"retry-after": "1"}),
    "rate-limited-silent": _limited({}),
    "rate-limited-zero": _limited({"retry-after": "0"}),
    "rate-limited-date": _limited({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}),
    "rate-limited-huge": _limited({"retry-after": "86400"}),
    "server-error": _no(No.SERVER_ERROR),
    "server-html": _fixed(503, "text/html; charset=utf-8", HTML),
    "html-200": _fixed(200, "text/html; charset=utf-8", SIGN_IN),
    "accepted-202": _fixed(202, "application/json", b'{"title":"Accepted","status":"202"}'),
    "in-progress": _in_progress,
    "cut-body": _cut,
    "looping-cursor": _looping,
    "short-page": _tree(damage.short_page),
    "total-moving": _tree(damage.total_moving),
    "item-moved": _tree(damage.item_moved),
    "line-ids-changing": _tree(damage.line_ids_changing),
    "invoice-vanishing": _tree(damage.invoice_vanishing),
    "total-off-by-a-cent": _tree(damage.off_by("0.01")),
    "total-off-by-a-lot": _tree(damage.off_by("1234.56")),
    "draft-finalized": _tree(damage.draft_finalized),
    "number-as-string": _tree(damage.amount(str)),
    "number-as-null": _tree(damage.amount(lambda _: None)),
    "number-tiny": _tree(damage.amount(lambda _: Decimal("1e-7"))),
    "number-negative-zero": _tree(damage.amount(lambda _: Decimal("-0"))),
    "number-25-digits": _tree(damage.amount(lambda _: Decimal("1234567890123.123456789012"))),
    "new-enum": _tree(damage.new_enum),
    "renamed-field": _tree(damage.renamed_field),
    "two-currencies": _tree(damage.two_currencies),
    "identical-lines": _tree(damage.identical_lines),
    "csv-bom": _body(lambda body: b"\xef\xbb\xbf" + body, "text/csv"),
    "csv-formula": _body(lambda body: body + b'=HYPERLINK("http://example.invalid"),,,,\n', "text/csv"),
    "csv-other-total": _body(damage.other_digits, "text/csv"),
    "document-expired": _fixed(403, "application/xml", b"<Error><Code>AccessDenied</Code></Error>"),
    "document-empty": _fixed(200, "application/pdf", b""),
    "document-html": _fixed(200, "text/html", SIGN_IN),
    "document-truncated": _cut,
    "document-other-bytes": _body(lambda body: body + b"\n% another day\n", "application/pdf"),
    "document-redirect": _redirect("https://documents.example.invalid/invoice.pdf"),
    "document-redirect-private": _redirect("http://169.254.169.254/latest/meta-data"),
    "wrong-length": _headed({"x-twin-wire": "wrong-length"}),
    "reset-mid-body": _headed({"x-twin-wire": "reset"}),
    "slow-drip": _headed({"x-twin-wire": "drip"}),
    "gzip-bomb": lambda _: damage.bomb(),
    "contract-without-periods": _tree(damage.without_periods),
    "negative-wallet": _tree(damage.negative_wallet),
}


@dataclass
class Fault:
    """A fault that is set: strikes the matching requests from number ``at`` on, ``times`` times."""

    provider: str
    fault: str
    operation: str | None = None
    at: int = 1
    times: int = 1
    seen: int = 0

    def strikes(self, provider: str, operation: str | None) -> bool:
        """Count a request, and tell whether this fault strikes it."""
        wanted = self.operation or (DOCUMENT if self.fault.startswith("document-") else None)
        if provider != self.provider or (wanted and operation != wanted) or (operation == DOCUMENT and not wanted):
            return False
        self.seen += 1
        return self.at <= self.seen < self.at + self.times

    def told(self) -> dict[str, Any]:
        """Describe the fault."""
        return {k: v for k, v in vars(self).items() if v is not None}


def fault(said: dict[str, Any], providers: list[str]) -> Fault:
    """Read a fault to be set; raises ``Misasked``."""
    known = [*FAULTS, *STORIES]
    if said.get("fault") not in known:
        raise Misasked(f"there is no fault {said.get('fault')!r}; known are {', '.join(known)}")
    if said.get("provider") not in providers:
        raise Misasked(f"there is no provider {said.get('provider')!r}; known are {', '.join(providers)}")
    if unknown := set(said) - {"provider", "fault", "operation", "at", "times"}:
        raise Misasked(f"a fault has no {min(unknown)!r}; it has provider, fault, operation, at and times")
    numbers = {key: said[key] for key in ("at", "times") if key in said}
    if not all(type(value) is int and value >= 1 for value in numbers.values()):
        raise Misasked("at and times are whole numbers from 1")
    operation = said.get("operation")
    if operation is not None and operation != DOCUMENT:
        operation = name_of(provider.find(said["provider"]).operation(str(operation)))
    return Fault(said["provider"], said["fault"], operation, **numbers)
