"""Logging in: a cookie that no script reads, a token on every form, guesses slowed down, and an end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest
from argon2 import PasswordHasher

from billfold.ledger.audit_log import list_events
from billfold.model.identity import EVERY_ACCOUNT, DataScope, Role
from billfold.serve.peers import Binding, make_binding, read_proxies
from billfold.serve.rates import LOGINS_OF_ADDRESS, LOGINS_OF_NAME_AND_ADDRESS
from billfold.tasks import users
from tests.serve.reader import Page, Reader, open_reader
from tests.serve.shared import copy_home
from tests.stage import AT

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, shared_home: Path) -> Iterator[Path]:
    """Return a directory with a ledger and a user of each role, whose hashes are cheap."""
    target = copy_home(shared_home, tmp_path_factory.mktemp("login") / "home")
    with mock.patch.object(users, "load_hasher", return_value=PasswordHasher(1, 8, 1)):
        users._hash_nothing.cache_clear()
        for role in Role:
            users.put_user(target / "ledger", role, PASSWORD, role, EVERY_ACCOUNT, frozenset(DataScope), AT)
        yield target
        users._hash_nothing.cache_clear()


@pytest.fixture
def server(home: Path) -> Iterator[Reader]:
    """Return the served ledger; nobody tried to log in yet."""
    with open_reader(home) as reader:
        yield reader


def read_cookies(page: Page) -> dict[str, str]:
    """Return the cookies that an answer sets, each with its attributes."""
    lines = page.headers.get("set-cookie", "").splitlines()
    return {line.partition("=")[0]: line.partition("=")[2] for line in lines}


def log_in(server: Reader, name: str = "reader", password: str = PASSWORD, **headers: str) -> Page:
    """Log in as a browser does."""
    page = server.get("/login", **headers)
    token = re.search(r'name="login_token" value="([^"]+)"', page.text)
    assert token
    cookie = page.headers["set-cookie"].partition(";")[0]
    fields = {"name": name, "password": password, "login_token": token[1]}
    return server.post_form("/login", fields, cookie=cookie, **headers)


def open_session(server: Reader, name: str = "reader") -> str:
    """Return the cookie of a login."""
    return f"billfold={read_cookies(log_in(server, name))['billfold'].partition(';')[0]}"


def read_csrf(page: Page) -> str:
    """Return the token of a page's forms."""
    match = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert match
    return match[1]


def test_a_login_is_a_cookie_that_no_script_reads(server: Reader) -> None:
    page = log_in(server)
    assert (page.status, page.headers["location"]) == (303, "/")
    attributes = read_cookies(page)["billfold"]
    assert "HttpOnly" in attributes
    assert "SameSite=lax" in attributes
    assert "Secure" not in attributes
    shown = server.get("/", cookie=open_session(server), accept="text/html")
    assert (shown.status, ">reader</a>" in shown.text, "Log out" in shown.text) == (200, True, True)
    assert "<form" in server.get("/login").text


@pytest.mark.parametrize(
    "binding",
    [
        make_binding("127.0.0.1", ["bills.example.com"], [], has_tls=True),
        Binding(frozenset({"bills.example.com"}), read_proxies(["127.0.0.1"])),
    ],
)
def test_under_tls_the_cookie_is_secure(home: Path, binding: Binding) -> None:
    with open_reader(home, binding) as server:
        page = server.get("/login", host="bills.example.com", x_forwarded_proto="https")
    assert page.headers["set-cookie"].startswith("__Host-billfold-login=")
    assert "Secure" in page.headers["set-cookie"]
    assert page.headers["strict-transport-security"] == "max-age=31536000"


def test_every_login_has_another_cookie(server: Reader) -> None:
    """A cookie that somebody planted before is not the one that is good after."""
    first, second = open_session(server), open_session(server)
    assert first != second
    assert server.get("/me", cookie="billfold=planted.cookie").status == 401


def test_a_wrong_password_says_nothing_about_the_name(server: Reader) -> None:
    wrong, unknown = log_in(server, "reader", "wrong password here"), log_in(server, "nobody", "wrong password here")
    assert wrong.status == unknown.status == 401
    hidden = re.compile(r'value="[^"]+"')
    assert hidden.sub("", wrong.text) == hidden.sub("", unknown.text)
    assert "billfold" not in read_cookies(wrong)
    results = [event.result for event in list_events(server.pool.directory, limit=2)]
    assert results == ["401 an unknown name", "401 reader"]


