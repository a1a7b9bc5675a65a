"""A document is fetched from public https addresses only, or from loopback for a twin, and its URL is never told."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billfold.model.errors import ApiError, APIStatusError, Unreachable
from billfold.transport import document
from billfold.transport.aio import AsyncHttpTransport
from billfold.transport.document import MAX_ATTEMPTS, MAX_REDIRECTS, Reply, Resolve, fetch_document
from billfold.transport.http import MAX_BODY_BYTES, HttpSettings, check_deadline, check_size
from billfold.transport.resolve import resolve_host
from billfold.wire.exchange import drive_exchange
from billfold.wire.message import Failure, Request, Response
from tests.transport.hostile import HOWS, How, fetch, hostile, nobody, raw, says
from tests.wire.kit import KEY, line

API = "https://api.example"
TWIN = "http://127.0.0.1:8400/fastly"
SIGNED = "https://8.8.8.8/invoice.pdf?signature=SIGNED-SECRET"

both = pytest.mark.parametrize("how", HOWS)
Resolver = Callable[..., list[tuple[Any, ...]]]


def resolving(*addresses: str) -> Resolver:
    """Stand for the resolver: every name has these addresses."""

    def resolve(host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
        if not addresses:
            raise socket.gaierror("unknown")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    return resolve


def drive(url: str, *replies: Response | Failure, base: str = API) -> tuple[Response, list[Request]]:
    """Fetch with the replies given; the last one is given again and again."""
    requests: list[Request] = []

    def act(step: Request | Resolve) -> Reply:
        if isinstance(step, Resolve):
            return resolve_host(step)
        requests.append(step)
        return replies[min(len(requests), len(replies)) - 1]

    return drive_exchange(fetch_document(url, base, "vendor"), act), requests


def forbidden(url: str, base: str) -> str:
    """Say why a URL may not be fetched, with this machine's resolver."""
    return drive_exchange(document.check_document_url(url, base), resolve_host)


def moved(to: str, status: int = 302) -> Response:
    return Response(status, {"location": to}, b"")


PDF = Response(200, {"content-type": "application/pdf"}, b"%PDF")


def test_a_document_is_asked_for_without_any_credential() -> None:
    answer, requests = drive(SIGNED, PDF)
    assert answer == PDF
    assert requests == [Request("GET", SIGNED, (), {"accept": "*/*"})]


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.9.9.9",
        "[::1]",
        "localhost",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "192.0.0.1",
        "255.255.255.255",
        "[fc00::1]",
        "[fe80::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:10.0.0.1]",
        "[2001:db8::1]",
        "2130706433",
        "127.1",
        "0x7f.1",
    ],
)
def test_a_private_address_is_refused_in_any_spelling(host: str) -> None:
    assert forbidden(f"https://{host}/x", API)


@pytest.mark.parametrize(
    "host",
    [
        "224.0.0.1",
        "[ff02::1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b::a9fe:a9fe]",
        "[2002:7f00:1::]",
        "[::127.0.0.1]",
        "[fec0::1]",
        "[feff::1]",
        "[64:ff9b:1::808:808]",
        "[::ffff:0:7f00:1]",
        "[::ffff:0:a9fe:a9fe]",
    ],
)
def test_a_private_address_in_disguise_is_refused(host: str) -> None:
    assert forbidden(f"https://{host}/x", API)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://8.8.8.8/x", "it is not https"),
        ("ftp://8.8.8.8/x", "it is not https"),
        ("file:///etc/passwd", "it is not https"),
        ("", "it is not https"),
        ("https:///x", "it is not https"),
        ("//8.8.8.8/x", "it is not https"),
        ("https://me@8.8.8.8/", "it carries a user name"),
        ("https://me:pw@8.8.8.8/", "it carries a user name"),
        ("https://8.8.8.8\\@127.0.0.1/", "it carries a user name"),
        ("https://8.8.8.8:99999/", "it is not a URL"),
        ("https://[::1/", "it is not a URL"),
        ("https://8.8.8.8/", ""),
        ("https://8.8.8.8:443/x?y=z", ""),
    ],
)
def test_an_unfit_url_is_refused_with_its_reason(url: str, reason: str) -> None:
    assert forbidden(url, API) == reason


