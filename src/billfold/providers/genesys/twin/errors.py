"""How Genesys Cloud says no: an ErrorBody with the vendor's code and message, and the number of the request."""

from __future__ import annotations

import hashlib
import re
from uuid import UUID

from billfold.providers.genesys.records import ErrorBody, Limit
from billfold.providers.twin_api import ApiFault, RateLimit
from billfold.wire.answer import build_response
from billfold.wire.auth import read_bearer_token
from billfold.wire.codec import UNSET
from billfold.wire.message import Request, Response

RATE_LIMIT = RateLimit(300, 60.0)


def request_number_of(request: Request) -> str:
    """Return a request's number: the same question has the same, so that a story can be told twice."""
    digest = hashlib.sha256(f"{request.method} {request.path} {request.query}".encode()).digest()
    return str(UUID(bytes=digest[:16], version=4))


ERROR_RESPONSES: dict[str, tuple[int, str]] = {
    "bad.request": (400, "The request could not be understood by the server due to malformed syntax."),
    "invalid.date": (400, "Dates must be specified as ISO-8601 strings. For example: yyyy-MM-ddTHH:mm:ss.SSSZ"),
    "invalid.value": (400, "Value [{}] is not valid for field type [{}]. Allowable values are: {}"),
    "authentication.required": (401, "No authentication bearer token specified in authorization header."),
    "bad.credentials": (401, "Invalid login credentials."),
    "credentials.expired": (401, "The supplied credentials are expired and cannot be used."),
    "missing.any.permissions": (
        403,
        "Unable to perform the requested action. You must have at least one of the following permissions assigned: [{}]",
    ),
    "not.found": (404, "The requested resource was not found."),
    "method.not.allowed": (
        405,
        "The requested method is not allowed for this resource.",
    ),  # GUESS: its code and its text
    "too.many.requests.retry.after": (429, "Rate limit exceeded the maximum. Retry the request in [{}] seconds"),
    "internal.server.error": (
        500,
        "The server encountered an unexpected condition which prevented it from fulfilling the request.",
    ),
    "service.unavailable": (
        503,
        "Service Unavailable - The server is currently unavailable (because it is overloaded or down for maintenance).",
    ),
}
FAULT_CODES = {
    ApiFault.FORBIDDEN: "missing.any.permissions",
    ApiFault.NOT_FOUND: "not.found",
    ApiFault.METHOD_NOT_ALLOWED: "method.not.allowed",
    ApiFault.RATE_LIMITED: "too.many.requests.retry.after",
    ApiFault.SERVER_ERROR: "internal.server.error",
    ApiFault.UNAVAILABLE: "service.unavailable",
}


def refuse_request(fault: ApiFault, detail: str = "", request: Request | None = None) -> Response:
    """Say no with an ErrorBody: the vendor's code and message, and the number of the request."""
    refused_request = request or Request("GET", "/")
    code, message, message_params = _describe_fault(fault, detail, refused_request)
    request_number = request_number_of(refused_request)
    status = ERROR_RESPONSES[code][0]
    body = ErrorBody(
        message=message,
        code=code,
        status=status,
        message_params=message_params or UNSET,
        context_id=request_number,
        details=[],
        errors=[],
        limit=_make_limit() if status == 429 else UNSET,
    )
    retry_headers = {"retry-after": message_params["retryAfter"]} if status == 429 else {}
    return build_response(body, status=status, headers={"inin-correlation-id": request_number, **retry_headers})


def _make_limit() -> Limit:
    # GUESS: which key goes with which namespace
    return Limit(key="client.credentials.token.rate.per.minute", namespace="platform.api", value=RATE_LIMIT.requests)


def _describe_fault(fault: ApiFault, detail: str, request: Request) -> tuple[str, str, dict[str, str]]:
    if fault in {ApiFault.BAD_REQUEST, ApiFault.UNPROCESSABLE}:
        return _describe_bad_parameter(detail, request)
    if fault is ApiFault.UNAUTHORIZED:
        default_code = "bad.credentials" if read_bearer_token(request.headers) else "authentication.required"
        code = detail or default_code
        return code, ERROR_RESPONSES[code][1], {}
    code = FAULT_CODES[fault]
    if fault is ApiFault.FORBIDDEN:
        permissions = detail or "billing:subscription:view"
        return code, ERROR_RESPONSES[code][1].format(permissions), {"permissions": f"[{permissions}]"}
    if fault is ApiFault.RATE_LIMITED:
        seconds = detail or str(int(RATE_LIMIT.window_s))
        return code, ERROR_RESPONSES[code][1].format(seconds), {"retryAfter": seconds}
    return code, ERROR_RESPONSES[code][1], {}


def format_invalid_value(value: object, field: str, allowed: str) -> str:
    """Write in a refusal's detail what is wrong with a parameter."""
    return "\x1f".join(("invalid.value", field, allowed, str(value)))


def _describe_bad_parameter(detail: str, request: Request) -> tuple[str, str, dict[str, str]]:
    """Say what is wrong with a parameter, out of our own words or those of the reader of questions."""
    code, *value_parts = detail.split("\x1f", 3)
    if code == "invalid.value":
        field, allowed, value = value_parts
        message_params = {"value": value, "type": field, "allowableValues": allowed}
        return code, ERROR_RESPONSES[code][1].format(*message_params.values()), message_params
    if code == "invalid.date" or re.search(r"RFC3339|date", detail):
        return "invalid.date", ERROR_RESPONSES["invalid.date"][1], {}
    if field_match := re.search(r"(?:Invalid enum value|Expected `int).*`\$\.(\w+)`", detail):
        field, allowed = (
            field_match[1],
            "Active, Inactive" if field_match[1] == "status" else "whole numbers",
        )  # GUESS: the latter
        return _describe_bad_parameter(
            format_invalid_value(dict(request.query).get(field, ""), field, allowed), request
        )
    return "bad.request", ERROR_RESPONSES["bad.request"][1], {}
