"""Asking a server of a ledger: its lines come as they are sent, its refusals are sentences, and a key goes nowhere else."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from billfold.model.errors import InvalidArgument, ServerFault
from billfold.transport.server import LINES_TYPE, open_lines

PROBLEM = "application/problem+json"


class Answerer(BaseHTTPRequestHandler):
    """Answers as its server says, and notes who asked."""

    def do_GET(self) -> None:
        server = self.server
        assert isinstance(server, Answering)
        server.keys.append(self.headers.get("authorization", ""))
        status, media_type, body = server.answer
        self.send_response(status)
        self.send_header("content-type", media_type)
        self.send_header("content-length", str(len(body) + (5 if server.is_cut else 0)))
        self.send_header("location", "http://127.0.0.1:9/elsewhere")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Be silent."""


class Answering(ThreadingHTTPServer):
    """A server that gives one answer to everything."""

    def __init__(self, answer: tuple[int, str, bytes], *, is_cut: bool) -> None:
        super().__init__(("127.0.0.1", 0), Answerer)
        self.answer, self.is_cut, self.keys = answer, is_cut, list[str]()


@contextmanager
def answering(status: int, media_type: str, body: bytes, *, is_cut: bool = False) -> Iterator[tuple[str, list[str]]]:
    with Answering((status, media_type, body), is_cut=is_cut) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/api", server.keys
        finally:
            server.shutdown()
            thread.join()


def test_lines_come_with_the_key_sent() -> None:
    with answering(200, LINES_TYPE, b'{"a": 1}\n\n{"b": "\xc3\xa9"}\n') as (url, keys):
        assert list(open_lines(url, [("argument", "x")], "bf_1_2")) == [b'{"a": 1}', '{"b": "\u00e9"}'.encode()]
    assert keys == ["Bearer bf_1_2"]


@pytest.mark.parametrize(
    ("status", "media_type", "body", "error_type", "sentence"),
    [
        (401, PROBLEM, b'{"detail": "say who you are"}', ServerFault, "does not know the key"),
        (401, "text/plain", b"", ServerFault, "does not know the key"),
        (400, PROBLEM, b'{"detail": "columns is a number"}', InvalidArgument, "columns is a number"),
        (503, PROBLEM, b'{"detail": "4 commands are running"}', ServerFault, "4 commands are running"),
        (429, PROBLEM, b'{"detail": "ask again in 3 s"}', ServerFault, "ask again in 3 s"),
        (302, "text/html", b"", ServerFault, "is no server of billfold that can do this: it answers 302"),
        (200, "text/html", b"<html>", ServerFault, "is no server of billfold"),
        (500, PROBLEM, b"[]", ServerFault, "it answers 500"),
        (500, PROBLEM, b"{", ServerFault, "it answers 500"),
        (500, PROBLEM, b'{"detail": "' + b"x" * 20_000 + b'"}', ServerFault, "it answers 500"),
    ],
)
def test_what_is_no_answer_is_told(
    status: int, media_type: str, body: bytes, error_type: type[Exception], sentence: str
) -> None:
    """A redirect is not followed, and no key is in a message."""
    with answering(status, media_type, body) as (url, keys), pytest.raises(error_type, match=sentence) as caught:
        list(open_lines(url, [], "bf_1_2"))
    assert "bf_1_2" not in str(caught.value)
    assert len(keys) == 1


def test_an_answer_that_is_cut_off_is_an_error() -> None:
    with answering(200, LINES_TYPE, b'{"a": 1}\n', is_cut=True) as (url, _):
        lines = open_lines(url, [])
        with pytest.raises(ServerFault, match="no answer from"):
            list(lines)


@pytest.mark.parametrize(
    "url", ["nowhere", "ftp://example.com", "https://", "https://user:word@example.com", "https://user@example.com"]
)
def test_an_address_is_checked(url: str) -> None:
    with pytest.raises(InvalidArgument, match="--server takes an address"):
        list(open_lines(url, []))


def test_a_key_is_not_sent_in_the_open() -> None:
    """Only to this machine itself a key goes without TLS."""
    with pytest.raises(InvalidArgument, match="by https only"):
        list(open_lines("http://billfold.example.com", [], "bf_1_2"))
    with pytest.raises(ServerFault, match=r"no answer from http://127.0.0.1:9"):
        list(open_lines("http://127.0.0.1:9", [], "bf_1_2"))
