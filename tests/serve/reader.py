"""A browser for tests: it asks a served ledger in this process, over no socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from starlette.types import ASGIApp, Message, Scope

from billfold.serve.actions import StartSync
from billfold.serve.app import make_application
from billfold.serve.commands import RunCommand
from billfold.serve.gate import LOCAL_BINDING, Gate
from billfold.serve.oidc import OidcClient
from billfold.serve.peers import Binding
from billfold.serve.views import ViewPool
from tests.stage import AT


@dataclass(frozen=True)
class Page:
    """What came of a request."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    @property
    def json(self) -> Any:
        """The body as JSON, in which no number may have a fraction: money is text."""
        return json.loads(self.body, parse_float=_refuse_float)


def _refuse_float(text: str) -> Any:
    raise AssertionError(f"{text} is a number with a fraction: money is text")


@dataclass(frozen=True)
class Reader:
    """Asks a served ledger."""

    pool: ViewPool
    app: ASGIApp
    gate: Gate

    def get(self, url: str, method: str = "GET", **headers: str) -> Page:
        """Ask for a page; ``client`` is the address to ask from."""
        return self.send(method, url, b"", **headers)

    def post_form(self, url: str, fields: Mapping[str, str], **headers: str) -> Page:
        """Send a form."""
        content_type = "application/x-www-form-urlencoded"
        return self.send("POST", url, urlencode(fields).encode(), content_type=content_type, **headers)

    def post_json(self, url: str, value: object, **headers: str) -> Page:
        """Send JSON."""
        return self.send("POST", url, json.dumps(value).encode(), **{"content_type": "application/json", **headers})

    def send(self, method: str, url: str, body: bytes, **headers: str) -> Page:
        """Send a request."""
        client, scheme = headers.pop("client", "127.0.0.1"), headers.pop("scheme", "http")
        sent_headers = {"host": "127.0.0.1:8500", **headers}
        return asyncio.run(self._ask(method, url, sent_headers, body, client, scheme))

    async def _ask(
        self, method: str, url: str, headers: Mapping[str, str], sent_body: bytes, client: str, scheme: str
    ) -> Page:
        parts = urlsplit(url)
        scope: Scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": scheme,
            "path": parts.path,
            "raw_path": quote(parts.path).encode(),
            "query_string": parts.query.encode(),
            "root_path": "",
            "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
            "client": (client, 1),
            "server": ("127.0.0.1", 8500),
        }
        messages = list[Message]()

        async def receive() -> Message:
            if not messages or messages[-1].get("more_body") is not False:
                await asyncio.sleep(0)
            return {"type": "http.request", "body": sent_body, "more_body": False}

        async def send(message: Message) -> None:
            messages.append(message)

        await self.app(scope, receive, send)
        answer = dict[str, str]()
        for name, value in messages[0]["headers"]:
            answer[name.decode()] = (
                f"{answer[name.decode()]}\n{value.decode()}" if name.decode() in answer else value.decode()
            )
        return Page(messages[0]["status"], answer, b"".join(message.get("body", b"") for message in messages[1:]))


@contextmanager
def open_reader(
    home: Path,
    binding: Binding = LOCAL_BINDING,
    start_sync: StartSync | None = None,
    oidc: OidcClient | None = None,
    run_command: RunCommand | None = None,
) -> Iterator[Reader]:
    """Serve the ledger of a directory, in this process; its clock stands still."""
    with closing(ViewPool(home / "ledger", home / "billfold.toml")) as pool:
        gate = Gate(pool.directory, binding, lambda: AT, has_outside_users=oidc is not None)
        yield Reader(pool, make_application(pool, run_command, gate=gate, start_sync=start_sync, oidc=oidc), gate)
