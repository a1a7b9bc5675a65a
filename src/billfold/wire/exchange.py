"""The asking end: one exchange, from an operation to a good response, as a generator that does no I/O.

It yields a ``Request`` (and is sent a ``Response`` or a ``Failure``) or a ``Wait`` (and is sent None). Retries, rate
limits, logging in and polling all live here; whoever drives it only sends and sleeps.
"""

from __future__ import annotations

import email.utils
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlsplit, urlunsplit

from billfold.model.errors import ApiError, NotReady, RateLimited, Refused, Unreachable, Unreadable, refused_as
from billfold.wire.auth import Auth, scrub
from billfold.wire.message import Failure, Request, Response, Wait
from billfold.wire.operation import Operation, name_of, read, request

R = TypeVar("R")
S = TypeVar("S")
T = TypeVar("T")
Exchange = Generator["Request | Wait", "Response | Failure | None", Response]
PASSING = {408, 429, 500, 502, 503, 504}
LONGEST_WAIT = 300.0
"""Seconds; a vendor that asks for more is reported instead of obeyed."""


class Problem(NamedTuple):
    """What a vendor's error says; ``limited`` where its words mean too many requests, whatever its status."""

    message: str
    code: str | None = None
    request_id: str | None = None
    limited: bool = False


@dataclass
class Pace:
    """A request budget: at most ``per_second`` in any second, so evenly spread; nothing is saved up.

    Several threads may share it.
    """

    per_second: float | None
    _free: float = 0.0
    _turn: Lock = field(default_factory=Lock)

    def due(self, now: float) -> float:
        """Return the seconds to wait before the next request, and count it."""
        if not self.per_second:
            return 0.0
        with self._turn:
            if self._free - now > LONGEST_WAIT:
                self._free = now  # the clock was set back
            due = max(self._free, now)
            self._free = due + 1.0 / self.per_second
        return due - now


@dataclass
class Line:
    """What an exchange needs beside the operation; time and chance are handed in."""

    provider: str
    auth: Auth
    problem: Callable[[Response], Problem]
    clock: Callable[[], float]
    chance: Callable[[], float]
    pace: Pace = field(default_factory=lambda: Pace(None))
    retries: int = 4


def exchange(op: Operation[Any], line: Line) -> Exchange:
    """Ask until a good response comes; raises an ``ApiError`` that names provider, operation, status and request."""
    with naming(line, name_of(op)):
        return (yield from _until_ready(op, line))


def driven(steps: Generator[S, T | None, R], act: Callable[[S], T | None]) -> R:
    """Return what an exchange comes to; ``act`` takes each of its steps, and returns what is sent back."""
    reply: T | None = None
    while True:
        try:
            step = steps.send(reply)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]
        reply = act(step)


def understood(op: Operation[R], response: Response, line: Line) -> R:
    """Read a good response; raises ``Unreadable`` that names provider and operation and holds no secret."""
    with naming(line, name_of(op)):
        try:
            return read(op, response)
        except Unreadable as error:
            error.status = error.status or response.status
            raise


@contextmanager
def naming(line: Line, operation: str = "") -> Iterator[None]:
    """Name the provider, and the operation where none is named yet, in an ``ApiError``, and take secrets out of it."""
    try:
        yield
    except ApiError as error:
        named = _named(error, operation, line)
        named.answer = error.answer
        raise named from error.__cause__


def _named(error: ApiError, operation: str, line: Line) -> ApiError:
    return type(error)(
        scrub(error.message, line.auth.secrets),
        provider=line.provider,
        operation=error.operation or operation,
        status=error.status,
        request_id=scrub(error.request_id, line.auth.secrets) if error.request_id else None,
        code=error.code,
        retry_after=error.retry_after,
    )


def _until_ready(op: Operation[Any], line: Line) -> Exchange:
    delays = op.waiting.delays() if op.waiting else iter(())
    while True:
        response = yield from _until_answered(op, line)
        if not op.waiting or not op.waiting.not_yet(response):
            return response
        delay = next(delays, None)
        if delay is None:
            raise NotReady(f"still not ready after {op.waiting.within:g} s", status=response.status)
        yield Wait(delay, "the vendor is preparing the answer")


