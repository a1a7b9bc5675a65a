"""The control desk answers programs of this machine, and no page that a browser shows; the vendors answer everybody."""

from __future__ import annotations

import asyncio
import json
from collections.abc import MutableMapping
from typing import Any

import pytest
from click.testing import CliRunner

from billfold.cli import twin as twin_command
from billfold.transport.asgi import make_application
from billfold.twin import serve
from billfold.twin.serve import make_handler
from billfold.wire.message import Request, Response
from tests.twin.kit import alone

ROOT = "http://127.0.0.1:8400"
CONTROLS = [
    ("GET", "/_twin/accounts"),
    ("GET", "/_twin/truth"),
    ("POST", "/_twin/clock"),
    ("POST", "/_twin/reset"),
    ("DELETE", "/_twin/faults"),
]
FOREIGN = [
    {"host": "evil.example"},
    {"host": "evil.example:8400"},
    {"host": "localhost.evil.example"},
    {"host": "127.0.0.1.evil.example"},
    {"host": "10.0.0.7"},
    {"host": ""} | {"origin": "null"},
    {"host": "localhost", "origin": "https://evil.example"},
    {"host": "127.0.0.1:8400", "origin": "null"},
    {"origin": "http://localhost@evil.example"},
    {"origin": "http://[::1"},
    {"host": "localhost", "sec-fetch-site": "cross-site"},
]
OWN = [
    {},
    {"host": "127.0.0.1:8400"},
    {"host": "LocalHost:8400"},
    {"host": "[::1]:8400"},
    {"host": "twin.localhost"},
    {"host": "localhost.", "origin": "http://127.0.0.1:3000"},
    {"host": "localhost", "sec-fetch-site": "none"},
]


def ask(method: str, path: str, headers: dict[str, str], body: bytes = b"", allowed: tuple[str, ...] = ()) -> Response:
    return make_handler(alone(), allowed)(Request(method, path, (), headers, body), ROOT)


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
@pytest.mark.parametrize(("method", "path"), CONTROLS)
def test_a_foreign_page_controls_nothing(method: str, path: str, headers: dict[str, str]) -> None:
    """Whoever comes by a foreign name, or from a foreign page, is refused at every control."""
    refusal = ask(method, path, headers, b"{}")
    assert refusal.status == 403
    assert list(json.loads(refusal.body)) == ["error"]


@pytest.mark.parametrize("headers", OWN, ids=str)
@pytest.mark.parametrize(("method", "path"), CONTROLS)
def test_this_machine_controls_the_twin(method: str, path: str, headers: dict[str, str]) -> None:
    assert ask(method, path, headers, b"{}").status == 200


@pytest.mark.parametrize("headers", [{"host": "Twin:8400"}, {"host": "twin", "origin": "http://TWIN:3000"}])
def test_a_name_that_is_allowed_controls_the_twin(headers: dict[str, str]) -> None:
    assert ask("POST", "/_twin/reset", headers).status == 403
    assert ask("POST", "/_twin/reset", headers, allowed=("twin",)).status == 200


@pytest.mark.parametrize("media_type", ["text/plain", "text/plain;charset=UTF-8", "multipart/form-data; boundary=x"])
def test_what_any_page_can_send_is_no_command(media_type: str) -> None:
    """A body of a type that a page can send without being asked is refused."""
    assert ask("POST", "/_twin/clock", {"content-type": media_type}, b'{"advance": "1d"}').status == 403


@pytest.mark.parametrize(
    "media_type", ["application/json", "application/json; charset=utf-8", "application/x-www-form-urlencoded"]
)
def test_json_is_a_command_whatever_curl_calls_it(media_type: str) -> None:
    assert ask("POST", "/_twin/clock", {"content-type": media_type}, b'{"advance": "1d"}').status == 200


@pytest.mark.parametrize("body", [b"zzz", b"[]"])
def test_a_reset_reads_its_body(body: bytes) -> None:
    assert ask("POST", "/_twin/reset", {}, body).status == 400


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_the_vendors_answer_whoever_asks(headers: dict[str, str]) -> None:
    answer = ask("GET", "/cockroach/api/v1/invoices", {**headers, "authorization": "Bearer twin-cockroach-key"})
    assert answer.status == 200


@pytest.mark.parametrize(
    ("size", "status"), [(serve.MAX_BODY_BYTES, 400), (serve.MAX_BODY_BYTES + 1, 413), (1 << 40, 413)]
)
def test_a_body_is_read_up_to_a_limit(size: int, status: int) -> None:
    """A body that is too long is refused as soon as it is: what is left of it is not read."""
    messages = list[MutableMapping[str, Any]]()
    chunk, left = b" " * (1 << 16), size

    async def receive() -> MutableMapping[str, Any]:
        nonlocal left
        part = chunk[:left]
        left -= len(part)
        return {"type": "http.request", "body": part, "more_body": left > 0}

    async def send(message: MutableMapping[str, Any]) -> None:
        messages.append(message)

    scope = {"type": "http", "method": "POST", "raw_path": b"/_twin/clock", "query_string": b"", "headers": [],
             "scheme": "http", "server": ("127.0.0.1", 8400)}  # fmt: skip
    application = make_application(make_handler(alone()), max_body_bytes=serve.MAX_BODY_BYTES)

    async def answer() -> None:
        await application(scope, receive, send)

    asyncio.run(answer())
    assert messages[0]["status"] == status
    assert size - left <= serve.MAX_BODY_BYTES + len(chunk)


@pytest.mark.parametrize(
    ("arguments", "is_warned"),
    [([], False), (["--bind", "::1"], False), (["--bind", "0.0.0.0"], True), (["--bind", "::"], True)],
)
def test_an_open_address_is_warned_of(arguments: list[str], is_warned: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A twin that others can reach says so before it serves."""
    served = list[tuple[str, ...]]()
    monkeypatch.setattr(serve, "open_listener", lambda *_: Listener())
    monkeypatch.setattr(serve, "succeed_when_ended", lambda: None)
    monkeypatch.setattr(serve, "serve_twin", lambda _host, _listener, allowed, _note_ready: served.append(allowed))
    result = CliRunner().invoke(twin_command.command, ["--allow-host", "twin", *arguments])
    assert result.exit_code == 0, result.output
    assert ("warning" in result.stderr) is is_warned
    assert served[0][-1] == "twin"


class Listener:
    """Stands for an open port."""

    def getsockname(self) -> tuple[str, int]:
        return "127.0.0.1", 8400
