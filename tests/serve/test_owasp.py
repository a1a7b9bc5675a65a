"""The OWASP API Security Top 10 (2023), each as a test of the served ledger, and that no secret is written anywhere."""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path

import click
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from billfold.cli.main import cli
from billfold.ledger.audit_log import list_events
from billfold.ledger.layout import SERVER_FILE
from billfold.model.identity import DataScope
from billfold.serve.needs import NEEDS, PUBLIC, find_need
from billfold.serve.openapi import ACTIONS, ROOT
from billfold.serve.rates import REQUESTS
from billfold.serve.resources import RESOURCES
from billfold.serve.sources import DOCUMENT_TYPES
from billfold.tasks.keys import KeyRights, create_key
from tests.serve.shared import FOREIGN, MARKER, RIGHTS, SharedServer
from tests.stage import AT

API_ROUTES = [name for name in NEEDS if f" {ROOT}/" in name]


def test_api1_objects_of_others_do_not_exist(shared: SharedServer) -> None:
    """Broken object level authorization: by its account, its invoice or its answer, nothing of another account is there."""
    name = "reader of its own documents"
    with shared.reader.pool.borrow_view() as view:
        answers = [entry.seq for entry in view.workspace.archive.iter_answers() if entry.account == FOREIGN]
    for url in (f"/explain?seq={answers[0]}", f"/documents/{answers[-1]}"):
        assert shared.get(url, name).status == 404
    for resource in ("invoices", "payables", "runs"):
        assert shared.get(f"{ROOT}/{resource}?account={FOREIGN}", name).status == 400
        assert MARKER not in shared.get(f"{ROOT}/{resource}", name).text


def test_api2_nobody_is_taken_for_somebody(shared: SharedServer) -> None:
    """Broken authentication: no key, a wrong one, one of another sort or in another place is 401 with a challenge."""
    secret = shared.secrets["admin of all"]
    for number, headers in enumerate(
        (
            {},
            {"authorization": f"Bearer {secret[:-1]}"},
            {"authorization": f"Bearer {secret.upper()}"},
            {"authorization": f"Basic {secret}"},
            {"authorization": secret},
            {"cookie": f"billfold={secret}"},
            {"x_api_key": secret},
        )
    ):
        page = shared.reader.get(f"{ROOT}/invoices", client=f"10.7.0.{number}", **headers)
        assert (page.status, "www-authenticate" in page.headers) == (401, True), headers
    assert shared.reader.get(f"{ROOT}/invoices?key={secret}", client="10.7.1.1").status == 401


def test_api3_no_property_is_set_or_shown_unasked(shared: SharedServer) -> None:
    """Broken object property level authorization: what an action does not know is refused, and no hash is shown."""
    url = f"{ROOT}/findings/0123456789/acknowledge"
    body = {"reason": "x", "by": "somebody else", "role": "admin"}
    page = shared.post(url, body, "accountant of all", idempotency_key="api3")
    assert (page.status, "is not known here" in page.text) == (400, True)
    shown = shared.get("/access", "admin of all").text + shared.get("/me", "admin of all").text
    assert "argon2" not in shown
    (last_event,) = list_events(shared.reader.pool.directory, limit=1)
    assert set(re.findall(r"\b[0-9a-f]{64}\b", shown)) == {last_event.hash}


def test_api4_nobody_takes_more_than_his_share(shared: SharedServer) -> None:
    """Unrestricted resource consumption: requests, bodies, rows and queries have limits, and a limit says when to ask again."""
    rights = KeyRights(*RIGHTS["reader of its own"][:3])
    secret = create_key(shared.reader.pool.directory, "hasty", rights, AT).secret
    take_token = shared.reader.gate._requests.take_token
    label = f"key {secret.split('_')[1]} (hasty)"
    waits = [take_token(label) for _ in range(REQUESTS.burst + 60)]
    assert max(waits) >= 1
    shared.reader.gate._requests._buckets[label] = (0.0, shared.reader.gate._requests._buckets[label][1] + 1000)
    page = shared.reader.get(f"{ROOT}/invoices", authorization=f"Bearer {secret}")
    assert (page.status, int(page.headers["retry-after"]) >= 1) == (429, True)
    admin = {"authorization": f"Bearer {shared.secrets['admin of all']}"}
    assert shared.reader.send("POST", f"{ROOT}/sync", b"x" * 100_000, **admin).status == 413
    assert shared.get(f"{ROOT}/invoices?limit=10001", "admin of all").status == 400
    assert shared.get(f"{ROOT}/invoices?provider={'x' * 20_000}", "admin of all").status == 400


def test_api5_functions_are_for_their_roles(shared: SharedServer) -> None:
    """Broken function level authorization: no reader does what an accountant does, nobody but an admin sees keys; any method counts."""
    for name in ("reader of all", "accountant of all"):
        identity = shared.identify(name)
        for route, need in NEEDS.items():
            method, path = route.split(" ")
            if not identity.role.includes(need.role):
                url = re.sub(r"\{(\w+)\}", "2026-09", path)
                assert shared.reader.send(method, url, b"{}", **_sign_in(shared, name)).status == 403, route
    for method in ("PUT", "PATCH", "DELETE", "TRACE", "POST"):
        assert shared.reader.send(method, "/access", b"", **_sign_in(shared, "admin of all")).status == 405


def _sign_in(shared: SharedServer, name: str) -> dict[str, str]:
    content = {"content_type": "application/json", "idempotency_key": "k"}
    return {"authorization": f"Bearer {shared.secrets[name]}", **content}


