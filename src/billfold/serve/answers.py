"""Answers that are made once: told apart by a fingerprint of all that they are made of, and not sent again where that is the same."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from hashlib import blake2b

from starlette.requests import Request
from starlette.responses import Response

from billfold.serve.views import ViewPool

MAX_ANSWERS = 64
MAX_ANSWER_BYTES = 4 << 20
"""What is kept of answers: so many, none longer than this."""


class AnswerCache:
    """Keeps the last answers for whoever asks the same of the same ledger."""

    def __init__(self, pool: ViewPool) -> None:
        self._pool, self._lock = pool, threading.Lock()
        self._answers = OrderedDict[str, Response]()
        self._being_built = dict[str, Future[Response]]()

    def answer(self, request: Request, build: Callable[[], Response]) -> Response:
        """Answer with 304 where the asker has it, with what is kept, or with what is built now."""
        etag = self._make_etag(request)
        if is_current(request.headers.get("if-none-match", ""), etag):
            return Response(status_code=304, headers={"etag": etag})
        with self._lock:
            kept_answer = self._answers.get(etag)
            if kept_answer is not None:
                self._answers.move_to_end(etag)
        answer = kept_answer or self._build(etag, build)
        return Response(answer.body, answer.status_code, dict(answer.headers))

    def _build(self, etag: str, build: Callable[[], Response]) -> Response:
        """Build an answer, or wait for it where another request builds the same: after a sync all ask for it at once."""
        with self._lock:
            if etag in self._answers:  # it was built meanwhile
                return self._answers[etag]
            awaited = self._being_built.get(etag)
            if awaited is None:
                self._being_built[etag] = result = Future[Response]()
        if awaited is not None:
            return awaited.result()
        try:
            response = build()
            response.headers["etag"] = etag
        except BaseException as error:
            result.set_exception(error)
            raise
        else:
            self._keep(etag, response)
            result.set_result(response)
            return response
        finally:
            with self._lock:
                del self._being_built[etag]

    def _keep(self, etag: str, response: Response) -> None:
        if len(response.body) <= MAX_ANSWER_BYTES:
            with self._lock:
                self._answers[etag] = response
                while len(self._answers) > MAX_ANSWERS:
                    self._answers.popitem(last=False)

    def _make_etag(self, request: Request) -> str:
        state = f"{self._pool.read_fingerprint()} {request.url.path}?{request.url.query}"
        return f'"{blake2b(state.encode(), digest_size=16).hexdigest()}"'


def is_current(if_none_match: str, etag: str) -> bool:
    """Tell whether a header names an answer that the asker has."""
    names = [name.strip().removeprefix("W/") for name in if_none_match.split(",")]
    return etag in names or names == ["*"]
