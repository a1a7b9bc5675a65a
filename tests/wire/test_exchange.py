"""An exchange asks again where that may help, waits as it is told, and names what went wrong without any secret."""

from __future__ import annotations

import email.utils

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billfold.model.errors import (
    ApiError,
    APIStatusError,
    Forbidden,
    InvalidResponse,
    NotReady,
    RateLimited,
    ServerError,
    Unauthorized,
    Unreachable,
    error_for_status,
)
from billfold.transport.loop import InProcessTransport
from billfold.wire.exchange import RETRYABLE_STATUSES, ErrorDetails, decode_response, read_retry_after
from billfold.wire.message import Failure, Response
from billfold.wire.methods import Api, C, api_method
from billfold.wire.rate import MAX_WAIT_S, RateLimiter
from tests.wire.kit import JSON, KEY, GetThing, SlowThing, Talk, Thing, forever, line, ok, talk

ASK = GetThing(thing_id="1")
NOW = 1_700_000_000.0


def test_a_good_answer_is_returned_at_once_and_was_signed() -> None:
    recorder = Talk()
    assert talk(ASK, [ok()], recorder=recorder) == ok()
    assert [(instant.path, instant.headers["authorization"]) for instant in recorder.requests] == [
        ("/things/1", f"Bearer {KEY}")
    ]
    assert recorder.waits == []


@pytest.mark.parametrize("status", sorted(RETRYABLE_STATUSES))
def test_a_passing_refusal_is_asked_again_with_growing_pauses(status: int) -> None:
    recorder = Talk()
    assert talk(ASK, [ok(status=status), ok(status=status), ok()], recorder=recorder).status == 200
    assert recorder.waits == [0.5, 1.0]


@pytest.mark.parametrize("status", sorted(RETRYABLE_STATUSES))
def test_a_lasting_refusal_is_reported_after_the_retries(status: int) -> None:
    recorder = Talk()
    with pytest.raises(error_for_status(status)):
        talk(ASK, forever(ok(status=status)), line(retries=2), recorder)
    assert len(recorder.requests) == 3


@pytest.mark.parametrize("status", [300, 301, 302, 304, 400, 401, 403, 404, 405, 409, 410, 418, 422, 501, 505])
def test_any_other_refusal_is_reported_at_once(status: int) -> None:
    recorder = Talk()
    with pytest.raises(error_for_status(status)) as caught:
        talk(ASK, forever(ok(status=status)), recorder=recorder)
    assert (len(recorder.requests), recorder.waits, caught.value.status) == (1, [], status)


@pytest.mark.parametrize(
    ("location", "address"),
    [
        ("https://me:secret@api.example/v2/things?key=secret#secret", "https://api.example/v2/things"),
        ("/elsewhere", "/elsewhere"),
    ],
)
def test_a_redirect_says_where_it_leads_but_no_secret(location: str, address: str) -> None:
    """A redirect says where it leads, but no secret, and that base_url is wrong."""
    with pytest.raises(APIStatusError) as caught:
        talk(ASK, forever(ok(b"", status=302, location=location)))
    sentence = (
        f"vendor get_thing: the address redirects to {address}: correct base_url so that it leads there by itself"
    )
    assert str(caught.value) == f"{sentence} (HTTP 302)."


@pytest.mark.parametrize("location", ["", "https://[", "?key=secret"])
def test_a_redirect_to_nowhere_is_a_refusal(location: str) -> None:
    """A redirect that leads nowhere is a refusal as any other."""
    with pytest.raises(APIStatusError, match="no reason"):
        talk(ASK, forever(ok(b"", status=302, location=location)))


@pytest.mark.parametrize("status", [201, 202, 204, 206, 226])
def test_a_success_that_is_no_answer_is_unreadable(status: int) -> None:
    with pytest.raises(
        InvalidResponse, match=rf"^vendor get_thing: this is no answer to the question \(HTTP {status}\)\."
    ):
        talk(ASK, [ok(status=status)])


def test_the_error_keeps_the_answer_as_it_came() -> None:
    with pytest.raises(Forbidden) as caught:
        talk(ASK, [ok(b"\xff\x00", 403)])
    assert caught.value.response == ok(b"\xff\x00", 403)


