"""The server's application: what is answered under which path."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from billfold.serve.answers import AnswerCache
from billfold.serve.api import RestApi
from billfold.serve.commands import Commands, RunCommand
from billfold.serve.failures import describe_problem, write_problem
from billfold.serve.metrics import MEDIA_TYPE, list_metrics, write_metrics
from billfold.serve.openapi import ROOT
from billfold.serve.pages import Pages
from billfold.serve.safety import SafetyLayer
from billfold.serve.traffic import TrafficCounter, TrafficLayer
from billfold.serve.views import ViewPool

Endpoint = Callable[[Request], Response]


def make_application(pool: ViewPool, run_command: RunCommand | None = None) -> Starlette:
    """Return the application that shows the ledgers of a pool, and runs commands for terminals elsewhere if it is told how."""
    cache = AnswerCache(pool)
    pages = Pages(pool, cache)

    def answer_error(request: Request, error: Exception) -> Response:
        problem = describe_problem(error)
        if "text/html" in request.headers.get("accept", "") and not request.url.path.startswith(ROOT):
            return pages.answer_problem(request, problem)
        return write_problem(request, problem)

    traffic = TrafficCounter()
    commands = Commands(pool, run_command).routes if run_command else []
    routes = [*Probes(pool, traffic).routes, *commands, *RestApi(pool, cache).routes, *pages.routes]
    guarded_routes = [
        Route(route.path, guard(route.endpoint, answer_error), methods=list(route.methods or ())) for route in routes
    ]
    handlers = {404: answer_error, 405: answer_error}
    return Starlette(
        routes=guarded_routes,
        middleware=[Middleware(TrafficLayer, counter=traffic), Middleware(SafetyLayer)],
        exception_handlers=handlers,
    )


def guard(endpoint: Endpoint, answer_error: Callable[[Request, Exception], Response]) -> Endpoint:
    """Return an endpoint whose errors are answers, too: whatever happens, it is told in a sentence."""

    def answer(request: Request) -> Response:
        try:
            return endpoint(request)
        except Exception as error:  # noqa: BLE001 - what is not foreseen goes to the log
            return answer_error(request, error)

    return answer


class Probes:
    """Answers what machines ask: whether it lives, whether it can answer, and what it measures."""

    def __init__(self, pool: ViewPool, traffic: TrafficCounter) -> None:
        self._pool, self._traffic = pool, traffic

    @property
    def routes(self) -> list[Route]:
        """Where it answers."""
        return [
            Route("/healthz", self.answer_health),
            Route("/readyz", self.answer_readiness),
            Route("/metrics", self.answer_metrics),
        ]

    def answer_health(self, _: Request) -> Response:
        """Say that the process lives."""
        return JSONResponse({"alive": True})

    def answer_readiness(self, _: Request) -> Response:
        """Say whether the ledger can be read, and why not."""
        try:
            with self._pool.borrow_view():
                return JSONResponse({"ready": True})
        except Exception as error:  # noqa: BLE001 - whatever it is, it is not ready
            return JSONResponse({"ready": False, "detail": describe_problem(error).detail}, status_code=503)

    def answer_metrics(self, _: Request) -> Response:
        """Write the metrics."""
        with self._pool.borrow_view() as view:
            metrics = [*list_metrics(view, datetime.now(UTC)), *self._traffic.list_metrics()]
        return PlainTextResponse(write_metrics(metrics), media_type=MEDIA_TYPE)