def test_api6_what_matters_is_done_once_and_by_whom_it_says(shared: SharedServer) -> None:
    """Unrestricted access to sensitive business flows: every action wants a key of its own, and is in the audit log."""
    for action in ACTIONS:
        url = f"{ROOT}/{action.path}".replace("{month}", "2026-09").replace("{id}", "0123456789")
        page = shared.post(url, {}, "admin of all")
        assert (page.status, "Idempotency-Key" in page.text) == (400, True)
        event = list_events(shared.reader.pool.directory, limit=1)[0]
        assert (event.action, event.result) == (find_need(f"POST {ROOT}/{action.path}").action, "400")


def test_api7_the_server_fetches_no_address_of_others(shared: SharedServer) -> None:
    """Server side request forgery: no word of a request is an address; a sync collects configured accounts only."""
    document = shared.get(f"{ROOT}/openapi.json", "reader of all").json
    names = set(re.findall(r'"name": "(\w+)"', json.dumps(document)))
    assert not {name for name in names if re.search("url|uri|host|callback|webhook|address", name)}
    for number, target in enumerate(("http://169.254.169.254/", "file:///etc/passwd", "127.0.0.1")):
        body = {"accounts": [target]}
        assert shared.post(f"{ROOT}/sync", body, "admin of all", idempotency_key=f"api7-{number}").status == 400


def test_api8_nothing_is_set_up_carelessly(shared: SharedServer) -> None:
    """Security misconfiguration: headers on every answer, no sharing between origins, no traceback, no name of the server."""
    pages = [
        shared.reader.get("/login", origin="https://evil.example"),
        shared.get(f"{ROOT}/invoices", "admin of all", origin="https://evil.example"),
        shared.get("/nothing", "admin of all"),
        shared.reader.get(f"{ROOT}/invoices", client="10.7.2.1"),
    ]
    for page in pages:
        assert page.headers["x-content-type-options"] == "nosniff"
        assert page.headers["content-security-policy"].startswith("default-src 'none'")
        assert page.headers["cache-control"] == "private, no-cache"
        assert "Authorization" in page.headers["vary"]
        assert not {"access-control-allow-origin", "server", "x-powered-by"} & page.headers.keys()
        assert "Traceback" not in page.text
    assert shared.reader.get("/readyz", client="10.7.2.2").json == {"ready": True}


def test_api9_every_route_is_listed(shared: SharedServer) -> None:
    """Improper inventory management: what answers is in the table of needs, and all of the API in its document."""
    app = shared.reader.app
    assert isinstance(app, Starlette)
    document = shared.get(f"{ROOT}/openapi.json", "reader of all").json
    described = {f"{method.upper()} {path}" for path, item in document["paths"].items() for method in item}
    actions = {f"POST {ROOT}/{action.path}" for action in ACTIONS}
    assert actions == {route for route in API_ROUTES if route.startswith("POST ")}
    assert actions <= described
    for resource in RESOURCES:
        path = f"GET {ROOT}/{resource.name}{'/{month}' if resource.has_month else ''}"
        assert path in described
        assert f"GET {ROOT}/{resource.name}" in NEEDS
    paths = {route.path for route in app.routes if isinstance(route, Route)}
    assert {name.split(" ")[1] for name in PUBLIC if "oidc" not in name} <= paths


def test_api10_what_vendors_send_is_hostile(shared: SharedServer) -> None:
    """Unsafe consumption of APIs: a vendor's page is never shown as one, and what it writes neither steers a page nor the log."""
    assert not {"text/html", "image/svg+xml", "application/xhtml+xml", "text/xml"} & set(DOCUMENT_TYPES)
    page = shared.get("/invoice?id=%3Cscript%3Ealert(1)%3C/script%3E", "admin of all", accept="text/html")
    assert (page.status, "<script>" in page.text) == (400, False)
    shared.get("/explain?seq=%0d%0aforged%1b[2J", "admin of all")
    event = list_events(shared.reader.pool.directory, limit=1)[0]
    assert event.route.isprintable()
    assert "forged" in event.route


def test_no_secret_is_written_anywhere(shared: SharedServer, caplog: pytest.LogCaptureFixture) -> None:
    """Not in a log, a page, the audit log, the file of keys, or the arguments of a command, which `ps` shows."""
    caplog.set_level(logging.DEBUG)
    wrong = "bf_abcdefgh_" + "q" * 32
    texts = [shared.get(url, name).text for name in shared.secrets for url in ("/", "/access", "/me", f"{ROOT}/runs")]
    texts += [shared.reader.get("/", authorization=f"Bearer {wrong}", client="10.7.3.1").text, caplog.text]
    directory = shared.reader.pool.directory
    texts.append(str(list_events(directory)))
    stored = b"".join(path.read_bytes() for path in sorted(Path(directory).glob(f"{SERVER_FILE}*")))
    for secret in (*shared.secrets.values(), wrong):
        random_part = secret.rpartition("_")[2]
        assert not any(random_part in text for text in texts)
        assert random_part.encode() not in stored
    for path in (("users", "add"), ("keys", "create")):
        group = cli.get_command(click.Context(cli), path[0])
        assert isinstance(group, click.Group)
        command = group.commands[path[1]]
        names = {str(param.name) for param in command.params}
        assert not {name for name in names if re.search("password|secret|token", name)}
    assert DataScope.SETTINGS in shared.identify("admin of all").scopes
