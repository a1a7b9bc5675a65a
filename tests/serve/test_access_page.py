"""The screen of keys and audit: it shows who may what and who did what, and no secret."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from billfold.ledger.layout import SERVER_FILE
from tests.serve.content import PageContent
from tests.serve.reader import Reader, open_reader
from tests.serve.shared import RIGHTS, SharedServer, copy_home, open_shared


@pytest.fixture
def server(tmp_path: Path, shared_home: Path) -> Iterator[SharedServer]:
    """Return a served copy of the ledger."""
    with open_shared(copy_home(shared_home, tmp_path / "home")) as opened:
        yield opened


def test_it_shows_keys_and_events(server: SharedServer) -> None:
    server.get("/access", "reader of all")
    page = server.get("/access", "admin of all", accept="text/html")
    content = PageContent(page.text)
    assert (page.status, content.tags["table"], content.tags["caption"]) == (200, 2, 2)
    for name in RIGHTS:
        assert f">{name}</th>" in page.text
    assert "GET /access" in page.text
    for secret in server.secrets.values():
        assert secret not in page.text
        assert secret[:12] in page.text


def test_a_key_is_revoked_by_its_form(server: SharedServer) -> None:
    """By this machine's user where there are keys nobody can; an admin's key does it, and it is noted."""
    key_id = server.secrets["reader of all"].split("_")[1]
    assert server.get("/invoices", "reader of all").status == 200
    done = server.post(f"/access/keys/{key_id}/revoke", {}, "admin of all")
    assert (done.status, done.headers["location"]) == (303, "/access")
    assert server.get("/invoices", "reader of all").status == 401
    shown = server.get("/access", "admin of all").text
    assert f"POST /access/keys/{{id}}/revoke {key_id}" in shown
    assert server.post("/access/keys/zzzzzzzz/revoke", {}, "admin of all").status == 400


def test_a_changed_log_is_told(server: SharedServer) -> None:
    server.get("/access", "reader of all")
    with closing(sqlite3.connect(server.reader.pool.directory / SERVER_FILE, isolation_level=None)) as db:
        db.execute("UPDATE audit_rows SET identity = 'nobody' WHERE seq = 1")
    assert "the audit log was changed: row 1" in server.get("/access", "admin of all").text


def test_without_a_key_it_says_so(tmp_path: Path, shared_home: Path) -> None:
    with open_reader(copy_home(shared_home, tmp_path / "home")) as reader:
        assert isinstance(reader, Reader)
        page = reader.get("/access", accept="text/html")
    assert "Everybody on this machine may see and do everything" in page.text
    PageContent(page.text)