def _until_answered(op: Operation[Any], line: Line) -> Exchange:
    again = _pauses(line)
    while True:
        try:
            return (yield from _once(op, line))
        except _Passing as passing:
            pause = next(again, None)
            if pause is None or passing.after > LONGEST_WAIT:
                raise passing.error from None
            yield Wait(passing.after or pause, scrub(str(passing.error), line.auth.secrets))


class _Passing(Exception):
    def __init__(self, error: ApiError, after: float = 0.0) -> None:
        self.error, self.after = error, after
        super().__init__()


def _pauses(line: Line) -> Iterator[float]:
    return (0.5 * 2.0**n * (0.75 + line.chance() / 2) for n in range(line.retries))


def _once(op: Operation[Any], line: Line) -> Exchange:
    for attempt in (1, 2):
        yield from _logged_in(line)
        response = yield from _send(line.auth.sign(request(op)), line)
        if response.status == 401 and attempt == 1 and line.auth.forget():
            continue
        if response.status == 200 or (response.status == 202 and op.waiting):
            return response
        raise _refusal(response, line)
    raise AssertionError("the second attempt returns or raises")


def _logged_in(line: Line) -> Generator[Request | Wait, Response | Failure | None, None]:
    """Log in where that is needed; what may pass is asked again as any other question is."""
    steps, reply = line.auth.login(line.clock()), None
    while True:
        try:
            question = steps.send(reply)
        except StopIteration:
            return
        except ApiError as error:
            if isinstance(reply, Failure) and reply.again:
                raise _Passing(error) from None
            if isinstance(reply, Response) and reply.status in PASSING:
                error.retry_after = retry_after(reply, line.clock())
                raise _Passing(error, error.retry_after or 0.0) from None
            raise
        reply = yield from _paced(question, line)


def _paced(question: Request, line: Line) -> Generator[Request | Wait, Response | Failure | None, Response | Failure]:
    if pause := line.pace.due(line.clock()):
        yield Wait(pause, "keeping to the rate limit")
    reply = yield question
    assert reply is not None
    return reply


def _send(question: Request, line: Line) -> Exchange:
    reply = yield from _paced(question, line)
    if isinstance(reply, Failure):
        error = Unreachable(scrub(reply.why, line.auth.secrets))
        raise _Passing(error) if reply.again else error
    return reply


def _refusal(response: Response, line: Line) -> Exception:
    if response.status < 300:
        return Unreadable("this is no answer to the question", status=response.status)
    problem = line.problem(response)
    after = retry_after(response, line.clock())
    limited = after is not None and response.status < 500 and response.status not in {401, 403}
    kind = RateLimited if limited or problem.limited else refused_as(response.status)
    passes = response.status in PASSING or kind is RateLimited or (after is not None and response.status >= 500)
    error: Refused = kind(
        _moved(response) or problem.message,
        status=response.status,
        code=problem.code,
        request_id=problem.request_id,
        retry_after=after,
    )
    error.answer = response
    return _Passing(error, after or 0.0) if passes else error


def _moved(response: Response) -> str:
    """Say where a redirect leads to, without what may be secret in it; nothing of any other answer."""
    where = response.headers.get("location", "") if 300 <= response.status < 400 else ""
    try:
        parts = urlsplit(where)
        address = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
    except ValueError:
        return ""
    return f"the address redirects to {address}: correct base_url so that it leads there by itself" if address else ""


def retry_after(response: Response, now: float) -> float | None:
    """Return the seconds that Retry-After asks for (a number or a date), or None where it says nothing usable."""
    text = response.headers.get("retry-after", "").strip()
    if not text:
        return None
    if text.isascii() and text.isdigit():
        return float(text[:12])
    try:
        return max(email.utils.parsedate_to_datetime(text).timestamp() - now, 0.0)
    except (ValueError, OverflowError):
        return None
