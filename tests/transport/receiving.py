"""A server on loopback that takes what is posted to it, and answers as it is told."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple


class Posted(NamedTuple):
    """A request; the names of its headers are lower case."""

    path: str
    headers: Mapping[str, str]
    body: bytes


class Reply(NamedTuple):
    """What is answered."""

    status: int = 204
    headers: Mapping[str, str] = {}
    body: bytes = b""


@dataclass
class Inbox:
    """Where the server is, and what came; ``answer`` is called before anything is answered."""

    root: str = ""
    posted: list[Posted] = field(default_factory=list)
    answer: Callable[[Posted], Reply] = lambda _: Reply()


@contextmanager
def open_inbox(
    answer: Callable[[Posted], Reply] = lambda _: Reply(), context: ssl.SSLContext | None = None
) -> Iterator[Inbox]:
    """Serve until the end of the block, by https where there is a context."""
    inbox = Inbox(answer=answer)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            inbox.posted.append(Posted(self.path, {name.lower(): text for name, text in self.headers.items()}, body))
            reply = inbox.answer(inbox.posted[-1])
            self.send_response(reply.status)
            for name, text in {"content-length": str(len(reply.body)), **reply.headers}.items():
                self.send_header(name, text)
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        inbox.root = f"http{'s' if context else ''}://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield inbox
        finally:
            server.shutdown()
            thread.join(10)
