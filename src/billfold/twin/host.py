"""Answers for every vendor at once, with one clock: requests in, responses out, no sockets."""

from __future__ import annotations

import logging
from collections import deque
from datetime import datetime
from email.utils import format_datetime
from functools import partial
from math import ceil
from typing import Any, NamedTuple

from billfold.model.errors import Misasked
from billfold.model.period import Month, stamp
from billfold.providers.twin_api import Caller, Denied, Moment, No
from billfold.twin.clock import Clock
from billfold.twin.faults import DOCUMENT, FAULTS, STORIES, Fault, Scene
from billfold.twin.world import Stage, World
from billfold.wire.answer import Routes, respond
from billfold.wire.message import Request, Response
from billfold.wire.operation import Operation, name_of

log = logging.getLogger("billfold.twin")
KEPT = 10_000


class Heard(NamedTuple):
    """A request that the twin heard, as ``/_twin/requests`` tells it."""

    at: str
    provider: str
    operation: str | None
    path: str
    query: dict[str, str]
    status: int


class Counter:
    """Counts requests in fixed windows of the twin's time."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._window, self._count = 0, 0

    def count(self, now: datetime) -> tuple[int, int]:
        """Count a request; return how many there were in this window, and the whole seconds to its end."""
        window, gone = divmod(now.timestamp(), self.seconds)
        self._count = self._count + 1 if int(window) == self._window else 1
        self._window = int(window)
        return self._count, ceil(self.seconds - gone)


class Host:
    """The four billing systems; ``limits`` switches the vendors' rate limits on.

    Requests are counted for each credential that they carry. A twin may have a ``counted`` that tells in every answer how
    many there were.
    """

    def __init__(self, world: World, clock: Clock, *, limits: bool = True) -> None:
        self.world, self.clock, self.limits = world, clock, limits
        self.faults: list[Fault] = []
        self.requests: deque[Heard] = deque(maxlen=KEPT)
        self._memory: dict[str, dict[str, Any]] = {}
        self._counters: dict[str, Counter] = {}
        self._routes = {stage.provider.name: Routes(stage.provider.operations) for stage in world.stages}
        self._keys = {stage.provider.name: _key(stage) for stage in world.stages}

    def reset(self) -> None:
        """Forget faults, requests and what the vendors remember; the clock stays."""
        self.clear_faults()
        self.requests.clear()
        self._memory.clear()
        self._counters.clear()

    def set_fault(self, one: Fault) -> None:
        """Set a fault; one that happens to the world itself changes the vendor's first account, and the truth."""
        self.faults.append(one)
        if one.fault in STORIES:
            self.world.tell(one.provider, (one.fault, Month.of(self.clock.now()).plus(-1)))

    def clear_faults(self) -> None:
        """Clear all faults; what happened to the world is undone too."""
        self.faults.clear()
        for stage in self.world.stages:
            self.world.tell(stage.provider.name, None)

    def stage(self, path: str) -> Stage | None:
        """Return the vendor whose mount a path lies under."""
        return next((s for s in self.world.stages if path == s.twin.MOUNT or path.startswith(s.twin.MOUNT + "/")), None)

    def answer(self, request: Request) -> Response | None:
        """Answer a request to any vendor; None where the path belongs to none."""
        stage = self.stage(request.path)
        if stage is None:
            return None
        inner = request._replace(path=request.path[len(stage.twin.MOUNT) :])
        operation, response = self._struck(stage, inner)
        self.requests.append(
            Heard(
                stamp(self.clock.now()), stage.provider.name, operation, inner.path, dict(inner.query), response.status
            )
        )
        extra = getattr(stage.twin, "HEADERS", {})
        told = {"date": format_datetime(self.clock.now(), usegmt=True), "x-billfold-twin": stage.provider.name}
        return response._replace(headers={**extra, **response.headers, **told})

    def _struck(self, stage: Stage, request: Request) -> tuple[str | None, Response]:
        op, wrong = self._heard(stage, request)
        name = name_of(op) if op else DOCUMENT if self._is_document(stage, request) else None
        refuse = lambda no, detail="": stage.twin.refusal(no, detail, request)  # noqa: E731

        def plain() -> Response:
            return self._plainly(stage, request, op, wrong)

        for fault in self.faults:
            if fault.fault in FAULTS and fault.strikes(stage.provider.name, name):
                log.info("%s %s: fault %s", stage.provider.name, name, fault.fault)
                first, places = partial(self._first_page, stage, request, op), getattr(stage.twin, "PLACES", {})
                scene = Scene(request, refuse, plain, first, places.get(name), op.waiting if op else None)
                return name, FAULTS[fault.fault](scene)
        return name, plain()

    @staticmethod
    def _is_document(stage: Stage, request: Request) -> bool:
        place = getattr(stage.twin, "DOCUMENTS", None)
        return place is not None and request.path.startswith(place)

    def _heard(self, stage: Stage, request: Request) -> tuple[Operation[Any] | None, str]:
        reworded = getattr(stage.twin, "reworded", None)
        try:
            return self._routes[stage.provider.name].match(reworded(request) if reworded else request), ""
        except Misasked as error:
            return None, str(error)

    def _first_page(self, stage: Stage, request: Request, op: Operation[Any] | None) -> Response | None:
        first = getattr(op, "first", None)
        return self._plainly(stage, request, first(), "") if first else None

    def _plainly(self, stage: Stage, request: Request, op: Operation[Any] | None, wrong: str) -> Response:
        memory = self._memory.setdefault(stage.provider.name, {})
        moment = Moment(stage.accounts[0], self.clock.now(), request, memory)
        special = getattr(stage.twin, "special", None)
        if special and (response := special(request, stage.accounts, moment)) is not None:
            return response  # type: ignore[no-any-return]
        count, left = self._count(stage, request, moment.now)
        try:
            response = self._allowed(stage, op, wrong, moment, over=self.limits and count > stage.twin.RATE[0])
        except Denied as denied:
            response = stage.twin.refusal(denied.no, denied.detail, request)
        if counted := getattr(stage.twin, "counted", None):
            response = counted(response, request, count, left)
        return response  # type: ignore[no-any-return]

    @staticmethod
    def _allowed(stage: Stage, op: Operation[Any] | None, wrong: str, moment: Moment, *, over: bool) -> Response:
        caller: Caller | None = stage.twin.caller(moment.request, stage.accounts, moment)
        if caller is None:
            raise Denied(No.UNAUTHORIZED)
        if over:
            raise Denied(No.RATE_LIMITED)
        if op is None:
            raise Denied(No.BAD_REQUEST, wrong) if wrong else Denied(No.NOT_FOUND)
        if not caller.allowed and op.permissions:
            raise Denied(No.FORBIDDEN, ", ".join(op.permissions))
        result = stage.twin.answer(op, moment._replace(account=caller.account))
        return result if isinstance(result, Response) else respond(result)

    def _count(self, stage: Stage, request: Request, now: datetime) -> tuple[int, int]:
        name = stage.provider.name
        whose = f"{name}/{request.headers.get(self._keys[name], '')}"
        return self._counters.setdefault(whose, Counter(stage.twin.RATE[1])).count(now)


def _key(stage: Stage) -> str:
    """Return the header in which a vendor's clients carry their credential."""
    signed = stage.provider.auth(stage.accounts[0].credentials, "").sign(Request("GET", "/"))
    return next(iter(signed.headers), "")