def test_an_error_names_provider_operation_status_and_request() -> None:
    with pytest.raises(APIStatusError) as caught:
        talk(ASK, [ok({"name": "not now"}, 409, x_request_id="r-77")])
    assert str(caught.value).startswith("vendor get_thing: not now (HTTP 409, request r-77)")
    assert (caught.value.provider, caught.value.operation) == ("vendor", "get_thing")


def test_no_answer_is_asked_again_and_then_reported() -> None:
    recorder = Talk()
    with pytest.raises(Unreachable, match="vendor get_thing: the line is dead"):
        talk(ASK, forever(Failure("the line is dead")), recorder=recorder)
    assert len(recorder.requests) == 4


def test_a_failure_that_will_not_pass_is_asked_once() -> None:
    recorder = Talk()
    with pytest.raises(Unreachable, match="too big"):
        talk(ASK, [Failure("too big", retryable=False)], recorder=recorder)
    assert (len(recorder.requests), recorder.waits) == (1, [])


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_obeyed_to_the_second(status: int) -> None:
    recorder = Talk()
    talk(ASK, [ok(status=status, retry_after="17"), ok()], recorder=recorder)
    assert recorder.waits == [17.0]


@pytest.mark.parametrize("text", ["301", "86400", "9" * 400])
def test_a_wait_that_is_too_long_is_reported(text: str) -> None:
    """A vendor that asks for too long is reported instead of obeyed."""
    recorder = Talk()
    with pytest.raises(RateLimited) as caught:
        talk(ASK, [ok(status=429, retry_after=text)], recorder=recorder)
    assert recorder.waits == []
    assert caught.value.retry_after is not None
    assert caught.value.retry_after > MAX_WAIT_S


@pytest.mark.parametrize("text", ["", "0", "soon", "-5", "1.5", "Thu, 01 Jan 1970 00:00:01 GMT", "\x00", "1e3", "0x10"])
def test_an_unusable_retry_after_leaves_our_pauses(text: str) -> None:
    """A Retry-After that says nothing usable leaves our own pauses."""
    recorder = Talk()
    talk(ASK, [ok(status=429, retry_after=text), ok()], recorder=recorder)
    assert recorder.waits == [0.5]


@given(st.integers(0, 10**6))
def test_a_retry_after_date_counts_from_now(seconds: int) -> None:
    text = email.utils.formatdate(NOW + seconds, usegmt=True)
    assert read_retry_after(Response(429, {"retry-after": text}, b""), NOW) == seconds


@given(st.text(st.characters(codec="latin-1", exclude_categories=["No"]), max_size=30))
def test_any_retry_after_is_a_wait_or_nothing(text: str) -> None:
    pause = read_retry_after(Response(429, {"retry-after": text}, b""), NOW)
    assert pause is None or pause >= 0


@pytest.mark.parametrize("text", ["\u00b2", "Wed, 21 Oct 99999999999 07:28:00 GMT"])
def test_a_hostile_retry_after_is_ignored(text: str) -> None:
    assert read_retry_after(Response(429, {"retry-after": text}, b""), NOW) is None


def test_not_ready_yet_is_polled_as_declared() -> None:
    recorder = Talk()
    answers = [ok(status=202), ok({"name": "InProgress"}), ok(status=202), ok()]
    assert talk(SlowThing(), answers, recorder=recorder) == ok()
    assert recorder.waits == [2.0, 4.0, 8.0]


def test_polling_gives_up_within_its_deadline() -> None:
    """Polling gives up with a named error within its deadline."""
    recorder = Talk()
    with pytest.raises(NotReady, match=r"vendor slow_thing: still not ready after 30 s"):
        talk(SlowThing(), forever(ok(status=202)), recorder=recorder)
    assert recorder.waits == [2.0, 4.0, 8.0, 8.0, 8.0]


