"""The asking end: one exchange, from an operation to a good response, as a generator that does no I/O.

It yields a ``Request`` (and is sent a ``Response`` or a ``Failure``) or a ``Wait`` (and is sent None). Retries, rate
limits, logging in and polling all live here; whoever drives it only sends and sleeps.
"""

from __future__ import annotations

import email.utils
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlsplit, urlunsplit

from billfold.model.errors import (
    ApiError,
    APIStatusError,
    InvalidResponse,
    NotReady,
    RateLimited,
    Unreachable,
    error_for_status,
)
from billfold.wire.auth import Auth
from billfold.wire.message import Failure, Request, Response, Wait
from billfold.wire.operation import Operation, build_request, operation_name, read_response
from billfold.wire.rate import MAX_WAIT_S, RateLimiter
from billfold.wire.scrub import scrub_secrets

R = TypeVar("R")
S = TypeVar("S")
T = TypeVar("T")
Exchange = Generator["Request | Wait", "Response | Failure | None", Response]
RETRYABLE_STATUSES = {408, 429, 500, 502, 503, 504}


class ErrorDetails(NamedTuple):
    """A vendor's error; ``rate_limited`` if its text means too many requests, whatever its status."""

    message: str
    code: str | None = None
    request_id: str | None = None
    rate_limited: bool = False


@dataclass
class ClientContext:
    """What an exchange needs beside the operation; time and chance are handed in."""

    provider: str
    auth: Auth
    read_error: Callable[[Response], ErrorDetails]
    clock: Callable[[], float]
    jitter: Callable[[], float]
    rate_limiter: RateLimiter = field(default_factory=lambda: RateLimiter(None))
    retries: int = 4


def send_operation(op: Operation[Any], context: ClientContext) -> Exchange:
    """Ask until a good response comes; raises an ``ApiError`` that names provider, operation, status and request."""
    with name_errors(context, operation_name(op)):
        return (yield from _send_until_ready(op, context))


def drive_exchange(steps: Generator[S, T | None, R], perform_step: Callable[[S], T | None]) -> R:
    """Return what an exchange comes to; ``perform_step`` takes each of its steps, and returns what is sent back."""
    reply: T | None = None
    while True:
        try:
            step = steps.send(reply)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]
        reply = perform_step(step)


def decode_response(
    op: Operation[R],
    response: Response,
    context: ClientContext,
    read: Callable[[Operation[R], Response], R] = read_response,
) -> R:
    """Read a good response; raises ``InvalidResponse`` that names provider and operation and holds no secret.

    The error keeps the response as it came, as a refusal does.
    """
    with name_errors(context, operation_name(op)):
        try:
            return read(op, response)
        except InvalidResponse as error:
            error.status, error.response = error.status or response.status, response
            raise


@contextmanager
def name_errors(context: ClientContext, operation: str = "") -> Iterator[None]:
    """Name the provider, and the operation where none is named yet, in an ``ApiError``, and take secrets out of it."""
    try:
        yield
    except ApiError as error:
        full_error = _complete_error(error, operation, context)
        full_error.response = error.response
        raise full_error from error.__cause__


def _complete_error(error: ApiError, operation: str, context: ClientContext) -> ApiError:
    secrets = context.auth.secrets
    return type(error)(
        scrub_secrets(error.message, secrets),
        provider=context.provider,
        operation=error.operation or operation,
        status=error.status,
        request_id=scrub_secrets(error.request_id, secrets) if error.request_id else None,
        code=scrub_secrets(error.code, secrets) if error.code else None,
        retry_after=error.retry_after,
        advice=error.advice,
    )


def _send_until_ready(op: Operation[Any], context: ClientContext) -> Exchange:
    delays = op.waiting.iter_delays() if op.waiting else iter(())
    while True:
        response = yield from _send_with_retries(op, context)
        if not op.waiting or not op.waiting.is_pending(response):
            return response
        delay = next(delays, None)
        if delay is None:
            raise NotReady(f"still not ready after {op.waiting.timeout_s:g} s", status=response.status)
        yield Wait(delay, "the vendor is preparing the answer")