@pytest.mark.parametrize("addresses", [("10.0.0.1",), ("8.8.8.8", "10.0.0.1"), ("::1",), ("fe80::1%eth0",), ()])
def test_a_name_with_any_private_address_or_none_is_refused(
    addresses: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", resolving(*addresses))
    assert forbidden("https://documents.example/x", API)


def test_a_documents_address_is_judged_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a document may come from is judged without asking the network."""
    monkeypatch.setattr(socket, "getaddrinfo", None)
    steps = fetch_document("https://documents.example/x", API, "vendor")
    assert next(steps) == Resolve("documents.example", 443)
    with pytest.raises(APIStatusError, match="not on a public address"):
        steps.send(frozenset({"8.8.8.8", "10.0.0.1"}))


def test_a_slow_resolver_blocks_no_other_coroutine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A resolver that takes its time blocks no other coroutine."""
    others = threading.Event()

    def slow(*_: Any, **__: Any) -> list[tuple[Any, ...]]:
        assert others.wait(10), "nobody else had a turn"
        return resolving("10.0.0.1")("documents.example", 443)

    async def side_by_side() -> None:
        async with AsyncHttpTransport(HttpSettings(API), line()) as transport:
            fetched = asyncio.ensure_future(transport.fetch("https://documents.example/x"))
            await asyncio.sleep(0)
            others.set()
            await fetched

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    with pytest.raises(APIStatusError, match="not on a public address"):
        asyncio.run(side_by_side())


def test_a_name_with_public_addresses_only_is_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", resolving("8.8.8.8", "2001:4860:4860::8888"))
    assert forbidden("https://documents.example/x", API) == ""


@pytest.mark.parametrize("host", ["a" * 64 + ".example", "documents..example", "a\ud800.example"])
def test_a_name_that_cannot_be_one_is_refused(host: str) -> None:
    assert forbidden(f"https://{host}/x", API)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8400/x", "http://localhost:8400/x", "https://[::1]:8400/x"])
def test_loopback_is_fit_where_the_api_itself_is_there(url: str) -> None:
    assert forbidden(url, TWIN) == ""
    assert forbidden(url, API)


@pytest.mark.parametrize("port", ["1", "22", "80", "6379", "8443", "0"])
def test_no_port_but_that_of_https_or_of_the_twin_is_asked(port: str) -> None:
    assert forbidden(f"https://8.8.8.8:{port}/x", API) == "its port is not 443"
    assert forbidden("https://8.8.8.8:443/x", API) == ""
    assert forbidden(f"http://127.0.0.1:{port}/x", TWIN) == "its port is not the API's"


@pytest.mark.parametrize("url", ["http://169.254.169.254/", "file://localhost/etc/passwd", "http://127.0.0.1.example/"])
def test_a_twin_opens_no_door_beyond_loopback(url: str) -> None:
    assert forbidden(url, TWIN)


@given(st.text())
def test_any_text_as_a_path_leaves_the_judgement_alone(path: str) -> None:
    """Any text in the place of a path leaves the judgement alone."""
    assert forbidden(f"https://10.0.0.1/{path}", API)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "to",
    ["http://169.254.169.254/latest", "https://10.0.0.1/", "http://8.8.8.8/", "//127.0.0.1/", "file:///etc/passwd"],
)
def test_a_redirect_to_where_nothing_may_be_fetched_is_refused(to: str, status: int) -> None:
    with pytest.raises(APIStatusError, match="the document's address is refused"):
        drive(SIGNED, moved(to, status), PDF)


@pytest.mark.parametrize("to", ["https://1.1.1.1/y", "/y", "y", ""])
def test_a_redirect_to_a_public_address_is_followed(to: str) -> None:
    answer, requests = drive(SIGNED, moved(to), PDF)
    assert answer == PDF
    assert len(requests) == 2


def test_the_fourth_redirect_is_followed_and_the_fifth_is_not() -> None:
    hops = [moved(f"https://1.1.1.{number}/") for number in range(1, 6)]
    answer, requests = drive(SIGNED, *hops[:4], PDF)
    assert (answer, len(requests)) == (PDF, 5)
    with pytest.raises(APIStatusError, match="more than 4 redirects"):
        drive(SIGNED, *hops, PDF)


def test_a_circle_of_redirects_is_left() -> None:
    with pytest.raises(APIStatusError, match=f"more than {MAX_REDIRECTS} redirects"):
        drive(SIGNED, moved(SIGNED))