def test_each_poll_has_retries_of_its_own() -> None:
    answers = [ok(status=503), ok(status=202), ok(status=503), ok(status=503), ok(status=503), ok()]
    assert talk(SlowThing(), answers) == ok()


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 429, 500, 503])
def test_a_vendor_that_echoes_the_key_cannot_make_us_print_it(status: int) -> None:
    body = {"name": f"the key {KEY} is unknown, {KEY}!"}
    with pytest.raises(ApiError) as caught:
        talk(ASK, forever(ok(body, status, x_request_id=f"r-{KEY}")), line(retries=0))
    error = caught.value
    assert KEY not in f"{error} {error!r} {error.message} {error.request_id} {error.args}"
    assert "[secret]" in str(error)


def test_a_failure_that_names_the_key_cannot_make_us_print_it() -> None:
    with pytest.raises(Unreachable) as caught:
        talk(ASK, [Failure(f"bad header Bearer {KEY}", retryable=False)])
    assert KEY not in f"{caught.value!r}"


class ThingApi(Api[C]):
    """The API that has things."""

    get_thing = api_method(GetThing)


def ask_once(answer: Response) -> Thing:
    return ThingApi(InProcessTransport(lambda _: answer, line())).get_thing(thing_id=ASK.thing_id)


def test_an_unreadable_answer_cannot_make_us_print_a_key() -> None:
    """An unreadable answer that echoes the key cannot make us print it."""
    with pytest.raises(InvalidResponse) as caught:
        ask_once(ok(f"key {KEY}".encode()))
    assert KEY not in str(caught.value)


def test_an_unreadable_answer_names_its_operation() -> None:
    """An unreadable answer names provider, operation and status."""
    with pytest.raises(InvalidResponse) as caught:
        ask_once(ok(b"{"))
    assert (caught.value.provider, caught.value.operation, caught.value.status) == ("vendor", "get_thing", 200)


def test_a_vendors_words_are_one_printable_line() -> None:
    """A vendor's words are one line without control characters."""
    with pytest.raises(APIStatusError) as caught:
        talk(ASK, [ok({"name": "no\n\x1b[2J\x1b]0;owned\x07"}, 409)])
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(("status", "kind"), [(401, Unauthorized), (403, Forbidden)])
def test_a_refusal_for_good_ignores_a_retry_after(status: int, kind: type[APIStatusError]) -> None:
    """A refusal for good stays what it is beside a Retry-After."""
    with pytest.raises(kind):
        talk(ASK, forever(ok(status=status, retry_after="1")))


@pytest.mark.parametrize("status", [401, 403, 409, 501, 503])
def test_a_provider_may_read_a_refusal_as_rate_limiting(
    status: int,
) -> None:
    """A refusal that the provider reads as too many requests is rate limiting, whatever its status."""
    recorder, context = Talk(), line()
    context.read_error = lambda _: ErrorDetails("slow down", rate_limited=True)
    assert talk(ASK, [ok(status=status, retry_after="3"), ok()], context, recorder) == ok()
    assert recorder.waits == [3.0]
    with pytest.raises(RateLimited):
        talk(ASK, forever(ok(status=status, retry_after="3")), context)


@pytest.mark.parametrize("status", [501, 505])
def test_a_failure_with_a_time_is_asked_again_then(status: int) -> None:
    """Any failure that says when to come back is asked again then."""
    recorder = Talk()
    assert talk(ASK, [ok(status=status, retry_after="2"), ok()], recorder=recorder) == ok()
    assert recorder.waits == [2.0]


def test_a_used_budget_is_waited_for_before_the_request() -> None:
    context, recorder = line(), Talk()
    context.rate_limiter = RateLimiter(1.0)
    talk(ASK, [ok()], context, recorder)
    talk(ASK, [ok()], context, recorder)
    assert recorder.waits == [1.0]


def test_a_server_error_keeps_its_class_beside_a_retry_after() -> None:
    with pytest.raises(ServerError):
        talk(ASK, forever(ok(status=503, retry_after="1")))


def test_an_answer_that_cannot_be_read_is_kept_by_its_error() -> None:
    """Whoever reports it has the bytes that broke the contract."""
    response = Response(200, JSON, b'{"amount":"ten"}')
    with pytest.raises(InvalidResponse) as caught:
        decode_response(GetThing(thing_id="7"), response, line())
    assert caught.value.response == response