def test_guesses_of_a_password_are_slowed_down(server: Reader) -> None:
    """By name and address, then by address; the right password waits, too; another address does not."""
    statuses = [log_in(server, "reader", "wrong password here").status for _ in range(LOGINS_OF_NAME_AND_ADDRESS.burst)]
    assert statuses == [401] * LOGINS_OF_NAME_AND_ADDRESS.burst
    page = log_in(server, "reader")
    assert (page.status, int(page.headers["retry-after"]) > 30) == (429, True)
    assert log_in(server, "reader", client="127.0.0.2").status == 303
    others = [log_in(server, f"name {number}", "x").status for number in range(LOGINS_OF_ADDRESS.burst)]
    assert set(others) == {401, 429}
    assert list_events(server.pool.directory, limit=1)[0].result == "429 an unknown name"


def test_a_login_takes_the_token_of_its_own_form(server: Reader) -> None:
    """Neither without the cookie, nor with another's token, nor from another site is anybody logged in."""
    fields = {"name": "reader", "password": PASSWORD, "login_token": "x"}
    assert server.post_form("/login", fields).status == 403
    assert server.post_form("/login", fields, cookie="billfold-login=y").status == 403
    assert server.post_form("/login", fields, cookie="billfold-login=x", origin="https://evil.example").status == 403
    assert server.post_form("/login", fields, cookie="billfold-login=x", origin="http://127.0.0.1:8500").status == 303


def test_a_form_takes_the_token_of_its_session(server: Reader) -> None:
    """Of every form that does something: without it, with another session's, from another site: nothing is done."""
    cookie, other = open_session(server, "admin"), open_session(server, "admin")
    token, other_token = (read_csrf(server.get("/", cookie=each)) for each in (cookie, other))
    for url in ("/logout", "/close/2026-10/sign", "/findings/x/acknowledge", "/access/keys/abcdefgh/revoke"):
        for fields in ({}, {"csrf": ""}, {"csrf": other_token}, {"csrf": server.gate.machine_csrf}):
            assert server.post_form(url, fields, cookie=cookie).status == 403, (url, fields)
        foreign = {"origin": "https://evil.example"}
        assert server.post_form(url, {"csrf": token}, cookie=cookie, **foreign).status == 403
    assert server.get("/me", cookie=cookie).status == 200
    assert server.post_json("/api/v1/sync", {}, cookie=cookie, idempotency_key="a").status == 403
    page = server.post_json(
        "/api/v1/sync", {"accounts": ["no"]}, cookie=cookie, idempotency_key="a", x_csrf_token=token
    )
    assert page.status == 400


def test_a_logout_ends_the_session(server: Reader) -> None:
    cookie = open_session(server)
    page = server.post_form("/logout", {"csrf": read_csrf(server.get("/", cookie=cookie))}, cookie=cookie)
    assert (page.status, page.headers["location"]) == (303, "/login")
    assert "Max-Age=0" in read_cookies(page)["billfold"]
    assert server.get("/me", cookie=cookie).status == 401


def test_a_cookie_is_replaced_after_a_time(server: Reader) -> None:
    cookie = open_session(server)
    assert "set-cookie" not in server.get("/me", cookie=cookie).headers
    server.gate.read_time = lambda: AT + users.ROTATION_INTERVAL
    renewed = read_cookies(server.get("/me", cookie=cookie))["billfold"].partition(";")[0]
    server.gate.read_time = lambda: AT + users.ROTATION_INTERVAL + users.ROTATION_GRACE
    assert server.get("/me", cookie=cookie).status == 401
    assert server.get("/me", cookie=f"billfold={renewed}").status == 200
    server.gate.read_time = lambda: AT + users.SESSION_LIFE
    assert server.get("/me", cookie=f"billfold={renewed}").status == 401


def test_pages_are_of_who_asks(server: Reader) -> None:
    """A page that is kept for two readers has the name and the token of each, and no placeholder."""
    cookies = [open_session(server, name) for name in ("reader", "accountant")]
    first, second = (server.get("/invoices", cookie=cookie) for cookie in cookies)
    again = server.get("/invoices", cookie=cookies[0])
    assert first.text == again.text
    assert (">accountant</a>" in second.text, ">accountant</a>" in first.text) == (True, False)
    assert read_csrf(first) != read_csrf(second)
    assert not re.search(r"(name|csrf)-[0-9a-f]{32}", first.text + second.text)
    assert first.headers["etag"] != second.headers["etag"]
    assert int(first.headers["content-length"]) == len(first.body)
