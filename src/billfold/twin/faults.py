"""Faults on demand: what a vendor's bad day looks like from outside, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from billfold.model.errors import InvalidArgument
from billfold.providers import provider
from billfold.providers.twin_api import ApiFault, FieldMap
from billfold.twin import damage
from billfold.wire import codec
from billfold.wire.message import Request, Response
from billfold.wire.operation import operation_name
from billfold.wire.waiting import Waiting

RESTATEMENTS = ("restated-added", "restated-changed", "restated-split")
"""Faults that happen to the world itself: an issued invoice of the last closed month is restated, and so is the truth."""
DOCUMENT_OPERATION = "document"
"""The operation name of a download behind a pre-signed URL."""


@dataclass(frozen=True)
class FaultContext:
    """What a fault works on: the request, the vendor's own way to say no, and the answer that would have been given."""

    request: Request
    refuse_request: Callable[[ApiFault], Response]
    answer_request: Callable[[], Response]
    answer_first_page: Callable[[], Response | None]
    field_map: FieldMap | None = None
    waiting: Waiting | None = None

    def change_answer(self, change: Callable[[Any, FieldMap], None]) -> Response:
        """Return the answer with its JSON changed in the places that the vendor's twin names for this operation."""
        response = self.answer_request()
        if self.field_map is None or response.status != 200:
            return response
        tree = codec.parse_json(response.body)
        change(tree, self.field_map)
        return response._replace(body=codec.encode_json(tree))


Effect = Callable[[FaultContext], Response]


def _refuse_with(api_fault: ApiFault) -> Effect:
    return lambda context: context.refuse_request(api_fault)


def _limit_rate(headers: dict[str, str]) -> Effect:
    def refuse_limited(context: FaultContext) -> Response:
        response = context.refuse_request(ApiFault.RATE_LIMITED)
        other_headers = {name: value for name, value in response.headers.items() if name != "retry-after"}
        return response._replace(headers={**other_headers, **headers})

    return refuse_limited


def _answer_with(status: int, media_type: str, body: bytes) -> Effect:
    return lambda _: Response(status, {"content-type": media_type}, body)


def _answer_pending(context: FaultContext) -> Response:
    """Say that the answer is still being prepared, where its operation knows such a word."""

    def mark_pending(tree: Any, field_map: FieldMap) -> None:
        if context.waiting:
            damage.set_value(tree, context.waiting.field, context.waiting.pending_value)
            damage.set_value(tree, field_map.items, [])

    return context.change_answer(mark_pending)