def _send_with_retries(op: Operation[Any], context: ClientContext) -> Exchange:
    delays = _iter_retry_delays(context)
    while True:
        try:
            return (yield from _send_once(op, context))
        except _RetryableError as passing:
            delay = next(delays, None)
            if delay is None or passing.retry_after > MAX_WAIT_S:
                raise passing.error from passing.error.__cause__
            yield Wait(passing.retry_after or delay, scrub_secrets(str(passing.error), context.auth.secrets))


class _RetryableError(Exception):
    def __init__(self, error: ApiError, retry_after: float = 0.0) -> None:
        self.error, self.retry_after = error, retry_after
        super().__init__()


def _iter_retry_delays(context: ClientContext) -> Iterator[float]:
    return (0.5 * 2.0**attempt * (0.75 + context.jitter() / 2) for attempt in range(context.retries))


def _send_once(op: Operation[Any], context: ClientContext) -> Exchange:
    for attempt in (1, 2):
        yield from _log_in(context)
        response = yield from _send_request(context.auth.sign_request(build_request(op)), context)
        if response.status == 401 and attempt == 1 and context.auth.forget_token():
            continue
        if response.status == 200 or (response.status == 202 and op.waiting):
            return response
        raise _error_for_response(response, context)
    raise AssertionError("the second attempt returns or raises")


def _log_in(context: ClientContext) -> Generator[Request | Wait, Response | Failure | None, None]:
    """Log in where that is needed; what may pass is asked again as any other question is."""
    steps, reply = context.auth.log_in(context.clock()), None
    while True:
        try:
            request = steps.send(reply)
        except StopIteration:
            return
        except ApiError as error:
            if isinstance(reply, Failure) and reply.retryable:
                raise _RetryableError(error) from None
            if isinstance(reply, Response) and reply.status in RETRYABLE_STATUSES:
                error.retry_after = read_retry_after(reply, context.clock())
                raise _RetryableError(error, error.retry_after or 0.0) from None
            raise
        reply = yield from _send_within_rate(request, context)


def _send_within_rate(
    request: Request, context: ClientContext
) -> Generator[Request | Wait, Response | Failure | None, Response | Failure]:
    if delay := context.rate_limiter.reserve_slot(context.clock()):
        yield Wait(delay, "keeping to the rate limit")
    reply = yield request
    assert reply is not None
    return reply


def _send_request(request: Request, context: ClientContext) -> Exchange:
    reply = yield from _send_within_rate(request, context)
    if isinstance(reply, Failure):
        error = Unreachable(scrub_secrets(reply.reason, context.auth.secrets), advice=reply.cure)
        error.__cause__ = reply.cause
        raise _RetryableError(error) if reply.retryable else error
    return reply


def _error_for_response(response: Response, context: ClientContext) -> Exception:
    if response.status < 300:
        return InvalidResponse("this is no answer to the question", status=response.status)
    details = context.read_error(response)
    retry_after = read_retry_after(response, context.clock())
    rate_limited = retry_after is not None and response.status < 500 and response.status not in {401, 403}
    error_type = RateLimited if rate_limited or details.rate_limited else error_for_status(response.status)
    retryable = (
        response.status in RETRYABLE_STATUSES
        or error_type is RateLimited
        or (retry_after is not None and response.status >= 500)
    )
    error: APIStatusError = error_type(
        _describe_redirect(response) or details.message,
        status=response.status,
        code=details.code,
        request_id=details.request_id,
        retry_after=retry_after,
    )
    error.response = response
    return _RetryableError(error, retry_after or 0.0) if retryable else error


def _describe_redirect(response: Response) -> str:
    """Say where a redirect leads to, without what may be secret in it; nothing of any other answer."""
    location = response.headers.get("location", "") if 300 <= response.status < 400 else ""
    try:
        parts = urlsplit(location)
        address = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
    except ValueError:
        return ""
    return f"the address redirects to {address}: correct base_url so that it leads there by itself" if address else ""


def read_retry_after(response: Response, now: float) -> float | None:
    """Return the seconds that Retry-After states (a number or a date), or None if it holds nothing usable."""
    text = response.headers.get("retry-after", "").strip()
    if not text:
        return None
    if text.isascii() and text.isdigit():
        return float(text[:12])
    try:
        return max(email.utils.parsedate_to_datetime(text).timestamp() - now, 0.0)
    except (ValueError, OverflowError):
        return None
