"""What a fault does with a request: refuse it, answer something else, or change the answer that it would have had."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from billfold.model.bill import Bill
from billfold.model.period import Month
from billfold.providers.twin_api import ApiFault, FieldMap
from billfold.twin import damage
from billfold.wire import codec
from billfold.wire.message import Request, Response
from billfold.wire.operation import MEDIA_TYPES
from billfold.wire.waiting import Waiting


@dataclass(frozen=True)
class FaultContext:
    """What a fault works on: the request, the vendor's own way to say no, and the answer that would have been given.

    ``answer_other`` answers another request of the same caller, ``list_bills`` the caller's true bills; ``days`` are those that
    an invoice is late, ``month`` is that of the invoice (None: the newest).
    """

    request: Request
    refuse_request: Callable[[ApiFault], Response]
    answer_request: Callable[[], Response]
    answer_first_page: Callable[[], Response | None]
    answer_other: Callable[[Request], Response]
    list_bills: Callable[[], list[Bill]]
    now: datetime
    field_map: FieldMap | None = None
    waiting: Waiting | None = None
    days: int = 0
    month: Month | None = None

    def change_answer(self, change: damage.JsonChange) -> Response:
        """Return the answer with its JSON changed in the places that the vendor's twin names for this operation."""
        return self.change_response(self.answer_request(), change)

    def change_response(self, response: Response, change: damage.JsonChange) -> Response:
        """Return a response with its JSON changed; as it is where it has no places, or is a refusal."""
        if self.field_map is None or response.status != 200 or response.media_type != MEDIA_TYPES["json"]:
            return response
        tree = codec.parse_json(response.body)
        change(tree, self.field_map)
        return response._replace(body=codec.encode_json(tree))


Effect = Callable[[FaultContext], Response]


@dataclass(frozen=True)
class JsonFault:
    """Changes an answer's JSON; it can act where the vendor's twin names all of these fields of ``FieldMap``."""

    change: damage.JsonChange
    fields: tuple[str, ...] = ("items",)

    def __call__(self, context: FaultContext) -> Response:
        """Return the answer, changed."""
        return context.change_answer(self.change)


@dataclass(frozen=True)
class BodyFault:
    """Changes the body of an answer that is of one media type."""

    change: Callable[[bytes], bytes]
    media_type: str

    def __call__(self, context: FaultContext) -> Response:
        """Return the answer, changed."""
        response = context.answer_request()
        return (
            response._replace(body=self.change(response.body)) if response.media_type == self.media_type else response
        )


def refuse_with(api_fault: ApiFault) -> Effect:
    """Say no, as the vendor does."""
    return lambda context: context.refuse_request(api_fault)


def limit_rate(headers: dict[str, str]) -> Effect:
    """Say that there were too many requests, with these headers."""

    def refuse_limited(context: FaultContext) -> Response:
        response = context.refuse_request(ApiFault.RATE_LIMITED)
        other_headers = {name: value for name, value in response.headers.items() if name != "retry-after"}
        return response._replace(headers={**other_headers, **headers})

    return refuse_limited


def answer_with(status: int, media_type: str, body: bytes) -> Effect:
    """Answer this, whatever was asked."""
    return lambda _: Response(status, {"content-type": media_type}, body)


def answer_pending(context: FaultContext) -> Response:
    """Say that the answer is still being prepared, where its operation knows such a word."""

    def mark_pending(tree: Any, field_map: FieldMap) -> None:
        if context.waiting:
            damage.set_value(tree, context.waiting.field, context.waiting.pending_value)
            damage.set_value(tree, field_map.items, [])

    return context.change_answer(mark_pending)


def cut_body(context: FaultContext) -> Response:
    """Answer with half of the body."""
    response = context.answer_request()
    return response._replace(body=response.body[: len(response.body) // 2])


def repeat_first_page(context: FaultContext) -> Response:
    """Answer with the list's first page again, whose next link then leads round."""
    return context.answer_first_page() or context.answer_request()


def add_headers(headers: dict[str, str]) -> Effect:
    """Answer with more headers, or with others of these names."""

    def answer_with_headers(context: FaultContext) -> Response:
        response = context.answer_request()
        return response._replace(headers={**response.headers, **headers})

    return answer_with_headers


def redirect_to(url: str) -> Effect:
    """Lead elsewhere."""
    return lambda _: Response(302, {"location": url, "content-type": "text/plain"}, b"")
