"""Credentials sign requests, tokens are fetched when needed and no sooner, and no secret is printed."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billfold.model.errors import (
    ApiError,
    ConfigurationError,
    InvalidResponse,
    RateLimited,
    ServerError,
    Unauthorized,
    Unreachable,
)
from billfold.wire.auth import ClientCredentials, HeaderKey, read_basic_pair, read_bearer_token
from billfold.wire.message import Failure, Request, Response
from billfold.wire.rate import RateLimiter
from tests.wire.kit import GetThing, Talk, forever, line, ok, talk

ASK = GetThing(thing_id="1")
SECRET = "client-secret-91"
URL = "https://login.example/oauth/token"
WORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


def client() -> ClientCredentials:
    return ClientCredentials("me", SECRET, token_url=URL)


def token(text: str = "token-1", **more: object) -> Response:
    return ok({"access_token": text, **more})


def test_a_key_travels_in_its_header() -> None:
    signed = HeaderKey("k", header="fastly-key", prefix="").sign_request(Request("GET", "/", headers={"accept": "x"}))
    assert signed.headers == {"accept": "x", "fastly-key": "k"}
    assert HeaderKey("k").forget_token() is False


def test_a_request_does_not_show_what_it_carries() -> None:
    signed = HeaderKey(SECRET).sign_request(Request("POST", "/", body=SECRET.encode()))
    assert SECRET not in f"{signed} {signed!r}"


def test_a_token_is_used_until_a_minute_before_its_end() -> None:
    """A token is fetched once and used until a minute before its end."""
    now = [0.0]
    context, recorder = line(client(), clock=lambda: now[0]), Talk()
    talk(ASK, [token(expires_in=3600), ok()], context, recorder)
    now[0] = 3539.0
    talk(ASK, [ok()], context, recorder)
    now[0] = 3540.0
    talk(ASK, [token("token-2", expires_in=3600), ok()], context, recorder)
    assert [request.path for request in recorder.requests] == [URL, "/things/1", "/things/1", URL, "/things/1"]
    assert recorder.requests[-1].headers["authorization"] == "Bearer token-2"


@pytest.mark.parametrize("expires", [None, 0, -5, 10**12, 10**30, 10**400])
def test_any_expiry_gives_a_token_that_is_used_at_least_once(expires: int | None) -> None:
    assert talk(ASK, [token(expires_in=expires), ok()], line(client())) == ok()


def test_the_login_carries_the_pair_and_nothing_else_does() -> None:
    recorder = Talk()
    talk(ASK, [token(), ok()], line(client()), recorder)
    login, question = recorder.requests
    assert (login.method, login.body) == ("POST", b"grant_type=client_credentials")
    assert login.headers["authorization"] == "Basic " + base64.b64encode(f"me:{SECRET}".encode()).decode()
    assert SECRET not in str(question.headers)


def test_a_token_that_no_longer_counts_is_renewed_once() -> None:
    recorder = Talk()
    assert talk(ASK, [token(), ok(status=401), token("token-2"), ok()], line(client()), recorder) == ok()
    assert recorder.requests[-1].headers["authorization"] == "Bearer token-2"


def test_a_new_token_that_does_not_help_is_reported() -> None:
    with pytest.raises(Unauthorized):
        talk(ASK, [token(), ok(status=401), token(), ok(status=401)], line(client()))


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_refused_login_is_unauthorized(status: int) -> None:
    with pytest.raises(Unauthorized, match="the login was refused") as caught:
        talk(ASK, [ok({"error": SECRET}, status)], line(client()))
    assert (caught.value.operation, caught.value.provider, caught.value.status) == ("login", "vendor", status)


@pytest.mark.parametrize("status", [200, 400])
def test_a_login_that_echoes_the_secret_cannot_make_us_print_it(status: int) -> None:
    login = ClientCredentials("me", SECRET, token_url=URL, describe_refusal=lambda response: response.body.decode())
    with pytest.raises(ApiError) as caught:
        talk(ASK, [ok(f"no {SECRET}".encode(), status)], line(login))
    assert SECRET not in f"{caught.value!r}"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"null",
        b"[]",
        b'{"access_token":[5]}',
        b'{"access_token":null}',
        b'{"access_token":" "}',
        b'{"access_token":""}',
        b"\xff",
    ],
)
def test_a_login_without_a_token_is_unreadable(body: bytes) -> None:
    with pytest.raises(InvalidResponse, match="holds no token"):
        talk(ASK, [ok(body)], line(client()))


def test_a_login_that_does_not_answer_is_unreachable() -> None:
    with pytest.raises(Unreachable, match="the login did not answer"):
        talk(ASK, forever(Failure("down")), line(client()))


@pytest.mark.parametrize(
    ("hiccup", "waits"),
    [
        (Failure("reset"), [0.5, 1.0]),
        (ok(status=500), [0.5, 1.0]),
        (ok(status=503, retry_after="7"), [7.0, 7.0]),
        (ok(status=429, retry_after="1"), [1.0, 1.0]),
        (ok(status=429), [0.5, 1.0]),
    ],
)
def test_a_login_is_asked_again_where_that_may_help(hiccup: Response | Failure, waits: list[float]) -> None:
    recorder = Talk()
    assert talk(ASK, [hiccup, hiccup, token(), ok()], line(client()), recorder) == ok()
    assert recorder.waits == waits


@pytest.mark.parametrize(
    ("lasting", "kind", "sentence"),
    [
        (Failure("reset"), Unreachable, "vendor login: the login did not answer: reset"),
        (ok(status=503), ServerError, r"^vendor login: the login failed \(HTTP 503\)\. Try again later\.$"),
        (ok(status=429), RateLimited, "vendor login: too many logins"),
        (ok(status=429, retry_after="2"), RateLimited, "vendor login: too many logins"),
    ],
)
def test_a_login_that_fails_for_long_is_named_after_the_retries(
    lasting: Response | Failure, kind: type[ApiError], sentence: str
) -> None:
    recorder = Talk()
    with pytest.raises(kind, match=sentence):
        talk(ASK, forever(lasting), line(client(), retries=2), recorder)
    assert [request.path for request in recorder.requests] == [URL] * 3


@pytest.mark.parametrize("lasting", [ok(status=404), ok(status=302), Failure("no host", retryable=False)])
def test_a_login_that_will_not_pass_is_asked_once(lasting: Response | Failure) -> None:
    recorder = Talk()
    with pytest.raises(Unreachable):
        talk(ASK, forever(lasting), line(client()), recorder)
    assert len(recorder.requests) == 1


def test_a_login_with_too_long_a_wait_is_reported() -> None:
    """A login that is told to wait too long is reported with the wait."""
    recorder = Talk()
    with pytest.raises(RateLimited) as caught:
        talk(ASK, forever(ok(status=429, retry_after="86400")), line(client()), recorder)
    assert (caught.value.retry_after, recorder.waits) == (86400.0, [])


def test_a_login_keeps_to_the_rate_limit_as_any_question() -> None:
    context, recorder = line(client()), Talk()
    context.rate_limiter = RateLimiter(1.0)
    talk(ASK, [ok(status=503), token(), ok()], context, recorder)
    assert recorder.waits == [0.5, 1.0, 2.0]


def test_every_string_that_gives_access_is_a_secret() -> None:
    login = client()
    talk(ASK, [token("token-7"), ok()], line(login))
    pair = base64.b64encode(f"me:{SECRET}".encode()).decode()
    assert set(login.secrets) == {SECRET, "token-7", pair}


def test_a_secret_that_is_no_text_is_a_setup_error() -> None:
    with pytest.raises(ConfigurationError):
        talk(ASK, [token(), ok()], line(ClientCredentials("me", "\udcff", token_url=URL)))


@pytest.mark.parametrize(
    ("header", "token"),
    [
        ("Bearer k", "k"),
        ("bearer  k ", "k"),
        ("BEARER k", "k"),
        ("Basic k", None),
        ("Bearer", None),
        ("Bearer  ", None),
        ("", None),
        ("k", None),
    ],
)
def test_the_answering_end_hears_a_bearer(header: str, token: str | None) -> None:
    assert read_bearer_token({"authorization": header}) == token


@given(WORDS.filter(lambda user: ":" not in user), WORDS)
def test_the_answering_end_hears_user_and_password(user: str, password: str) -> None:
    pair = base64.b64encode(f"{user}:{password}".encode()).decode()
    assert read_basic_pair({"authorization": f"Basic {pair}"}) == (user, password)


@pytest.mark.parametrize("header", ["", "Basic é", "Basic !!!!", "Basic //79/A==", "Bearer bWU6eA=="])
def test_what_is_no_user_and_password_is_nobody(header: str) -> None:
    assert read_basic_pair({"authorization": header}) is None
