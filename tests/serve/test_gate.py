"""Who asks: a key, or this machine's user where nobody else can; whoever does neither is told so, and it is noted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from billfold.ledger.audit_log import find_audit_damage, list_events
from billfold.ledger.layout import SERVER_FILE
from billfold.model.errors import LedgerError
from billfold.serve.gate import LOCAL_BINDING
from billfold.serve.peers import Binding, read_proxies
from billfold.serve.rates import REFUSALS
from billfold.tasks.keys import create_key, revoke_key
from tests.serve.reader import Reader, open_reader
from tests.serve.shared import FOREIGN, RIGHTS, SharedServer, copy_home
from tests.stage import AT

URL = "/api/v1/openapi.json"


@pytest.fixture
def home(tmp_path: Path, shared_home: Path) -> Path:
    """Return a directory with a ledger and without a key."""
    return copy_home(shared_home, tmp_path / "home")


@pytest.fixture
def plain(home: Path) -> Iterator[Reader]:
    """Return a server that no key was made for."""
    with open_reader(home) as reader:
        yield reader


def test_without_a_key_this_machine_is_answered(plain: Reader, home: Path) -> None:
    """As ever; and reading leaves no file of its own behind."""
    assert plain.get(URL).status == plain.get("/").status == 200
    assert not (home / "ledger" / SERVER_FILE).exists()


def test_the_first_key_closes_the_server(plain: Reader, home: Path) -> None:
    """Also once it is revoked: what was closed does not open by itself."""
    made_key = create_key(home / "ledger", "first", RIGHTS["reader of all"], AT)
    assert plain.get(URL).status == 401
    assert plain.get(URL, authorization=f"Bearer {made_key.secret}").status == 200
    revoke_key(home / "ledger", made_key.key.id, AT)
    assert plain.get(URL, authorization=f"Bearer {made_key.secret}").status == 401
    assert plain.get(URL).status == 401


def test_keys_that_are_gone_open_nothing(plain: Reader, home: Path) -> None:
    """Where the server's file is lost while it serves, nobody is answered until it is there again, or the server is started anew."""
    create_key(home / "ledger", "first", RIGHTS["reader of all"], AT)
    assert plain.get(URL).status == 401
    (home / "ledger" / SERVER_FILE).rename(home / "moved.sqlite")
    assert plain.get(URL).status == 503
    (home / "moved.sqlite").rename(home / "ledger" / SERVER_FILE)
    assert plain.get(URL).status == 401


def test_a_proxy_must_be_named(plain: Reader) -> None:
    """What came through a proxy that nobody named may come from anywhere."""
    for name in ("x_forwarded_for", "forwarded", "via", "x_real_ip"):
        page = plain.get(URL, **{name: "198.51.100.1"})
        assert (page.status, "--behind-proxy" in page.text) == (403, True)


@pytest.mark.parametrize(
    "binding", [Binding(is_open=True, has_tls=True), Binding(proxies=read_proxies(["127.0.0.1"])), LOCAL_BINDING]
)
def test_only_a_local_server_answers_without_a_key(home: Path, binding: Binding) -> None:
    with open_reader(home, binding) as reader:
        assert (reader.get(URL).status == 200) is binding.is_local


def test_a_wrong_key_is_no_lesser_user(plain: Reader) -> None:
    """Who sends a key is judged by it, though without one he would be answered here."""
    page = plain.get(URL, authorization="Bearer bf_abcdefgh_" + "a" * 32)
    assert (page.status, page.headers["www-authenticate"]) == (401, 'Bearer realm="billfold"')
    assert page.headers["content-type"] == "application/problem+json"


def test_a_browser_is_led_to_the_login(shared: SharedServer) -> None:
    page = shared.reader.get("/invoices", accept="text/html", client="10.8.0.1")
    assert (page.status, page.headers["location"]) == (303, "/login")


def test_refusals_are_in_the_audit_log(shared: SharedServer) -> None:
    directory = shared.reader.pool.directory
    shared.reader.get("/invoices", client="10.8.0.2")
    shared.get("/access", "reader of all")
    newest, older = list_events(directory, limit=2)
    assert (older.identity, older.address, older.action, older.result) == ("unknown", "10.8.0.2", "refused", "401")
    assert (newest.identity[-15:], newest.route, newest.result) == ("(reader of all)", "GET /access", "403")


def test_what_is_read_of_documents_is_in_the_audit_log(shared: SharedServer) -> None:
    """Documents, answers, SQL and charges; a page of numbers is not."""
    directory = shared.reader.pool.directory
    before = len(list_events(directory))
    with shared.reader.pool.borrow_view() as view:
        seq = next(entry.seq for entry in view.workspace.archive.iter_answers() if entry.provider == "fastly")
    urls = (
        f"/explain?seq={seq}",
        f"/documents/{seq}",
        "/query.json?sql=SELECT+1",
        "/api/v1/charges",
        "/invoices",
        "/metrics",
    )
    statuses = [shared.get(url, "admin of all").status for url in urls]
    events = list_events(directory)[: len(list_events(directory)) - before][::-1]
    assert [event.action for event in events] == ["read answer", "read document", "read sql", "read charges"]
    assert [event.result for event in events] == [str(status) for status in statuses[:4]]
    assert events[0].route == f"GET /explain {seq}"
    assert events[0].account == events[1].account == f"fastly/{FOREIGN}"
    assert events[2].route == "GET /query.{suffix} json SELECT 1"
    assert find_audit_damage(directory) == []


def test_guesses_are_slowed_down(shared: SharedServer) -> None:
    """An address that sends wrong keys is not looked at for a while; another one is; the log has it once."""
    directory, guess = shared.reader.pool.directory, "Bearer bf_abcdefgh_" + "b" * 32
    before = len(list_events(directory))
    pages = [shared.reader.get(URL, authorization=guess, client="10.8.0.3") for _ in range(REFUSALS.burst + 5)]
    assert [page.status for page in pages[:3]] == [401] * 3
    assert pages[-1].status == 429
    assert int(pages[-1].headers["retry-after"]) >= 1
    good = f"Bearer {shared.secrets['reader of all']}"
    assert shared.reader.get(URL, authorization=good, client="10.8.0.3").status == 429
    assert shared.reader.get(URL, authorization=good, client="10.8.0.4").status == 200
    results = [event.result for event in list_events(directory)][: len(list_events(directory)) - before]
    assert results.count("429") == 1


def test_an_audit_log_that_cannot_be_written_answers_nobody(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What must be noted is not shown where it cannot be; this machine's user is."""
    made_key = create_key(home / "ledger", "auditor", RIGHTS["admin of all"], AT)
    with open_reader(home) as reader:
        with reader.pool.borrow_view() as view:
            seq = next(entry.seq for entry in view.workspace.archive.iter_answers())
        headers = {"authorization": f"Bearer {made_key.secret}"}
        monkeypatch.setattr(reader.gate, "note", _refuse)
        assert reader.get(f"/explain?seq={seq}", **headers).status == 503
        assert reader.get("/invoices", **headers).status == 200


def _refuse(*_: object) -> None:
    raise LedgerError("the file cannot be written")