def test_a_redirect_to_what_is_no_url_is_refused() -> None:
    with pytest.raises(APIStatusError):
        drive(SIGNED, moved("http://["), PDF)


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_refused_document_is_told_with_its_status(status: int) -> None:
    with pytest.raises(APIStatusError, match=f"vendor document: the document was refused .HTTP {status}") as caught:
        drive(SIGNED, Response(status, {}, b"<Error/>"))
    assert caught.value.status == status


def test_a_failing_host_is_asked_again_and_then_reported() -> None:
    assert drive(SIGNED, Response(503, {}, b""), Failure("reset"), PDF)[0] == PDF
    with pytest.raises(APIStatusError):
        drive(SIGNED, Response(503, {}, b""))
    with pytest.raises(Unreachable, match="did not answer"):
        drive(SIGNED, *[Failure("reset")] * MAX_ATTEMPTS)


@pytest.mark.parametrize(
    ("failure", "sentence"),
    [
        (check_size(MAX_BODY_BYTES + 1), "the document is too large"),
        (check_deadline(0, 601, HttpSettings(API)), "the document came too slowly"),
        (Failure("no URL", retryable=False), "the document's host did not answer"),
    ],
    ids=["size", "time", "neither"],
)
def test_what_is_final_is_asked_once(failure: Failure, sentence: str) -> None:
    """What is not to be asked again is asked once, and told as what it is."""
    steps = fetch_document(SIGNED, API, "vendor")
    next(steps)
    steps.send(frozenset({"8.8.8.8"}))
    with pytest.raises(ApiError, match=sentence):
        steps.send(failure)


@both
def test_a_document_that_is_too_large_is_fetched_once(how: How, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("billfold.transport.http.MAX_BODY_BYTES", 1000)
    with hostile(says(bytes(2000))) as server, pytest.raises(APIStatusError, match="the document is too large"):
        fetch(how, server.root, f"{server.root}/papers/1")
    assert len(server.received) == 1


def test_an_empty_document_is_refused() -> None:
    with pytest.raises(APIStatusError, match="is empty"):
        drive(SIGNED, Response(200, {}, b""))


@pytest.mark.parametrize(
    "replies",
    [
        [Response(403, {}, b"SIGNED-SECRET")],
        [Response(500, {}, b"")],
        [Response(200, {}, b"")],
        [moved("http://10.0.0.1/?SIGNED-SECRET")],
        [moved(SIGNED)],
        [Failure("https://8.8.8.8/?signature=SIGNED-SECRET")],
    ],
    ids=range(6),
)
def test_no_error_tells_the_url(replies: list[Response | Failure]) -> None:
    with pytest.raises(ApiError) as caught:
        drive(SIGNED, *replies)
    error = caught.value
    assert not any(
        part in f"{error} {error!r} {error.__cause__!r}" for part in ("SIGNED-SECRET", "8.8.8.8", "10.0.0.1")
    )


@both
def test_a_twins_document_is_fetched_without_the_key(how: How) -> None:
    with hostile(says(b"%PDF", content_type="application/pdf")) as server:
        answer = fetch(how, server.root, f"{server.root}/papers/1?sig=abc")
    assert answer.body == b"%PDF"
    assert server.received[0].startswith("GET /papers/1?sig=abc ")
    assert KEY not in server.received[0]


@both
def test_a_twins_redirect_to_a_private_host_is_refused(how: How) -> None:
    with (
        hostile(says(b"", "302 Found", location="http://169.254.169.254/latest")) as server,
        pytest.raises(APIStatusError),
    ):
        fetch(how, server.root, f"{server.root}/papers/1?sig=abc")


@pytest.mark.parametrize("reply", [raw(b""), says(b"", "403 No"), says(b"")], ids=["broken", "refused", "empty"])
@both
def test_an_error_of_the_line_tells_nothing_of_the_url(how: How, reply: Any) -> None:
    with hostile(reply) as server, pytest.raises(ApiError) as caught:
        fetch(how, server.root, f"{server.root}/papers/1?sig=SIGNED-SECRET")
    assert "papers" not in f"{caught.value} {caught.value!r}"


@both
def test_no_log_tells_the_url(how: How, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with hostile(says(b"%PDF")) as server:
        fetch(how, server.root, f"{server.root}/papers/1?sig=SIGNED-SECRET")
    assert "SIGNED-SECRET" not in caplog.text


@both
def test_a_host_that_nobody_answers_for_is_unreachable(how: How) -> None:
    root = nobody()
    with pytest.raises(Unreachable, match="the document's host did not answer"):
        fetch(how, root, f"{root}/papers/1")
