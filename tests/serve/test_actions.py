"""What is done over HTTP is what the commands do: once for each key, in the name of who asks, and of nobody else's account."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from argon2 import PasswordHasher

from billfold.ledger.acknowledgements import list_acknowledgements
from billfold.ledger.archive import Archive
from billfold.ledger.audit_log import list_events
from billfold.ledger.closings import list_closings
from billfold.ledger.layout import ARCHIVE_FILE
from billfold.model.identity import EVERY_ACCOUNT, DataScope, Role
from billfold.tasks import users
from tests.cli.terminal import Terminal
from tests.serve.schemas import find_faults
from tests.serve.shared import FOREIGN, OWN, SharedServer, copy_home, open_shared
from tests.stage import AT

MONTH_OPEN, BANK = "month-open", "payment-unbilled"


@pytest.fixture
def server(tmp_path: Path, shared_home: Path) -> Iterator[SharedServer]:
    """Return a served copy of the ledger, in which anything may be done."""
    with open_shared(copy_home(shared_home, tmp_path / "home")) as opened:
        yield opened


def find_id(server: SharedServer, code: str, account: str) -> str:
    """Return the id of a finding."""
    rows: list[Any] = server.get("/api/v1/findings", "admin of all").json
    return next(str(row["id"]) for row in rows if (row["code"], row["account"]) == (code, account))


def list_signatures(server: SharedServer) -> list[tuple[str, str, tuple[str, str], int]]:
    """Return who signed which month, of what, and for how many accounts."""
    with Archive(server.reader.pool.directory / ARCHIVE_FILE) as archive:
        return [(str(row.month), row.signed_by, row.scope, len(row.registers)) for row in list_closings(archive)]


def test_a_finding_is_acknowledged_as_the_command_does(server: SharedServer, tmp_path: Path) -> None:
    finding_id = find_id(server, MONTH_OPEN, OWN)
    url = f"/api/v1/findings/{finding_id}/acknowledge"
    page = server.post(url, {"reason": "it is <late>"}, "accountant of its own", idempotency_key="a")
    assert (page.status, page.json["by"], page.json["account"]) == (200, "key accountant of its own", OWN), page.text
    document = server.get("/api/v1/openapi.json", "reader of all").json
    assert find_faults(page.json, document["components"]["schemas"]["AcknowledgedRow"], document) == []
    listing = Terminal(tmp_path / "home").run("acknowledge", "--ledger", "ledger").out
    assert finding_id in listing
    assert "it is <late>" in listing
    (row,) = [row for row in server.get("/api/v1/findings", "reader of its own").json if row["id"] == finding_id]
    assert row["data"]["acknowledged"] == "yes"
    event = list_events(server.reader.pool.directory, limit=3)[-1]
    assert (event.action, event.result, event.account) == ("acknowledge", "200", f"vultr/{OWN}")
    assert finding_id in event.route


def test_another_account_cannot_be_acted_on(server: SharedServer) -> None:
    """A finding of it is as one that there is not; a month is signed of what somebody sees, or not at all."""
    before = (list_signatures(server), _count_acknowledged(server))
    name = "accountant of its own"
    foreign_id = find_id(server, BANK, FOREIGN)
    foreign, absent = (
        server.post(f"/api/v1/findings/{each}/acknowledge", {"reason": "x"}, name, idempotency_key=each)
        for each in (foreign_id, "0123456789")
    )
    assert foreign.status == absent.status == 404
    assert foreign.text.replace(foreign_id, "0123456789") == absent.text
    bodies: tuple[dict[str, object], ...] = (
        {"name": "eve"},
        {"name": "eve", "provider": "fastly", "account": FOREIGN},
        {"name": "eve", "provider": "fastly"},
        {"name": "eve", "account": OWN},
        {"name": "eve", "provider": "fastly", "account": OWN},
        {"name": "eve", "provider": "vultr"},
    )
    for number, body in enumerate(bodies):
        page = server.post("/api/v1/close/2026-09/sign", body, name, idempotency_key=f"s{number}")
        assert page.status == 403, (body, page.text)
        assert FOREIGN not in page.text or FOREIGN in str(body)
    page = server.post("/api/v1/sync", {"accounts": [FOREIGN]}, "admin of its own", idempotency_key="y")
    assert (page.status, "there are own-servers" in page.text) == (400, True)
    assert (list_signatures(server), _count_acknowledged(server)) == before


def _count_acknowledged(server: SharedServer) -> int:
    with Archive(server.reader.pool.directory / ARCHIVE_FILE) as archive:
        return len(list_acknowledgements(archive))


def test_a_month_is_signed_as_the_command_does(server: SharedServer) -> None:
    page = server.post("/api/v1/close/2026-09/sign", {"name": "Ada"}, "accountant of all", idempotency_key="s")
    assert (page.status, page.json["ready"], page.json["signed_by"]) == (200, True, "Ada"), page.text
    own = {"name": "Bob", "provider": "vultr", "account": OWN}
    assert server.post("/api/v1/close/2026-09/sign", own, "accountant of its own", idempotency_key="s").status == 200
    assert list_signatures(server)[-2:] == [("2026-09", "Ada", ("", ""), 2), ("2026-09", "Bob", ("vultr", OWN), 1)]


def test_what_is_not_ready_is_signed_with_what_is_accepted(server: SharedServer) -> None:
    url, name = "/api/v1/close/2026-10/sign", "accountant of all"
    page = server.post(url, {"name": "Ada"}, name, idempotency_key="1")
    assert (page.status, find_id(server, BANK, FOREIGN) in page.text) == (409, True)
    checks = server.get("/api/v1/close/2026-10", name).json["checks"]
    open_ids = [check["id"] for check in checks if check["state"] == "wrong"]
    assert server.post(url, {"name": "Ada", "accept": ["0123456789"]}, name, idempotency_key="2").status == 400
    page = server.post(url, {"name": "Ada", "accept": open_ids, "reason": "agreed"}, name, idempotency_key="3")
    assert (page.status, {check["state"] for check in page.json["checks"]} & {"wrong", "open"}) == (200, set())
    assert list_signatures(server)[-1][:2] == ("2026-10", "Ada")


def test_a_request_is_done_once(server: SharedServer) -> None:
    """Sent again it is answered again; with another body, or without a key, it is refused; what failed may be sent again."""
    url, name = "/api/v1/close/2026-09/sign", "accountant of all"
    before = len(list_signatures(server))
    first = server.post(url, {"name": "Ada"}, name, idempotency_key="same")
    again = server.post(url, {"name": "Ada"}, name, idempotency_key="same")
    assert (first.status, again.body, again.headers["idempotent-replayed"]) == (200, first.body, "true")
    assert server.post(url, {"name": "Eve"}, name, idempotency_key="same").status == 422
    assert server.post(f"{url[:-12]}2026-10/sign", {"name": "Ada"}, name, idempotency_key="same").status == 422
    assert server.post(url, {"name": "Ada"}, name).status == 400
    assert len(list_signatures(server)) == before + 1
    assert server.post(url, {"name": "Ada"}, "admin of all", idempotency_key="same").status == 200
    assert server.post(url, {"name": 5}, name, idempotency_key="failed").status == 400
    assert server.post(url, {"name": "Ada"}, name, idempotency_key="failed").status == 200


@pytest.mark.parametrize(
    ("body", "content_type", "status", "text"),
    [
        (b"{", "application/json", 400, "no JSON"),
        (b"[]", "application/json", 400, "send an object"),
        (b'{"reason": ""}', "application/json", 400, "reason is a text"),
        (b'{"reason": 1}', "application/json", 400, "reason is a text"),
        (b'{"reason": "a\\u0007"}', "application/json", 400, "cannot be printed"),
        (b'{"because": "x"}', "application/json", 400, "'because' is not known"),
        (b'{"reason": "x"}', "text/plain", 415, "application/json"),
        (b"\xff\xfe", "application/json", 400, "no JSON"),
        (b"[" * 60000, "application/json", 400, "no JSON"),
        (b"x" * 70000, "application/json", 413, "at most 65536 bytes"),
    ],
)
def test_what_cannot_be_read_is_told(
    shared: SharedServer, body: bytes, content_type: str, status: int, text: str
) -> None:
    headers = {"authorization": f"Bearer {shared.secrets['admin of all']}", "idempotency_key": "k"}
    url = "/api/v1/findings/0123456789/acknowledge"
    page = shared.reader.send("POST", url, body, content_type=content_type, **headers)
    assert (page.status, text in page.text) == (status, True), page.text[:300]


def test_a_sync_is_started(shared: SharedServer) -> None:
    started = shared.post("/api/v1/sync", {}, "admin of all", idempotency_key="all")
    assert started.json == {"run": "run of 0", "accounts": []}
    assert shared.post("/api/v1/sync", {}, "admin of its own", idempotency_key="own").json["accounts"] == [OWN]
    assert shared.post("/api/v1/sync", {}, "admin of nothing", idempotency_key="none").status == 400
    assert shared.post("/api/v1/sync", {}, "accountant of all", idempotency_key="no").status == 403


def test_forms_do_the_same(server: SharedServer) -> None:
    """A user accepts and signs on the pages, with his own name."""
    directory = server.reader.pool.directory
    with mock.patch.object(users, "load_hasher", return_value=PasswordHasher(1, 8, 1)):
        user = users.put_user(directory, "ada", "x" * 12, Role.ACCOUNTANT, EVERY_ACCOUNT, frozenset(DataScope), AT)
    cookie = f"billfold={users.open_session(directory, user, AT)[1]}"
    page = server.reader.get("/findings", cookie=cookie)
    token = re.search(r'name="csrf" value="([^"]+)"', page.text)
    finding_id = find_id(server, BANK, FOREIGN)
    assert token
    assert f'action="/findings/{finding_id}/acknowledge"' in page.text
    fields = {"csrf": token[1], "reason": "refunded later"}
    done = server.reader.post_form(f"/findings/{finding_id}/acknowledge", fields, cookie=cookie)
    assert (done.status, done.headers["location"]) == (303, "/findings"), done.text
    assert f'action="/findings/{finding_id}/acknowledge"' not in server.reader.get("/findings", cookie=cookie).text
    checks_page = server.reader.get("/close/2026-09", cookie=cookie).text
    assert 'action="/close/2026-09/sign"' in checks_page
    assert 'name="name"' not in checks_page
    as_eve = server.reader.post_form("/close/2026-09/sign", {"csrf": token[1], "name": "eve"}, cookie=cookie)
    assert (as_eve.status, "sign with your own name" in as_eve.text) == (400, True)
    signed = server.reader.post_form("/close/2026-09/sign", {"csrf": token[1]}, cookie=cookie)
    assert (signed.status, signed.headers["location"]) == (303, "/close/2026-09")
    assert list_signatures(server)[-1][:2] == ("2026-09", "ada")
