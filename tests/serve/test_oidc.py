"""Logging in elsewhere: by the code flow with PKCE; whatever of it is not as it should be logs in nobody."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from billfold.ledger.audit_log import list_events
from billfold.ledger.layout import SERVER_FILE
from billfold.model.identity import EVERY_ACCOUNT, DataScope, Role
from billfold.serve.oidc import OidcClient
from billfold.serve.oidc_login import ATTEMPT_LIFE
from billfold.serve.peers import make_binding
from billfold.settings.oidc import read_oidc
from billfold.tasks import users
from tests.serve.login_service import CLIENT, ISSUER, OTHER_KEY, SECRET, SHARED_KEY, LoginService
from tests.serve.reader import Page, Reader, open_reader
from tests.serve.shared import FOREIGN, OWN, copy_home
from tests.stage import AT

HEADERS = {"host": "bills.example.com", "scheme": "https"}
BACK = "/login/oidc/callback"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, shared_home: Path) -> Path:
    """Return a directory with a ledger."""
    return copy_home(shared_home, tmp_path_factory.mktemp("oidc") / "home")


@contextmanager
def serve(home: Path, service: LoginService) -> Iterator[Reader]:
    """Serve the ledger with a login service; nobody has logged in yet."""
    (home / "ledger" / SERVER_FILE).unlink(missing_ok=True)
    (home / "secret").write_text(SECRET)
    rights = [
        {"value": "finance", "role": "accountant", "accounts": "vultr/*"},
        {"value": "all", "role": "admin"},
    ]
    section = {"issuer": ISSUER, "client_id": CLIENT, "client_secret": "file:secret", "rights": rights}
    settings = read_oidc(section, home / "billfold.toml")
    assert settings is not None
    binding = make_binding("127.0.0.1", ["bills.example.com"], [], has_tls=True)
    with open_reader(home, binding, oidc=OidcClient(settings, service.send)) as reader:
        yield reader


def go(reader: Reader) -> tuple[str, str]:
    """Begin a login; returns where the browser is led, and its cookie."""
    page = reader.get("/login/oidc", **HEADERS)
    assert page.status == 303, page.text
    attributes = page.headers["set-cookie"]
    assert {"HttpOnly", "Secure", "SameSite=lax"} <= set(re.split("; ", attributes))
    return page.headers["location"], attributes.partition(";")[0]


def come_back(reader: Reader, service: LoginService) -> Page:
    """Log in as a browser does."""
    url, cookie = go(reader)
    return reader.get(f"{BACK}?{service.log_in(url)}", cookie=cookie, **HEADERS)


def test_who_comes_back_is_logged_in(home: Path) -> None:
    """With the role and the accounts of the first row that fits; and nobody is anybody without a login any more."""
    service = LoginService()
    with serve(home, service) as reader:
        assert reader.get("/invoices", **HEADERS).status == 401
        assert f"Log in at {ISSUER}" in reader.get("/login", **HEADERS).text
        page = come_back(reader, service)
        assert (page.status, page.headers["location"]) == (303, "/"), page.text
        cookie = page.headers["set-cookie"].partition(";")[0]
        assert cookie.startswith("__Host-billfold=")
        me = reader.get("/me", cookie=cookie, **HEADERS).text
        assert ("ada@example.com" in me, "accountant" in me, "vultr/*" in me) == (True, True, True)
        accounts = reader.get("/api/v1/accounts", cookie=cookie, **HEADERS).text
        assert (OWN in accounts, FOREIGN in accounts) == (True, False)
        assert list_events(reader.pool.directory)[0].identity == "user ada@example.com"
    assert service.requests.count("GET /.well-known/openid-configuration") == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://evil.example"},
        {"aud": "another-client"},
        {"aud": [CLIENT, "another-client"]},
        {"nonce": "another"},
        {"exp": int((AT - timedelta(minutes=5)).timestamp())},
        {"nbf": int((AT + timedelta(minutes=5)).timestamp())},
        {"exp": None},
        {"sub": None},
    ],
)
def test_a_token_for_something_else_is_refused(home: Path, changes: Mapping[str, object]) -> None:
    service = LoginService(changes)
    with serve(home, service) as reader:
        page = come_back(reader, service)
        assert (page.status, "set-cookie" in page.headers) == (401, False), page.text
        assert list_events(reader.pool.directory)[0].result == "401"


@pytest.mark.parametrize(("signer", "algorithm"), [(OTHER_KEY, "ES256"), (SHARED_KEY, "HS256")])
def test_a_signature_of_another_is_refused(home: Path, signer: Any, algorithm: str) -> None:
    """Neither by a key that the service does not publish, nor by a secret that is shared."""
    service = LoginService(signer=signer, algorithm=algorithm)
    with serve(home, service) as reader:
        assert come_back(reader, service).status == 401


def test_a_service_that_changed_its_key_is_asked_again(home: Path) -> None:
    service = LoginService()
    with serve(home, service) as reader:
        assert come_back(reader, service).status == 303
        service.key = OTHER_KEY
        assert come_back(reader, service).status == 303
    assert service.requests.count("GET /keys") == 2


def test_a_login_belongs_to_the_browser_that_began_it(home: Path) -> None:
    """Without its cookie, with another's, with another state, a second time, or too late: nobody is logged in."""
    service = LoginService()
    with serve(home, service) as reader:
        url, cookie = go(reader)
        _, other_cookie = go(reader)
        answer = service.log_in(url)
        assert reader.get(f"{BACK}?{answer}", **HEADERS).status == 401
        assert reader.get(f"{BACK}?{answer}", cookie=other_cookie, **HEADERS).status == 401
        assert reader.get(f"{BACK}?{answer}x", cookie=cookie, **HEADERS).status == 401
        assert reader.get(f"{BACK}?{answer}", cookie=cookie, **HEADERS).status == 401
        url, cookie = go(reader)
        reader.gate.read_time = lambda: AT + ATTEMPT_LIFE + timedelta(seconds=1)
        assert reader.get(f"{BACK}?{service.log_in(url)}", cookie=cookie, **HEADERS).status == 401
        assert reader.get(f"{BACK}?error=access_denied", cookie=cookie, **HEADERS).status == 401


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"groups": ["guests"]}, "adds a row to [[oidc.rights]]"),
        ({"groups": None}, "adds a row"),
        ({"email": None}, "nobody may do nothing"),
        ({"email_verified": False}, "nobody may do nothing"),
        ({"email": "x" * 100}, "nobody may do nothing"),
        ({"email": "bob"}, "bob has a password here"),
    ],
)
def test_who_may_nothing_is_told(home: Path, changes: Mapping[str, object], text: str) -> None:
    """Without a row of rights, without a proven name, or with the name of a user of our own."""
    service = LoginService(changes)
    with serve(home, service) as reader:
        users.put_user(reader.pool.directory, "bob", "x" * 12, Role.ADMIN, EVERY_ACCOUNT, frozenset(DataScope), AT)
        page = come_back(reader, service)
        assert (page.status, text in page.text, "set-cookie" in page.headers) == (403, True, False), page.text


@pytest.mark.parametrize(
    "description",
    [
        {"issuer": "https://evil.example"},
        {"authorization_endpoint": "http://login.example.com/authorize"},
        {"authorization_endpoint": None},
    ],
)
def test_a_service_that_describes_another_is_not_used(home: Path, description: Mapping[str, object]) -> None:
    with serve(home, LoginService(description=description)) as reader:
        page = reader.get("/login/oidc", **HEADERS)
        assert (page.status, "location" in page.headers) == (503, False)
