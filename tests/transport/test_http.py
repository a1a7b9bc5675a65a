"""Whatever a server does to the line becomes one named error that tells no secret, at once and awaited alike."""

from __future__ import annotations

import gzip
import itertools
import logging
import socket
import ssl
import tracemalloc
import zlib
from typing import Any

import httpx2
import pytest

from billfold.model.errors import ApiError, APIStatusError, ConfigurationError, RateLimited, Unreachable
from billfold.transport import http
from billfold.transport.http import BodyReader, HttpSettings, check_deadline, check_size, make_ssl_context
from billfold.wire.auth import HeaderKey
from billfold.wire.message import Failure, Request
from tests.transport.hostile import HOWS, How, hostile, nobody, raw, reset, says, send, stall
from tests.wire.kit import KEY, FindThings, GetThing, line

ASK = GetThing(thing_id="1")
GOOD = b'{"name":"n"}'
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 12\r\n\r\n"

both = pytest.mark.parametrize("how", HOWS)


@both
def test_a_good_answer_has_bytes_and_lower_case_headers(how: How) -> None:
    """A good answer comes with its bytes and lower-case headers."""
    with hostile(says(b"\x00\xff", X_Request_Id="R-1")) as server:
        answer = send(how, server.root, ASK)
    assert (answer.status, answer.body, answer.headers["x-request-id"]) == (200, b"\x00\xff", "R-1")
    assert server.received[0].startswith("GET /things/1 HTTP/1.1\r\n")


@both
def test_a_question_is_written_into_the_url(how: How) -> None:
    with hostile(says(GOOD)) as server:
        send(how, server.root + "/base/", FindThings(name_part="a&b c/\u20ac", most=3))
    assert server.received[0].startswith("GET /base/find?namePart=a%26b+c%2F%E2%82%AC&most=3 ") or server.received[
        0
    ].startswith("GET /base/find?namePart=a%26b%20c%2F%E2%82%AC&most=3 ")


