"""What stands in front of every route: the gate before it, the audit log behind it, and a sentence for each error."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress

from anyio import from_thread
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from billfold.model.errors import BillfoldError
from billfold.serve.answers import fill_placeholders
from billfold.serve.bodies import read_form, store_body
from billfold.serve.gate import ACCOUNT_KEY, SAFE_METHODS, Gate, Visitor, read_visitor
from billfold.serve.login import set_session_cookie
from billfold.serve.needs import PUBLIC, find_need, name_route
from billfold.serve.peers import find_peer

Endpoint = Callable[[Request], Response]
AnswerError = Callable[[Request, Exception], Response]


def guard_route(route: Route, gate: Gate, answer_error: AnswerError) -> Route:
    """Return a route that answers only whom the gate admits, and whose errors are answers, too."""

    def answer(request: Request) -> Response:
        name, is_admitted = name_route(request.method, route.path, request.scope["path"]), False
        request.state.visitor = Visitor(None, find_peer(request.scope, gate.binding))
        try:
            visitor = gate.admit(request, name)
            if request.method not in SAFE_METHODS and name not in PUBLIC:
                gate.check_csrf(request, visitor, read_form(request), name)
            is_admitted = True
            response = _call_endpoint(route.endpoint, request)
            _note_action(request, gate, name, response)
        except Exception as error:  # noqa: BLE001 - what is not foreseen goes to the log
            response = answer_error(request, error)
            with suppress(BillfoldError):  # that the log cannot be written is the answer already
                _note_action(request, gate, name, response, is_wanted=is_admitted)
        return finish_answer(request, response, gate)

    async def answer_after_body(request: Request) -> Response:
        try:
            await store_body(request)
        except HTTPException as error:
            request.state.visitor = Visitor(None, find_peer(request.scope, gate.binding))
            return answer_error(request, error)
        return await run_in_threadpool(answer, request)

    has_body = bool((route.methods or set()) - SAFE_METHODS)
    endpoint: Endpoint | Callable[[Request], Awaitable[Response]] = answer_after_body if has_body else answer
    return Route(route.path, endpoint, methods=sorted(route.methods or SAFE_METHODS))


def _call_endpoint(endpoint: Callable[[Request], Response | Awaitable[Response]], request: Request) -> Response:
    """Return what an endpoint answers, also of one that has to be awaited: it is, by the loop that this thread works for."""
    answer = endpoint(request)
    return answer if isinstance(answer, Response) else from_thread.run(_await_answer, answer)


async def _await_answer(answer: Awaitable[Response]) -> Response:
    return await answer


def finish_answer(request: Request, response: Response, gate: Gate) -> Response:
    """Write into an answer what is of who asks: his name, the token of his forms, and a cookie where his is to be another."""
    visitor = read_visitor(request)
    fill_placeholders(response, visitor)
    if visitor.new_cookie:
        set_session_cookie(response, gate, visitor.new_cookie)
    return response


def _note_action(request: Request, gate: Gate, name: str, response: Response, *, is_wanted: bool = True) -> None:
    """Note in the audit log what was done or read, where that is to be noted; raises ``LedgerError`` where it cannot be."""
    visitor, action = read_visitor(request), find_need(name).action
    if is_wanted and action and name not in PUBLIC:
        account = request.scope["state"].get(ACCOUNT_KEY) or request.query_params.get("account", "")
        gate.note(visitor, action, _describe_request(request, name), account, str(response.status_code))


def _describe_request(request: Request, name: str) -> str:
    """Return a request as the audit log has it: its route, with what stands in the place of the names in it."""
    texts = [request.query_params[key] for key in ("seq", "sql") if key in request.query_params]
    return " ".join([name, *map(str, request.path_params.values()), *texts])
