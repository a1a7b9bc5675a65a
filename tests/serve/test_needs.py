"""Every route for every sort of who asks: what the table says is what is answered, and nothing of another's account is in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from billfold.ledger.query import LedgerFilter, list_invoices
from billfold.model.identity import AccountPatterns, Role
from billfold.serve.needs import NEEDS, PUBLIC, UNLISTED, find_need, name_route
from billfold.serve.resources import RESOURCES
from tests.serve.reader import Page
from tests.serve.shared import FOREIGN, MARKER, MONTH, OWN, RIGHTS, SharedServer

NARROW = [name for name, rights in RIGHTS.items() if not rights.accounts.is_everything]
WIDEST = "admin of its own"
STREAMS = [resource.name for resource in RESOURCES if resource.is_streamed]
FILLING = {"month": MONTH, "suffix": "json", "name": "desk.css", "id": "abcdefgh"}


class Target(NamedTuple):
    """A route, and a URL of it."""

    route: str
    method: str
    url: str


def list_targets(shared: SharedServer, seq: int) -> list[Target]:
    """Return every route of the application with a URL, each resource of the API for itself."""
    app = shared.reader.app
    assert isinstance(app, Starlette)
    targets = list[Target]()
    for route in app.routes:
        assert isinstance(route, Route)
        for method in sorted((route.methods or set()) - {"HEAD"}):
            for path in list_paths(route.path):
                url = re.sub(r"\{(\w+)\}", lambda match: str({**FILLING, "seq": seq}[match[1]]), path)
                targets.append(Target(name_route(method, route.path, url), method, add_query(url, seq)))
    return targets


def list_paths(path: str) -> Iterator[str]:
    """Yield a path, or one for each resource where it stands for all of them."""
    if "{path:path}" not in path:
        yield path
        return
    for resource in RESOURCES:
        yield path.replace("{path:path}", f"{resource.name}/{MONTH}" if resource.has_month else resource.name)


def add_query(url: str, seq: int) -> str:
    """Return a URL with what its route cannot do without."""
    queries = {"/query": "sql=SELECT+1", "/explain": f"seq={seq}", "/api/v1/changes": "since=2026-10-15"}
    queries |= {f"/api/v1/{name}": f"from={MONTH}" for name in STREAMS}
    queries |= {"/api/v1/sql": "query=SELECT+1", "/api/v1/explain": "reference=estimate"}
    queries[f"/api/v1/shares/{MONTH}"] = "owner=somebody"
    queries["/invoice"], queries["/query.json"] = "id=", queries["/query"]
    return f"{url}?{queries[url]}" if url in queries else url


def find_seq(shared: SharedServer, provider: str) -> int:
    """Return the number of an archived answer of a vendor."""
    with shared.reader.pool.borrow_view() as view:
        entries = [entry for entry in view.workspace.archive.iter_answers() if entry.provider == provider]
        return entries[-1].seq


def send(shared: SharedServer, target: Target, name: str) -> Page:
    """Send a request of a route with the key of a name; who sees all has whatever there is, and is not sent it again."""
    if target.method == "GET":
        headers = {} if name in {*NARROW, "admin of all"} else {"if_none_match": "*"}
        return shared.get(target.url, name, **headers)
    return shared.post(target.url, {}, name)


@pytest.mark.parametrize("authorization", ["", "Bearer bf_abcdefgh_" + "a" * 32, "Basic YTpi", "Bearer", "bearer x y"])
def test_nobody_is_answered_nothing(shared: SharedServer, authorization: str) -> None:
    headers = {"authorization": authorization} if authorization else {}
    for number, target in enumerate(list_targets(shared, 1)):
        client = f"10.9.{number % 250}.{number}"  # each address has few wrong guesses
        page = shared.reader.send(target.method, target.url, b"", client=client, **headers)
        if target.route in PUBLIC:
            assert page.status in {200, 403}, target
        else:
            assert (page.status, page.headers["www-authenticate"]) == (401, 'Bearer realm="billfold"'), target
        assert MARKER not in page.text


def test_every_route_is_in_the_table(shared: SharedServer) -> None:
    """A route that nobody has put there is for admins who see every account; this says which there are."""
    routes = {target.route for target in list_targets(shared, 1)}
    assert routes - PUBLIC - NEEDS.keys() == set()
    assert NEEDS.keys() - routes == set()
    assert not NEEDS.keys() & PUBLIC
    assert find_need("GET /made-tomorrow") == UNLISTED
    for name in RIGHTS:
        assert bool(UNLISTED.find_lack(shared.identify(name))) is (name != "admin of all")


@pytest.fixture(scope="module")
def foreign_words(shared: SharedServer) -> list[str]:
    """Return what only the other account has: its marker, its invoices' ids and their totals."""
    with shared.reader.pool.borrow_view() as view:
        bills = list_invoices(view.db, LedgerFilter())
    own_words = {word for bill in bills if bill.account == OWN for word in (bill.invoice_id, bill.total)}
    all_words = {str(word) for bill in bills if bill.account == FOREIGN for word in (bill.invoice_id, bill.total)}
    foreign = sorted(word for word in all_words - own_words - {"None"} if len(word) > 4)
    assert len(foreign) > 3
    return [MARKER, *foreign]


def find_leaks(page: Page, foreign_words: list[str]) -> list[str]:
    """Return which of the other account's words are in an answer, also with thousands apart."""
    text = f"{page.headers} {page.body.decode('utf-8', 'replace')}"
    return [word for word in foreign_words if word in text or word in text.replace(",", "")]


