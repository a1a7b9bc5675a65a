"""A small made-up API, and a driver for exchanges that sends nothing and sleeps never."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from billfold.model.errors import InvalidResponse
from billfold.wire import codec
from billfold.wire.auth import Auth, HeaderKey
from billfold.wire.codec import UNSET, DecimalText, Maybe, Record
from billfold.wire.exchange import ClientContext, ErrorDetails, send_operation
from billfold.wire.message import Failure, Request, Response, Wait
from billfold.wire.operation import Enveloped, Operation
from billfold.wire.paging import PagedOperation
from billfold.wire.rate import RateLimiter
from billfold.wire.waiting import Waiting

KEY = "key-7f3a-do-not-print"
JSON = {"content-type": "application/json"}


class Thing(Record):
    name: Maybe[str] = UNSET
    amount: Maybe[Decimal] = UNSET
    text: Maybe[DecimalText] = UNSET
    count: Maybe[int] = UNSET
    extra: Maybe[dict[str, Any]] = UNSET


class Page(Record):
    items: Maybe[list[int]] = UNSET
    next: Maybe[int] = UNSET
    total: Maybe[int] = UNSET


class GetThing(Operation[Thing], frozen=True, kw_only=True):
    """Get a thing."""

    path = "/things/{thing_id}"
    thing_id: str


class GetPart(Enveloped[Thing, str], frozen=True, kw_only=True):
    """Get the name inside a thing."""

    path = "/things/{thing_id}/parts/{part_id}"
    result_field = "name"
    thing_id: str
    part_id: str


class ThisThing(Operation[Thing], frozen=True, kw_only=True):
    """Get one's own thing."""

    path = "/things/me"


class FindThings(Operation[Thing], frozen=True, kw_only=True, rename="camel"):
    """Find things."""

    path = "/find"
    name_part: str | None = None
    since: datetime | None = None
    day: date | None = None
    most: int | None = None
    deep: bool | None = None
    kind: Literal["big", "small"] | None = None


class GetPaper(Operation[bytes], frozen=True, kw_only=True):
    """Get a thing on paper."""

    path = "/things/{thing_id}/paper"
    thing_id: str
    format: Literal["pdf", "csv"] = "pdf"


class SlowThing(Operation[Thing], frozen=True, kw_only=True):
    """Get a thing that is not ready at once."""

    path = "/slow"
    waiting = Waiting(
        field="name", pending_value="InProgress", first_delay_s=2.0, delay_factor=2.0, max_delay_s=8.0, timeout_s=30.0
    )


class ListThings(PagedOperation[Page, int], frozen=True, kw_only=True):
    """List things."""

    path = "/list"
    start: int = 0
    size: int = 10

    def items(self, page: Page) -> Sequence[int]:
        return codec.get_or(page.items, [])

    def first_operation(self) -> ListThings:
        return ListThings(size=self.size)

    def next_operation(self, page: Page) -> ListThings | None:
        following = codec.get_or(page.next, -1)
        return None if following < 0 else ListThings(start=following, size=self.size)

    def has_end_mark(self, page: Page) -> bool:
        return page.next is not UNSET

    def stated_total(self, page: Page) -> int | None:
        return codec.get_or(page.total, -1) if isinstance(page.total, int) else None


def problem(response: Response) -> ErrorDetails:
    try:
        record = codec.decode_record(response.body, Thing)
    except InvalidResponse:
        return ErrorDetails("no reason")
    return ErrorDetails(codec.get_or(record.name, "no reason"), request_id=response.headers.get("x-request-id"))


@dataclass
class Talk:
    """What an exchange asked for, in order."""

    requests: list[Request] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)


def line(auth: Auth | None = None, *, retries: int = 3, clock: Callable[[], float] = lambda: 1000.0) -> ClientContext:
    signed = auth or HeaderKey(KEY)
    return ClientContext(
        "vendor", signed, problem, clock=clock, jitter=lambda: 0.5, rate_limiter=RateLimiter(None), retries=retries
    )


def ok(body: object = b'{"name":"n"}', status: int = 200, **headers: str) -> Response:
    content = body if isinstance(body, bytes) else codec.encode_json(body)
    return Response(status, {**JSON, **{k.replace("_", "-"): v for k, v in headers.items()}}, content)


def talk(
    op: Operation[Any],
    replies: Iterable[Response | Failure],
    context: ClientContext | None = None,
    recorder: Talk | None = None,
) -> Response:
    """Drive one exchange with the replies given; ``said`` hears what was asked and how long was waited."""
    recorder, left = recorder if recorder is not None else Talk(), iter(replies)
    steps = send_operation(op, context or line())
    reply: Response | Failure | None = None
    while True:
        try:
            step = steps.send(reply)
        except StopIteration as done:
            response: Response = done.value
            return response
        if isinstance(step, Wait):
            recorder.waits.append(step.seconds)
            reply = None
        else:
            recorder.requests.append(step)
            reply = next(left)


def forever(reply: Response | Failure) -> Iterator[Response | Failure]:
    """Give the same reply again and again."""
    while True:
        yield reply
