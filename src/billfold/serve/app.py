"""The server's application: what is answered under which path, and only to whom the gate admits."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from billfold.serve.access_page import AccessPage
from billfold.serve.actions import Actions, StartSync
from billfold.serve.answers import AnswerCache
from billfold.serve.api import RestApi
from billfold.serve.commands import Commands, RunCommand
from billfold.serve.failures import Problem, describe_problem, write_problem
from billfold.serve.gate import SAFE_METHODS, Gate, Visitor, read_identity, read_visitor
from billfold.serve.guard import finish_answer, guard_route
from billfold.serve.login import LoginPages
from billfold.serve.metrics import MEDIA_TYPE, list_metrics, write_metrics
from billfold.serve.openapi import ROOT
from billfold.serve.pages import Pages
from billfold.serve.safety import SafetyLayer
from billfold.serve.traffic import TrafficCounter, TrafficLayer
from billfold.serve.views import ViewPool

if TYPE_CHECKING:
    from billfold.serve.oidc import OidcClient

log = logging.getLogger("billfold.serve")


def make_application(
    pool: ViewPool,
    run_command: RunCommand | None = None,
    *,
    gate: Gate | None = None,
    start_sync: StartSync | None = None,
    oidc: OidcClient | None = None,
) -> Starlette:
    """Return the application that shows the ledgers of a pool; without a gate one for this machine's users.

    ``run_command`` runs commands for terminals elsewhere, ``start_sync`` begins to collect accounts and returns the number of the
    run, ``oidc`` is where people log in elsewhere.
    """
    gate, cache = gate or Gate(pool.directory), AnswerCache(pool)
    pages = Pages(pool, cache)

    def answer_error(request: Request, error: Exception) -> Response:
        return _write_answer(request, hide_causes(describe_problem(error), read_visitor(request)), pages)

    def answer_unmatched(request: Request, error: Exception) -> Response:
        request.state.visitor = gate.find_visitor_or_nobody(request)
        return finish_answer(request, answer_error(request, error), gate)

    traffic = TrafficCounter()
    routes = [
        *Probes(pool, traffic).routes,
        *Actions(pool, gate, start_sync or refuse_sync).routes,
        *(Commands(pool, run_command).routes if run_command else ()),
        *RestApi(pool, cache).routes,
        *_list_access_routes(gate, pages, oidc),
        *pages.routes,
    ]
    layers = [Middleware(TrafficLayer, counter=traffic), Middleware(SafetyLayer, binding=gate.binding)]
    return Starlette(
        routes=[guard_route(route, gate, answer_error) for route in routes],
        middleware=layers,
        exception_handlers={404: answer_unmatched, 405: answer_unmatched},
    )


def _write_answer(request: Request, problem: Problem, pages: Pages) -> Response:
    """Write a problem for a program, or as a page for people; who has to log in first is led to where he can."""
    is_for_people = "text/html" in request.headers.get("accept", "") and not request.url.path.startswith(ROOT)
    if is_for_people and problem.status == 401 and request.method in SAFE_METHODS:
        return RedirectResponse("/login", 303)
    response = pages.answer_problem(request, problem) if is_for_people else write_problem(request, problem)
    response.headers.update(problem.headers)
    return response


def _list_access_routes(gate: Gate, pages: Pages, oidc: OidcClient | None) -> list[Route]:
    """Return the routes of logins, here or elsewhere, and of keys and audit."""
    routes = [*LoginPages(gate, pages, oidc.settings.issuer if oidc else "").routes, *AccessPage(gate, pages).routes]
    if oidc is not None:
        from billfold.serve.oidc_login import OidcLogin  # its library is of an extra of its own

        routes += OidcLogin(gate, oidc).routes
    return routes


def refuse_sync(_: Sequence[str]) -> str:
    """Refuse to collect, where nothing is there to do it; raises ``HTTPException``."""
    raise HTTPException(409, "this server collects nothing: run `billfold sync` on its machine")


def hide_causes(problem: Problem, visitor: Visitor) -> Problem:
    """Return what is told of a problem: why the ledger cannot be used may name any account and path, and is for who sees all."""
    is_open = visitor.identity is not None and visitor.identity.accounts.is_everything
    if problem.status != 503 or is_open:
        return problem
    log.warning("%s was not answered: %s", visitor.label, problem.detail)
    return problem._replace(
        detail="this cannot be answered now: ask again in a moment, or an admin, whose log has more"
    )


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
        """Say whether the ledger can be read; why not is in the log, as anybody may ask."""
        try:
            with self._pool.borrow_view():
                return JSONResponse({"ready": True})
        except Exception as error:  # noqa: BLE001 - whatever it is, it is not ready
            log.warning("the ledger cannot be read: %s", describe_problem(error).detail)
            return JSONResponse({"ready": False, "detail": "the ledger cannot be read"}, status_code=503)

    def answer_metrics(self, request: Request) -> Response:
        """Write the metrics of the accounts that exist for who asks."""
        with self._pool.borrow_view(read_identity(request).accounts) as view:
            metrics = [*list_metrics(view, datetime.now(UTC)), *self._traffic.list_metrics()]
        return PlainTextResponse(write_metrics(metrics), media_type=MEDIA_TYPE)
