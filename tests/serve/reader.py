"""A browser for tests: it asks a served ledger in this process, over no socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from starlette.types import ASGIApp, Message, Scope

from billfold.serve.app import make_application
from billfold.serve.views import ViewPool


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

    def get(self, url: str, method: str = "GET", **headers: str) -> Page:
        """Ask for a page."""
        return asyncio.run(self._ask(method, url, b"", {"host": "127.0.0.1:8500", **headers}))

    def send(self, url: str, body: bytes, **headers: str) -> Page:
        """Send a form, or what is none."""
        return asyncio.run(self._ask("POST", url, body, {"host": "127.0.0.1:8500", **headers}))

    async def _ask(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Page:
        parts = urlsplit(url)
        scope: Scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": parts.path,
            "raw_path": quote(parts.path).encode(),
            "query_string": parts.query.encode(),
            "root_path": "",
            "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 8500),
        }
        messages = list[Message]()

        async def receive() -> Message:
            if not messages or messages[-1].get("more_body") is not False:
                await asyncio.sleep(0)
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            messages.append(message)

        await self.app(scope, receive, send)
        answer = {name.decode(): value.decode() for name, value in messages[0]["headers"]}
        return Page(messages[0]["status"], answer, b"".join(message.get("body", b"") for message in messages[1:]))


@contextmanager
def open_reader(home: Path) -> Iterator[Reader]:
    """Serve the ledger of a directory, in this process."""
    with closing(ViewPool(home / "ledger", home / "billfold.toml")) as pool:
        yield Reader(pool, make_application(pool))
