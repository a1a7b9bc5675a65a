"""The page: every screen under its path, rendered on the server; a script only shows how a sync goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import NamedTuple

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from billfold.ledger.documents import PDF_MEDIA_TYPE
from billfold.ledger.entries import Entry
from billfold.model.identity import IdentityKind, Role
from billfold.serve import bill_screens, outlook_screens, screens, sources, trees
from billfold.serve.activity import RunningSync
from billfold.serve.alerts import show_alerts
from billfold.serve.answers import CSRF_PLACEHOLDER, NAME_PLACEHOLDER, AnswerCache
from billfold.serve.failures import Problem
from billfold.serve.gate import note_account, read_identity, read_visitor
from billfold.serve.needs import find_need
from billfold.serve.query_page import QueryRoutes
from billfold.serve.questions import Question, build_question
from billfold.serve.safety import PDF_POLICY, WITH_PDF_POLICY
from billfold.serve.sql_page import show_query
from billfold.serve.templating import render_page
from billfold.serve.views import ViewPool
from billfold.version import __version__

PDF_MAGIC = b"%PDF-"
NARROWING = ("provider", "account", "from", "to")
MARKS = {"complete": "●", "provisional": "◐", "late": "!", "disputed": "✕", "parked": "‖"}
"""What stands in a cell of the grid beside the word."""
STATIC_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".js": "text/javascript; charset=utf-8",
}
LIVE_PATHS = {"/query", "/accounts", "/alerts"}
"""Screens that are others as time passes: they are made each time."""


class Screen(NamedTuple):
    """A screen: its path, what it is called in the navigation ("": not there), its title, template and what it shows."""

    path: str
    name: str
    title: str
    template: str
    show: Callable[[Question], Mapping[str, object]]


SCREENS = (
    Screen("/", "Close", "Is it complete?", "close.html", screens.show_close),
    Screen("/invoices", "Invoices", "Invoices", "invoices.html", bill_screens.show_invoices),
    Screen("/customers", "Customers", "Whose cost it is: customers", "customers.html", trees.show_customers),
    Screen("/teams", "Teams", "Whose cost it is: teams", "teams.html", trees.show_teams),
    Screen("/changes", "Changes", "What has changed", "changes.html", screens.show_changes),
    Screen("/restatements", "Restatements", "What was restated", "restatements.html", bill_screens.show_restatements),
    Screen("/payables", "Payables", "What is to be paid", "payables.html", screens.show_payables),
    Screen(
        "/commitments",
        "Commitments",
        "What is committed and left",
        "commitments.html",
        outlook_screens.show_commitments,
    ),
    Screen("/estimates", "Estimates", "Where months will end", "estimates.html", outlook_screens.show_estimates),
    Screen("/findings", "Findings", "Does it add up?", "findings.html", screens.show_findings),
    Screen("/query", "Query", "Ask in SQL", "query.html", show_query),
    Screen("/accounts", "Accounts", "Accounts and runs", "accounts.html", screens.show_accounts),
    Screen("/alerts", "Alerts", "What was sent, and to whom", "alerts.html", show_alerts),
    Screen("/months/{month}", "", "Month {month}", "month.html", screens.show_month),
    Screen("/close/{month}", "", "Checks of {month}", "checks.html", screens.show_checks),
    Screen("/invoice", "", "Invoice {id}", "invoice.html", bill_screens.show_invoice),
    Screen("/charges", "", "Charges", "charges.html", bill_screens.show_charges),
    Screen("/commitment", "", "Commitment", "commitment.html", outlook_screens.show_commitment),
    Screen("/explain", "", "Answer {seq} of the archive", "explain.html", sources.show_explain),
)


class Pages:
    """Answers with pages."""

    def __init__(self, pool: ViewPool, cache: AnswerCache) -> None:
        self._pool, self._cache = pool, cache

    @property
    def routes(self) -> list[Route]:
        """Where it answers."""
        return [
            *(Route(screen.path, self._make_endpoint(screen)) for screen in SCREENS),
            *QueryRoutes(self._pool).routes,
            Route("/accounts/progress", self.answer_progress),
            Route("/documents/{seq}", self.answer_document),
            Route("/documents/{seq}/inline", self.answer_shown_document),
            Route("/favicon.ico", lambda _: answer_static("favicon.svg")),
            Route("/static/{name}", lambda request: answer_static(request.path_params["name"])),
        ]

    def _make_endpoint(self, screen: Screen) -> Callable[[Request], Response]:
        def answer(request: Request) -> Response:
            if screen.path in LIVE_PATHS:
                return self._build(request, screen)
            return self._cache.answer(request, lambda: self._build(request, screen))

        return answer

    def _build(self, request: Request, screen: Screen) -> Response:
        values, month = dict(request.query_params), request.path_params.get("month", "")
        with self._pool.borrow_view(read_identity(request).accounts) as view:
            question = build_question(view, values, month)
            shown = {**screen.show(question), "running": self._list_running(question)}
        if isinstance(entry := shown.get("entry"), Entry):
            note_account(request, entry.provider, entry.account)
        names = {"month": month, "id": values.get("id", ""), "seq": values.get("seq", "")}
        response = self.render(
            request, screen.template, screen.title.format(**names), {"month": question.month, **shown}
        )
        if shown.get("shown_document"):
            response.headers["content-security-policy"] = WITH_PDF_POLICY
        return response

    def _list_running(self, question: Question) -> list[RunningSync]:
        """Return what is being collected now of the accounts that are asked about."""
        running = self._pool.activity.list_running()
        visible_keys = set(question.configured) if running else set()
        return [row for row in running if row[:2] in visible_keys and question.filters.includes_account(*row[:2])]

    def render(self, request: Request, template: str, title: str, shown: Mapping[str, object]) -> Response:
        """Return a page, with what stands on every one."""
        values = dict(request.query_params)
        frame = describe_visitor(request) | {
            "title": title,
            "current": request.url.path,
            "here": request.url.path,
            "as_of": values.get("as_of", ""),
            "narrowing": {name: values[name] for name in NARROWING if values.get(name)},
            "kept_values": [(name, value) for name, value in values.items() if name != "as_of" and value],
            "marks": MARKS,
            "directory": self._pool.directory,
            "version": __version__,
        }
        return HTMLResponse(render_page(template, frame | dict(shown)))

    def answer_progress(self, request: Request) -> Response:
        """Answer with what is being collected now; a page that shows it is loaded again once nothing is."""
        accounts = read_identity(request).accounts
        running = [row for row in self._pool.activity.list_running() if accounts.includes(*row[:2])]
        response = HTMLResponse(render_page("progress.html", {"running": running, "as_of": "", "narrowing": {}}))
        if not running and "hx-request" in request.headers:
            response.headers["hx-refresh"] = "true"
        return response

    def answer_document(self, request: Request) -> Response:
        """Answer with a document as it came, to be saved."""
        with self._pool.borrow_view(read_identity(request).accounts) as view:
            question = build_question(view, dict(request.query_params))
            entry = sources.read_answer(question, request.path_params["seq"])
            note_account(request, entry.provider, entry.account)
            body, media_type, name = sources.read_document(question, request.path_params["seq"])
        return Response(body, media_type=media_type, headers={"content-disposition": f'attachment; filename="{name}"'})

    def answer_shown_document(self, request: Request) -> Response:
        """Answer with a PDF to be shown beside its invoice; raises ``HTTPException`` for anything else: it is only saved."""
        with self._pool.borrow_view(read_identity(request).accounts) as view:
            question = build_question(view, dict(request.query_params))
            entry = sources.read_answer(question, request.path_params["seq"])
            note_account(request, entry.provider, entry.account)
            body, media_type, name = sources.read_document(question, request.path_params["seq"])
        if media_type != PDF_MEDIA_TYPE or not body.startswith(PDF_MAGIC):
            raise HTTPException(404, "this document is no PDF: it is not shown, only saved")
        headers = {"content-disposition": f'inline; filename="{name}"', "content-security-policy": PDF_POLICY}
        return Response(body, media_type=PDF_MEDIA_TYPE, headers=headers)

    def answer_problem(self, request: Request, problem: Problem) -> Response:
        """Answer with a page that says what went wrong."""
        shown = {"detail": problem.detail}
        if problem.status == 400:  # it may be the time that cannot be asked: no link goes on with it
            shown |= {"as_of": ""}
        response = self.render(request, "problem.html", problem.title, shown)
        response.status_code = problem.status
        return response


def describe_visitor(request: Request) -> dict[str, object]:
    """Return what a page has of who asks: the screens that he may open, what he may do, and placeholders for name and token."""
    identity = read_visitor(request).identity
    if identity is None:
        return {
            "screens": [],
            "visitor": "",
            "can_acknowledge": False,
            "is_machine": False,
            "csrf": "",
            "is_user": False,
        }
    open_screens = [("/access", "Keys and audit")]
    return {
        "screens": [
            (path, name)
            for path, name in [*((screen.path, screen.name) for screen in SCREENS if screen.name), *open_screens]
            if not find_need(f"GET {path}").find_lack(identity)
        ],
        "visitor": "" if identity.kind is IdentityKind.MACHINE else NAME_PLACEHOLDER,
        "is_machine": identity.kind is IdentityKind.MACHINE,
        "is_user": identity.kind is IdentityKind.USER,
        "can_acknowledge": identity.role.includes(Role.ACCOUNTANT),
        "csrf": CSRF_PLACEHOLDER,
    }


def answer_static(name: str) -> Response:
    """Answer with a file of the page itself; raises ``HTTPException`` where there is none."""
    suffix = name[name.rfind(".") :]
    paths = {path.name: path for path in files("billfold.serve").joinpath("static").iterdir()}
    if name not in paths or suffix not in STATIC_TYPES:
        raise HTTPException(404, f"there is no {name[:80]}")
    return Response(paths[name].read_bytes(), media_type=STATIC_TYPES[suffix])