@pytest.mark.parametrize("name", [name for name in RIGHTS if name != "reader of its own documents"])
def test_the_table_is_what_is_answered(shared: SharedServer, name: str, foreign_words: list[str]) -> None:
    """Each route, asked plainly: 403 exactly where the table says that something lacks, and nothing of another's account.

    No name, no invoice, no amount, no signature, no finding and no bank entry of it.
    """
    identity, wrong, leaks = shared.identify(name), dict[str, int](), dict[str, list[str]]()
    for target in list_targets(shared, find_seq(shared, "fastly")):
        page = send(shared, target, name)
        is_refused = target.route not in PUBLIC and bool(find_need(target.route).find_lack(identity))
        if (page.status == 403) is not is_refused and target.route != "POST /login":
            wrong[target.route] = page.status
        assert page.status < 500, target
        leaks[target.route] = find_leaks(page, foreign_words)
    assert wrong == {}
    assert len(leaks) > 45
    leaking_routes = {route for route, leaked in leaks.items() if leaked}
    if name in NARROW:
        assert leaking_routes == set()
    elif name == "admin of all":  # the words are there to be found
        assert len(leaking_routes) > 20


@pytest.mark.parametrize("name", [WIDEST])
def test_looking_back_shows_nothing_of_another(shared: SharedServer, name: str, foreign_words: list[str]) -> None:
    for target in list_targets(shared, find_seq(shared, "fastly")):
        if target.method == "GET":
            page = shared.get(f"{target.url}{'&' if '?' in target.url else '?'}as_of=2026-11-14", name)
            assert find_leaks(page, foreign_words) == [], target


@pytest.mark.parametrize("name", [WIDEST])
def test_another_account_is_as_if_it_were_not(shared: SharedServer, name: str) -> None:
    """Asked for by its name, its invoice or its answer, it is refused in the same words as what does not exist at all."""
    nobody = "zznobody-cd2"
    with shared.reader.pool.borrow_view() as view:
        bills = list_invoices(view.db, LedgerFilter())
    invoice_id = next(str(bill.invoice_id) for bill in bills if bill.account == FOREIGN and bill.invoice_id)
    seq, last_seq = find_seq(shared, "fastly"), 10**9
    pairs = [(f"/invoice?id={invoice_id}", "/invoice?id=zznobody", invoice_id, "zznobody")]
    pairs += [(f"/documents/{seq}", f"/documents/{last_seq}", str(seq), str(last_seq))]
    pairs += [(f"/explain?seq={seq}", f"/explain?seq={last_seq}", str(seq), str(last_seq))]
    for target in list_targets(shared, seq):
        if target.method == "GET" and target.route not in PUBLIC | {"GET /explain", "GET /documents/{seq}"}:
            joint = "&" if "?" in target.url else "?"
            foreign_url, absent_url = (f"{target.url}{joint}account={word}" for word in (FOREIGN, nobody))
            pairs.append((foreign_url, absent_url, FOREIGN, nobody))
    for foreign_url, absent_url, foreign_word, absent_word in pairs:
        foreign_page, absent_page = shared.get(foreign_url, name), shared.get(absent_url, name)
        assert foreign_page.status == absent_page.status, foreign_url
        if foreign_page.status != 200:
            assert foreign_page.text.replace(foreign_word, absent_word) == absent_page.text, foreign_url


def test_what_is_own_is_the_same_for_both(shared: SharedServer) -> None:
    """Who sees one account is told of it what who sees all is told where he narrows to it."""
    for path in (
        "invoices",
        f"why/{MONTH}",
        "payables",
        "commitments",
        "restatements",
        "runs",
        "completeness",
        "report",
    ):
        own_rows = shared.get(f"/api/v1/{path}", "reader of its own").json
        assert own_rows or path in {"payables", "commitments", "restatements"}
        assert own_rows == shared.get(f"/api/v1/{path}?provider=vultr", "reader of all").json, path
    assert shared.get("/api/v1/charges", "reader of its own").body.count(b"\n") > 3
    metrics = shared.get("/metrics", "reader of its own").text
    assert f'account="{OWN}"' in metrics


def test_answers_are_kept_for_who_may_see_them(shared: SharedServer) -> None:
    """The same URL, asked in turn: neither a kept answer nor a tag goes from one to another."""
    names = ("admin of all", "reader of its own", "admin of nothing", "reader of all", "reader of its own")
    for url in ("/", "/invoices", "/api/v1/invoices", "/api/v1/accounts"):
        pages = [shared.get(url, name) for name in names]
        assert pages[1].body == pages[4].body
        assert pages[0].body != pages[1].body != pages[2].body
        for page, name in zip(pages[1:], names, strict=False):
            again = shared.get(url, name, if_none_match=page.headers["etag"])
            assert (again.status == 304) is (again.headers["etag"] == page.headers["etag"])
        assert shared.get(url, "reader of its own", if_none_match=pages[0].headers["etag"]).status == 200


def test_a_host_leads_to_no_other_need(shared: SharedServer) -> None:
    """An address that is made of the Host header counts for nothing: neither for what is needed, nor for what is kept."""
    headers = {"host": "127.0.0.1:8500/api/v1/openapi.json?"}
    assert shared.get("/api/v1/charges", "admin of nothing", **headers).status == 403
    assert name_route("GET", "/api/v1/{path:path}", "/api/v1/charges.csv") == "GET /api/v1/charges"
    assert name_route("HEAD", "/api/v1/{path:path}", "/api/v1/close/2026-10") == "GET /api/v1/close"
    assert name_route("GET", "/api/v1/{path:path}", "/api/v1//charges") not in NEEDS


def test_roles_grow_and_a_pattern_of_nothing_is_nothing() -> None:
    assert [[role.includes(other) for other in Role] for role in Role] == [
        [True, False, False],
        [True, True, False],
        [True, True, True],
    ]
    assert not AccountPatterns(()).is_everything