def _cut_body(context: FaultContext) -> Response:
    response = context.answer_request()
    return response._replace(body=response.body[: len(response.body) // 2])


def _repeat_first_page(context: FaultContext) -> Response:
    """Answer with the list's first page again, whose next link then leads round."""
    return context.answer_first_page() or context.answer_request()


def _change_body(change: Callable[[bytes], bytes], media_type: str) -> Effect:
    def answer_changed(context: FaultContext) -> Response:
        response = context.answer_request()
        return response._replace(body=change(response.body)) if response.media_type == media_type else response

    return answer_changed


def _add_headers(headers: dict[str, str]) -> Effect:
    def answer_with_headers(context: FaultContext) -> Response:
        response = context.answer_request()
        return response._replace(headers={**response.headers, **headers})

    return answer_with_headers


def _redirect_to(url: str) -> Effect:
    return lambda _: Response(302, {"location": url, "content-type": "text/plain"}, b"")


def _change_json(change: Callable[[Any, FieldMap], None]) -> Effect:
    return lambda context: context.change_answer(change)


SERVER_ERROR_HTML = (
    b"<html><head><title>503 Service Unavailable</title></head><body><h1>503</h1>Backend is unhealthy</body></html>"
)
SIGN_IN_HTML = b"<html><body><form action='/login'>Please sign in</form></body></html>"

FAULTS: dict[str, Effect] = {
    "unauthorized": _refuse_with(ApiFault.UNAUTHORIZED),
    "token-expired": _refuse_with(ApiFault.UNAUTHORIZED),
    "forbidden": _refuse_with(ApiFault.FORBIDDEN),
    "not-found": _refuse_with(ApiFault.NOT_FOUND),
    "estimate-unavailable": _refuse_with(ApiFault.UNPROCESSABLE),
    "rate-limited": _limit_rate({"retry-after": "1"}),
    "rate-limited-silent": _limit_rate({}),
    "rate-limited-zero": _limit_rate({"retry-after": "0"}),
    "rate-limited-date": _limit_rate({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}),
    "rate-limited-huge": _limit_rate({"retry-after": "86400"}),
    "server-error": _refuse_with(ApiFault.SERVER_ERROR),
    "server-html": _answer_with(503, "text/html; charset=utf-8", SERVER_ERROR_HTML),
    "html-200": _answer_with(200, "text/html; charset=utf-8", SIGN_IN_HTML),
    "accepted-202": _answer_with(202, "application/json", b'{"title":"Accepted","status":"202"}'),
    "in-progress": _answer_pending,
    "cut-body": _cut_body,
    "looping-cursor": _repeat_first_page,
    "short-page": _change_json(damage.halve_page),
    "total-moving": _change_json(damage.raise_count),
    "item-moved": _change_json(damage.shift_items),
    "line-ids-changing": _change_json(damage.change_line_ids),
    "invoice-vanishing": _change_json(damage.remove_invoice),
    "total-off-by-a-cent": _change_json(damage.shift_total("0.01")),
    "total-off-by-a-lot": _change_json(damage.shift_total("1234.56")),
    "draft-finalized": _change_json(damage.finalize_drafts),
    "number-as-string": _change_json(damage.rewrite_amount(str)),
    "number-as-null": _change_json(damage.rewrite_amount(lambda _: None)),
    "number-tiny": _change_json(damage.rewrite_amount(lambda _: Decimal("1e-7"))),
    "number-negative-zero": _change_json(damage.rewrite_amount(lambda _: Decimal("-0"))),
    "number-25-digits": _change_json(damage.rewrite_amount(lambda _: Decimal("1234567890123.123456789012"))),
    "new-enum": _change_json(damage.invent_state),
    "renamed-field": _change_json(damage.rename_amount),
    "two-currencies": _change_json(damage.change_currency),
    "identical-lines": _change_json(damage.duplicate_line),
    "csv-bom": _change_body(lambda body: b"\xef\xbb\xbf" + body, "text/csv"),
    "csv-formula": _change_body(lambda body: body + b'=HYPERLINK("http://example.invalid"),,,,\n', "text/csv"),
    "csv-other-total": _change_body(damage.change_last_digit, "text/csv"),
    "document-expired": _answer_with(403, "application/xml", b"<Error><Code>AccessDenied</Code></Error>"),
    "document-empty": _answer_with(200, "application/pdf", b""),
    "document-html": _answer_with(200, "text/html", SIGN_IN_HTML),
    "document-truncated": _cut_body,
    "document-other-bytes": _change_body(lambda body: body + b"\n% another day\n", "application/pdf"),
    "document-redirect": _redirect_to("https://documents.example.invalid/invoice.pdf"),
    "document-redirect-private": _redirect_to("http://169.254.169.254/latest/meta-data"),
    "wrong-length": _add_headers({"x-twin-wire": "wrong-length"}),
    "reset-mid-body": _add_headers({"x-twin-wire": "reset"}),
    "slow-drip": _add_headers({"x-twin-wire": "drip"}),
    "gzip-bomb": lambda _: damage.make_gzip_bomb(),
    "contract-without-periods": _change_json(damage.remove_periods),
    "negative-wallet": _change_json(damage.overdraw_wallet),
}


@dataclass
class Fault:
    """A fault that is set: strikes the matching requests from number ``at`` on, ``times`` times."""

    provider: str
    fault: str
    operation: str | None = None
    at: int = 1
    times: int = 1
    match_count: int = 0
    change_count: int = 0

    def matches(self, provider: str, operation: str | None) -> bool:
        """Count a request, and tell whether this fault strikes it."""
        target_operation = self.operation or (DOCUMENT_OPERATION if self.fault.startswith("document-") else None)
        if (
            provider != self.provider
            or (target_operation and operation != target_operation)
            or (operation == DOCUMENT_OPERATION and not target_operation)
        ):
            return False
        self.match_count += 1
        return self.at <= self.match_count < self.at + self.times

    def as_dict(self) -> dict[str, object]:
        """Describe the fault: how many requests it saw, and how many answers are other than they would have been."""
        counts = {"match_count", "change_count"}
        fields = {name: value for name, value in vars(self).items() if name not in counts and value is not None}
        changes = {"changed": self.change_count} if self.match_count else {}
        return fields | {"seen": self.match_count} | changes


def parse_fault(settings: Mapping[str, object], provider_names: list[str]) -> Fault:
    """Read a fault to be set; raises ``InvalidArgument``."""
    fault_name = _choose_name(settings, "fault", [*FAULTS, *RESTATEMENTS])
    provider_name = _choose_name(settings, "provider", provider_names)
    if unknown := set(settings) - {"provider", "fault", "operation", "at", "times"}:
        raise InvalidArgument(f"a fault has no {min(unknown)!r}; it has provider, fault, operation, at and times")
    numbers = {key: settings[key] for key in ("at", "times") if key in settings}
    counts = {key: value for key, value in numbers.items() if type(value) is int and value >= 1}
    if counts.keys() != numbers.keys():
        raise InvalidArgument("at and times are whole numbers from 1")
    operation = settings.get("operation")
    if operation is not None and operation != DOCUMENT_OPERATION:
        operation = operation_name(provider.find_provider(provider_name).find_operation(str(operation)))
    return Fault(provider_name, fault_name, None if operation is None else str(operation), **counts)


def _choose_name(settings: Mapping[str, object], subject: str, names: list[str]) -> str:
    """Return a setting that is one of these names; raises ``InvalidArgument``."""
    name = settings.get(subject)
    if name not in names:
        raise InvalidArgument(f"there is no {subject} {name!r}; known are {', '.join(names)}")
    return str(name)
