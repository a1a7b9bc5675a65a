"""Answers that are made once: told apart by a fingerprint of all that they are made of, and not sent again where that is the same.

An answer is kept for all who are shown the same: it has placeholders for the name and the token of who asks, which are filled in for
each of them.
"""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from hashlib import blake2b
from html import escape

from starlette.requests import Request
from starlette.responses import Response

from billfold.serve.gate import Visitor, read_visitor
from billfold.serve.views import ViewPool

MAX_ANSWERS = 64
MAX_ANSWER_BYTES = 4 << 20
"""What is kept of answers: so many, none longer than this."""

NAME_PLACEHOLDER, CSRF_PLACEHOLDER = f"name-{secrets.token_hex(16)}", f"csrf-{secrets.token_hex(16)}"
"""Stand in a page for the name of who asks and the token of his forms; nobody can write them who has not seen this process."""


class AnswerCache:
    """Keeps the last answers for whoever asks the same of the same ledger."""

    def __init__(self, pool: ViewPool) -> None:
        self._pool, self._lock = pool, threading.Lock()
        self._answers = OrderedDict[str, Response]()
        self._being_built = dict[str, Future[Response]]()

    def answer(self, request: Request, build: Callable[[], Response]) -> Response:
        """Answer with 304 where the asker has it, with what is kept, or with what is built now."""
        visitor = read_visitor(request)
        key = self._make_key(request, visitor)
        etag = _make_etag(key, visitor)
        if is_current(request.headers.get("if-none-match", ""), etag):
            return Response(status_code=304, headers={"etag": etag})
        with self._lock:
            kept_answer = self._answers.get(key)
            if kept_answer is not None:
                self._answers.move_to_end(key)
        answer = kept_answer or self._build(key, build)
        return Response(answer.body, answer.status_code, {**answer.headers, "etag": etag})

    def _build(self, key: str, build: Callable[[], Response]) -> Response:
        """Build an answer, or wait for it where another request builds the same: after a sync all ask for it at once."""
        with self._lock:
            if key in self._answers:  # it was built meanwhile
                return self._answers[key]
            awaited = self._being_built.get(key)
            if awaited is None:
                self._being_built[key] = result = Future[Response]()
        if awaited is not None:
            return awaited.result()
        try:
            response = build()
        except BaseException as error:
            result.set_exception(error)
            raise
        else:
            self._keep(key, response)
            result.set_result(response)
            return response
        finally:
            with self._lock:
                del self._being_built[key]

    def _keep(self, key: str, response: Response) -> None:
        if len(response.body) <= MAX_ANSWER_BYTES:
            with self._lock:
                self._answers[key] = response
                while len(self._answers) > MAX_ANSWERS:
                    self._answers.popitem(last=False)

    def _make_key(self, request: Request, visitor: Visitor) -> str:
        """Return what stands for an answer: the state of the ledger, what is asked, and what the asker may see."""
        path, query = request.scope["path"], request.scope["query_string"]  # not of the URL: the sender's Host is in it
        return repr((self._pool.read_fingerprint(), path, query, visitor.rights_key))


def _make_etag(key: str, visitor: Visitor) -> str:
    state = repr((key, visitor.label, visitor.csrf))
    return f'"{blake2b(state.encode(), digest_size=16).hexdigest()}"'


def fill_placeholders(response: Response, visitor: Visitor) -> None:
    """Write the name and the token of who asks into a page."""
    if not response.headers.get("content-type", "").startswith("text/html"):
        return
    name = escape(visitor.identity.name) if visitor.identity else ""
    values = ((NAME_PLACEHOLDER, name), (CSRF_PLACEHOLDER, visitor.csrf))
    for placeholder, value in values:
        response.body = bytes(response.body).replace(placeholder.encode(), value.encode())
    response.headers["content-length"] = str(len(response.body))


def is_current(if_none_match: str, etag: str) -> bool:
    """Tell whether a header names an answer that the asker has."""
    names = [name.strip().removeprefix("W/") for name in if_none_match.split(",")]
    return etag in names or names == ["*"]
