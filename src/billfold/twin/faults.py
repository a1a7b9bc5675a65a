"""Faults on demand, done to the bytes: what a vendor's bad day looks like from outside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from billfold.model.errors import Misasked
from billfold.providers.stage import No
from billfold.wire import codec
from billfold.wire.message import Request, Response

Effect = Callable[["Scene"], Response]

HTML = b"<html><head><title>503 Service Unavailable</title></head><body><h1>503</h1>Backend is unhealthy</body></html>"


@dataclass(frozen=True)
class Scene:
    """What a fault works on: the request, the vendor's own way to say no, and the answer that would have been given."""

    request: Request
    refuse: Callable[[No], Response]
    answer: Callable[[], Response]
    first: Callable[[], Response | None]
    parameter: str = ""


def _no(no: No) -> Effect:
    return lambda scene: scene.refuse(no)


def _limited(headers: dict[str, str]) -> Effect:
    def effect(scene: Scene) -> Response:
        refused = scene.refuse(No.RATE_LIMITED)
        kept = {k: v for k, v in refused.headers.items() if k != "retry-after"}
        return refused._replace(headers={**kept, **headers})

    return effect


def _html(scene: Scene) -> Response:
    return Response(503, {"content-type": "text/html; charset=utf-8"}, HTML)


def _accepted(scene: Scene) -> Response:
    return Response(202, {"content-type": "application/json"}, b'{"title":"Accepted","status":"202"}')


def _in_progress(scene: Scene) -> Response:
    return _changed(scene.answer(), {"status": "InProgress", "usages": []})


def _cut(scene: Scene) -> Response:
    whole = scene.answer()
    return whole._replace(body=whole.body[: len(whole.body) // 2])


def _looping(scene: Scene) -> Response:
    """Answer with the list's first page again, whose next link then leads round."""
    return scene.first() or scene.answer()


def _changed(response: Response, change: dict[str, Any]) -> Response:
    body = codec.tree(response.body)
    return response._replace(body=codec.encode({**body, **change})) if isinstance(body, dict) else response


FAULTS: dict[str, Effect] = {
    "unauthorized": _no(No.UNAUTHORIZED),
    "forbidden": _no(No.FORBIDDEN),
    "not-found": _no(No.NOT_FOUND),
    "rate-limited": _limited({"retry-after": "1"}),
    "rate-limited-silent": _limited({}),
    "server-error": _no(No.SERVER_ERROR),
    "server-html": _html,
    "accepted-202": _accepted,
    "in-progress": _in_progress,
    "cut-body": _cut,
    "looping-cursor": _looping,
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
        if provider != self.provider or (self.operation and operation != self.operation):
            return False
        self.seen += 1
        return self.at <= self.seen < self.at + self.times

    def told(self) -> dict[str, Any]:
        """Describe the fault."""
        return {k: v for k, v in vars(self).items() if v is not None}


def fault(said: dict[str, Any], providers: list[str]) -> Fault:
    """Read a fault to be set; raises ``Misasked``."""
    if said.get("fault") not in FAULTS:
        raise Misasked(f"there is no fault {said.get('fault')!r}; known are {', '.join(FAULTS)}")
    if said.get("provider") not in providers:
        raise Misasked(f"there is no provider {said.get('provider')!r}; known are {', '.join(providers)}")
    numbers = {key: said[key] for key in ("at", "times") if key in said}
    if not all(isinstance(value, int) and value >= 1 for value in numbers.values()):
        raise Misasked("at and times are whole numbers from 1")
    return Fault(said["provider"], said["fault"], said.get("operation"), **numbers)
