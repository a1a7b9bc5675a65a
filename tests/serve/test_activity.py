"""What is being collected now is shown while it is, and loaded again when it ends; the script that does it is the one we vetted."""

from __future__ import annotations

from hashlib import sha256
from importlib.resources import files

from billfold.model.period import parse_instant
from billfold.serve.activity import RunningSync, SyncActivity
from tests.cli.terminal import Terminal
from tests.serve.content import PageContent
from tests.serve.reader import open_reader

NOW = parse_instant("2026-11-15T05:00:00Z")
SYNCS = [RunningSync("vultr", "vultr", NOW, expected=40), RunningSync("cockroach", "<b>", NOW)]


def test_answers_are_counted_while_it_runs() -> None:
    activity = SyncActivity()
    activity.begin_syncs(SYNCS)
    activity.note_answer("vultr", "list_invoices", 3)
    activity.note_answer("other", "list_invoices", 3)
    assert [(row.account, row.answers, row.operation) for row in activity.list_running()] == [
        ("<b>", 0, ""),
        ("vultr", 3, "list_invoices"),
    ]
    activity.end_syncs(["vultr", "<b>", "other"])
    assert activity.list_running() == []


def test_the_page_shows_what_runs(ledger: Terminal) -> None:
    """Only while something runs does the page have its one script; what is asked every two seconds has no more than that."""
    ledger.account(name="vultr", base_url="http://127.0.0.1:1/cockroach")
    with open_reader(ledger.home) as reader:
        assert PageContent(reader.get("/accounts", accept="text/html").text).tags["script"] == 0
        assert "hx-get" not in reader.get("/accounts/progress").text
        assert reader.get("/accounts/progress", hx_request="true").headers["hx-refresh"] == "true"
        reader.pool.activity.begin_syncs([SYNCS[1], SYNCS[0]._replace(provider="cockroach", answers=12)])
        content = PageContent(reader.get("/accounts", accept="text/html").text)
        assert (content.tags["script"], content.tags["progress"]) == (1, 1)
        fragment = reader.get("/accounts/progress", hx_request="true")
        assert "hx-refresh" not in fragment.headers
        assert 'hx-get="/accounts/progress"' in fragment.text
        assert "12 of about 40" in fragment.text
        assert "&lt;b&gt;" in fragment.text
        assert PageContent(fragment.text).tags["table"] == 1
    ledger.config.unlink()


def test_what_was_made_elsewhere_is_as_it_came() -> None:
    """Every script is in the list of what is vendored, with its version and its hash."""
    static = files("billfold.serve").joinpath("static")
    rows = [line.split() for line in static.joinpath("VENDORED.txt").read_text(encoding="utf-8").splitlines()[1:]]
    assert {row[0] for row in rows} == {path.name for path in static.iterdir() if path.name.endswith(".js")}
    for name, _, version, license_name, digest in rows:
        assert sha256(static.joinpath(name).read_bytes()).hexdigest() == digest, f"{name} {version} {license_name}"


def test_a_script_is_served_as_one(ledger: Terminal) -> None:
    with open_reader(ledger.home) as reader:
        page = reader.get("/static/htmx.min.js")
        assert page.headers["content-type"] == "text/javascript; charset=utf-8"
        assert reader.get("/static/VENDORED.txt").status == 404
