"""An answer is made once: who asks for it meanwhile waits for it, and an error is everybody's, but is not kept."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.requests import Request
from starlette.responses import Response

from billfold.model.errors import LedgerError
from billfold.model.identity import MACHINE
from billfold.serve.answers import AnswerCache
from billfold.serve.gate import Visitor
from billfold.serve.peers import Peer
from tests.serve.reader import Reader

ASKERS = 6


class Builder:
    """Builds an answer once all may go on, and counts how often."""

    def __init__(self) -> None:
        self.count, self.may_end, self.begun = 0, threading.Event(), threading.Event()

    def build(self) -> Response:
        self.count += 1
        self.begun.set()
        assert self.may_end.wait(60)
        return Response(b"built")

    def fail(self) -> Response:
        self.build()
        raise LedgerError("it is damaged")


class CountedCache(AnswerCache):
    """Lets a test wait until so many ask."""

    asking = threading.Semaphore(0)

    def _build(self, *arguments: object) -> Response:
        self.asking.release()
        return super()._build(*arguments)  # type: ignore[arg-type]


def make_request() -> Request:
    state = {"visitor": Visitor(MACHINE, Peer("127.0.0.1", "http", "localhost"))}
    headers = [(b"host", b"localhost")]
    return Request({"type": "http", "path": "/x", "query_string": b"", "headers": headers, "state": state})


@pytest.mark.parametrize("is_failing", [False, True])
def test_many_who_ask_at_once_wait_for_one_answer(reader: Reader, is_failing: bool) -> None:
    cache, builder = CountedCache(reader.pool), Builder()
    build = builder.fail if is_failing else builder.build
    with ThreadPoolExecutor(ASKERS) as threads:
        answers = [threads.submit(cache.answer, make_request(), build) for _ in range(ASKERS)]
        for _ in range(ASKERS):
            assert cache.asking.acquire(timeout=60)
        builder.may_end.set()
        if is_failing:
            assert {str(answer.exception()) for answer in answers} == {"it is damaged"}
        else:
            assert {bytes(answer.result().body) for answer in answers} == {b"built"}
    if is_failing:
        with pytest.raises(LedgerError):
            cache.answer(make_request(), build)
        assert builder.count >= 2  # what failed is tried again
    else:
        assert cache.answer(make_request(), build).body == b"built"
        assert builder.count == 1