@pytest.mark.parametrize(
    "reply",
    [
        raw(b""),
        raw(HEAD),
        raw(HEAD + GOOD[:5]),
        reset(HEAD),
        reset(HEAD + GOOD[:5]),
        raw(b"SSH-2.0-OpenSSH_9.6\r\n"),
        raw(b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n"),
        raw(b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n"),
        raw(b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n"),
        raw(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab"),
        raw(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nZZ\r\n"),
        raw(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab"),
        raw(b"HTTP/1.1 999999 OK\r\n\r\n"),
        raw(b"HTTP/1.1 200 OK\r\nx: " + b"y" * 300_000 + b"\r\n\r\n"),
    ],
    ids=range(14),
)
@both
def test_a_line_that_breaks_is_asked_again_and_then_unreachable(how: How, reply: Any) -> None:
    with (
        hostile(reply) as server,
        pytest.raises(Unreachable, match=r"vendor get_thing: the connection to 127.0.0.1:\d+"),
    ):
        send(how, server.root, ASK)
    assert len(server.received) == 2


@both
def test_an_answer_after_a_broken_line_is_taken(how: How) -> None:
    with hostile(reset(HEAD), says(GOOD)) as server:
        assert send(how, server.root, ASK).body == GOOD


@both
def test_a_refused_connection_names_the_host_and_what_to_check(how: How) -> None:
    root = nobody()
    with pytest.raises(Unreachable, match=r"cannot connect to 127.0.0.1:\d+. Check the network"):
        send(how, root, ASK)


@pytest.mark.parametrize("content", [b"", HEAD, HEAD + GOOD[:5]], ids=["nothing", "head", "half"])
@both
def test_a_server_that_stalls_is_given_up_after_the_timeout(how: How, content: bytes) -> None:
    with hostile(stall(content)) as server, pytest.raises(Unreachable, match=r"did not answer within 0.05 s"):
        send(how, server.root, ASK, timeout=0.05)


@both
def test_an_answer_over_the_limit_is_not_asked_again(how: How, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer larger than the limit is refused and not asked again."""
    monkeypatch.setattr(http, "MAX_BODY_BYTES", 1 << 20)
    bomb = gzip.compress(bytes(8 << 20))
    with hostile(says(bomb, content_encoding="gzip")) as server, pytest.raises(Unreachable, match="larger than 1 MiB"):
        send(how, server.root, ASK)
    assert len(server.received) == 1


@both
def test_an_endless_answer_is_cut_off_at_the_limit(how: How, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer without an announced end is cut off at the limit."""
    monkeypatch.setattr(http, "MAX_BODY_BYTES", 1 << 20)
    with hostile(says(bytes(3 << 20), content_length="")) as server, pytest.raises(Unreachable, match="larger than"):
        send(how, server.root, ASK)


def test_an_answer_of_just_the_limit_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "MAX_BODY_BYTES", 1000)
    assert check_size(1000) is None
    assert check_size(1001) is not None
    with hostile(says(gzip.compress(bytes(1000)), content_encoding="gzip")) as server:
        assert send("at once", server.root, ASK).body == bytes(1000)


@both
def test_a_bomb_in_a_bomb_does_not_fill_the_memory(how: How, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "MAX_BODY_BYTES", 1 << 20)
    bomb = gzip.compress(gzip.compress(bytes(32 << 20)))
    tracemalloc.start()
    try:
        with hostile(says(bomb, content_encoding="gzip, gzip")) as server, pytest.raises(ApiError):
            send(how, server.root, ASK)
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "gzip, gzip"])
@both
def test_a_body_that_is_not_encoded_as_it_says_is_named(how: How, encoding: str) -> None:
    with hostile(says(GOOD, content_encoding=encoding)) as server, pytest.raises(Unreachable, match="Content-Encoding"):
        send(how, server.root, ASK)


PACKED = gzip.compress(bytes(range(256)) * 9)


@pytest.mark.parametrize("left", [1, 10, len(PACKED) - 40, len(PACKED) - 8, len(PACKED) - 1])
@both
def test_a_compressed_body_without_its_end_is_not_taken(how: How, left: int) -> None:
    with hostile(says(PACKED[:left], content_encoding="gzip")) as server:
        with pytest.raises(Unreachable, match="broke off"):
            send(how, server.root, ASK)
        assert len(server.received) == 2


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "x-gzip", "deflate"])
@both
def test_a_whole_compressed_body_is_unpacked(how: How, encoding: str) -> None:
    packed = zlib.compress(GOOD) if encoding == "deflate" else gzip.compress(GOOD)
    with hostile(says(packed, content_encoding=encoding)) as server:
        assert send(how, server.root, ASK).body == GOOD
    assert "\r\naccept-encoding: gzip\r\n" in server.received[0].lower()


@pytest.mark.parametrize("tail", [b"x", b"\x00", b"\x1fx", zlib.compress(GOOD)], ids=repr)
@both
def test_what_follows_a_compressed_body_is_not_dropped(how: How, tail: bytes) -> None:
    """What follows a compressed body is not left out in silence."""
    answer = says(PACKED + tail, content_encoding="gzip")
    with hostile(answer) as server, pytest.raises(Unreachable, match="Content-Encoding"):
        send(how, server.root, ASK)


def test_a_deflated_body_has_one_part_only() -> None:
    body = BodyReader("deflate")
    with pytest.raises(httpx2.DecodingError):
        body.add_chunk(zlib.compress(GOOD) + PACKED)


@both
def test_a_body_of_many_gzip_members_is_read_whole(how: How) -> None:
    packed = gzip.compress(GOOD[:3]) + gzip.compress(b"") + gzip.compress(GOOD[3:])
    with hostile(says(packed, content_encoding="gzip")) as server:
        assert send(how, server.root, ASK).body == GOOD


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_gzip_members_may_be_cut_anywhere_on_their_way(size: int) -> None:
    packed, body = gzip.compress(GOOD) + PACKED, BodyReader("gzip")
    for at in range(0, len(packed), size):
        assert body.add_chunk(packed[at : at + size]) is None
    assert body.read_all() == GOOD + gzip.decompress(PACKED)
    body.add_chunk(PACKED[:-1])
    with pytest.raises(httpx2.RemoteProtocolError, match="has no end"):
        body.read_all()


@both
def test_a_bomb_of_many_members_is_refused(how: How, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bomb of many members is refused over the limit and not held."""
    monkeypatch.setattr(http, "MAX_BODY_BYTES", 1 << 20)
    bomb = gzip.compress(bytes(700 << 10)) * 50
    tracemalloc.start()
    try:
        with hostile(says(bomb, content_encoding="gzip")) as server:
            with pytest.raises(Unreachable, match="larger than 1 MiB"):
                send(how, server.root, ASK)
            assert len(server.received) == 1
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


@both
def test_an_empty_body_needs_no_unpacking(how: How) -> None:
    with hostile(says(b"", content_encoding="gzip")) as server:
        assert send(how, server.root, ASK).body == b""


@both
def test_an_answer_that_drips_is_given_up_in_time(how: How) -> None:
    """An answer that drips is given up after the deadline of the whole."""
    times = itertools.count(0.0, 200.0)
    parts = [b"5\r\naaaaa\r\n"] * 50

    def drip(caller: socket.socket) -> None:
        caller.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        caller.sendall(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        for part in parts:
            caller.sendall(part)

    with (
        hostile(drip) as server,
        pytest.raises(Unreachable, match=r"did not finish its answer within 100 s"),
    ):
        send(how, server.root, ASK, clock=lambda: next(times), deadline=100.0)
    assert len(server.received) == 1


def test_an_answer_may_take_its_deadline_and_no_longer() -> None:
    settings = HttpSettings("https://api.example/v2")
    assert check_deadline(100.0, 700.0, settings) is None
    refused = check_deadline(100.0, 700.5, settings)
    assert refused == Failure(
        "api.example did not finish its answer within 600 s", retryable=False, exceeded_limit="time"
    )


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Again", "308 For good"])
@both
def test_a_redirect_is_not_followed_so_that_the_key_stays_here(how: How, status: str) -> None:
    with hostile(says(GOOD)) as other, hostile(says(b"", status, location=other.root)) as server:
        with pytest.raises(APIStatusError):
            send(how, server.root, ASK)
        assert other.received == []
        assert len(server.received) == 1


@both
def test_an_informational_answer_is_passed_over(how: How) -> None:
    """An informational answer before the real one is passed over."""
    with hostile(raw(b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n" + HEAD + GOOD)) as server:
        assert send(how, server.root, ASK).body == GOOD


@pytest.mark.parametrize("reply", [raw(b""), says(f"no {KEY}".encode(), "403 No", x_request_id=KEY), stall(b"")])
@both
def test_no_log_and_no_error_tells_the_key(how: How, reply: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "billfold")
    caplog.set_level(logging.INFO)
    with hostile(reply) as server, pytest.raises(ApiError) as caught:
        send(how, server.root, ASK, timeout=0.05)
    assert KEY not in f"{caplog.text} {caught.value} {caught.value!r}"


@both
def test_a_rate_limit_of_nothing_but_a_header_counts(how: How) -> None:
    with hostile(says(b"", "429 Slow", retry_after="1000")) as server, pytest.raises(RateLimited):
        send(how, server.root, ASK)


@pytest.mark.parametrize("key", ["one\ntwo", "one\r\nx-evil: 1", "schl\u00fcssel-\u03a9", "\udcff"])
@both
def test_a_key_that_cannot_travel_is_a_setup_error(how: How, key: str) -> None:
    """A key that cannot travel is a setup error, neither sent nor told."""
    with hostile(says(GOOD)) as server:
        with pytest.raises(ConfigurationError) as caught:
            send(how, server.root, ASK, line(HeaderKey(key)))
        assert not any(server.received)
    assert key not in str(caught.value)


@pytest.mark.parametrize("root", ["http://[::1", "http://127.0.0.1\n"])
@both
def test_a_base_url_that_is_none_is_one_of_our_errors(how: How, root: str) -> None:
    with pytest.raises((ApiError, ConfigurationError)):
        send(how, root, ASK)


@pytest.mark.parametrize("root", ["", "api.example", "ftp://127.0.0.1", "http:///x"])
def test_a_base_url_without_a_host_is_not_asked_again(root: str) -> None:
    waits: list[float] = []
    with http_client(root, waits) as transport, pytest.raises((ApiError, ConfigurationError)):
        transport.send(ASK)
    assert waits == []


def http_client(root: str, waits: list[float]) -> Any:
    from billfold.transport.sync import HttpTransport

    return HttpTransport(HttpSettings(root), line(), sleep=waits.append)


@pytest.mark.parametrize(
    "base", ["http://user:hidden@127.0.0.1:1/x", "https://hidden@h", "http://:hidden@[", "//u:hidden@h"]
)
def test_a_password_in_the_base_url_is_refused(base: str) -> None:
    """A user or password in the base URL is refused and not told."""
    with pytest.raises(ConfigurationError, match=r"^base_url must hold no user and no password") as caught:
        HttpSettings(base)
    assert "hidden" not in str(caught.value)


def test_an_at_sign_in_the_path_of_a_base_url_is_no_password() -> None:
    assert HttpSettings("http://127.0.0.1:1/a@b").host == "127.0.0.1:1"


def test_a_whole_url_is_asked_as_it_is() -> None:
    """A whole URL is asked as it is, and a path below the base."""
    settings = HttpSettings("https://api.example/v2/")
    assert settings.build_url(Request("GET", "/x")) == "https://api.example/v2/x"
    assert settings.build_url(Request("GET", "https://login.example/token")) == "https://login.example/token"


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_no_certificate_is_taken_unseen(scheme: str) -> None:
    tls_context = make_ssl_context(scheme)
    assert (tls_context.verify_mode, tls_context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert make_ssl_context(scheme) is tls_context
