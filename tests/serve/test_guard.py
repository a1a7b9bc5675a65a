"""What stands in front of every route: one that nobody put into the table is for admins who see all, whatever it does."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from billfold.ledger.audit_log import list_events
from billfold.serve.answers import CSRF_PLACEHOLDER, NAME_PLACEHOLDER
from billfold.serve.bodies import read_form
from billfold.serve.failures import describe_problem, write_problem
from billfold.serve.gate import Gate, read_identity
from billfold.serve.guard import guard_route
from tests.serve.reader import Reader
from tests.serve.shared import RIGHTS, SharedServer
from tests.stage import AT


def show_page(request: Request) -> Response:
    """Show who asks."""
    return HTMLResponse(f"<p>{NAME_PLACEHOLDER} {CSRF_PLACEHOLDER} {read_identity(request).role}</p>")


def save(request: Request) -> Response:
    """Take a form."""
    return PlainTextResponse(read_form(request).get("name", ""))


async def save_later(request: Request) -> Response:
    """Take a form as the library has it."""
    return PlainTextResponse((await request.body()).decode())


def fail(_: Request) -> Response:
    """Fail."""
    raise ZeroDivisionError


@pytest.fixture
def server(shared: SharedServer) -> SharedServer:
    """Return a server of routes that are in no table, with the keys of the shared one."""
    gate = Gate(shared.reader.pool.directory, read_time=lambda: AT)
    routes = [
        Route("/made-tomorrow", show_page),
        Route("/save", save, methods=["POST"]),
        Route("/save-later", save_later, methods=["POST"]),
        Route("/fail", fail),
    ]

    def answer_error(request: Request, error: Exception) -> Response:
        return write_problem(request, describe_problem(error))

    app = Starlette(routes=[guard_route(route, gate, answer_error) for route in routes])
    return SharedServer(Reader(shared.reader.pool, app, gate), shared.secrets)


@pytest.mark.parametrize("name", RIGHTS)
def test_an_unlisted_route_is_for_admins_who_see_all(server: SharedServer, name: str) -> None:
    expected = 200 if name == "admin of all" else 403
    assert server.get("/made-tomorrow", name).status == expected
    for url in ("/save", "/save-later"):
        assert server.post(url, {}, name).status == expected
    assert server.reader.get("/made-tomorrow", client="10.6.0.1").status == 401


def test_an_endpoint_may_be_awaited(server: SharedServer) -> None:
    headers = {"authorization": f"Bearer {server.secrets['admin of all']}"}
    for url, text in (("/save", "ada"), ("/save-later", "name=ada")):
        page = server.reader.post_form(url, {"name": "ada"}, **headers)
        assert (page.status, page.text) == (200, text)


def test_what_is_not_foreseen_is_told_and_noted(server: SharedServer) -> None:
    page = server.get("/fail", "admin of all")
    assert (page.status, "ZeroDivision" in page.text) == (500, False)
    event = list_events(server.reader.pool.directory, limit=1)[0]
    assert (event.action, event.route, event.result) == ("unlisted route", "GET /fail", "500")


def test_a_page_is_filled_in_for_who_asks(server: SharedServer) -> None:
    page = server.get("/made-tomorrow", "admin of all")
    assert page.text == "<p>admin of all  admin</p>"
    assert int(page.headers["content-length"]) == len(page.body)
