"""billfold alerts: lists, sends, tests and sends again; a process that dies on the way costs nothing but a second look."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from billfold.collect.workspace import Workspace
from billfold.tasks import alerts
from tests import stage
from tests.cli.terminal import Terminal, clear, environment
from tests.tasks.alert_kit import make_fact
from tests.transport.receiving import Inbox, Posted, Reply, open_inbox
from tests.wire.test_webhook_signature import SECRET

PLACE = ("--ledger", "ledger")


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a ledger of one account; leave it as it is."""
    directory = tmp_path_factory.mktemp("alerts") / "ledger"
    with closing(Workspace(directory)) as workspace:
        stage.collected(stage.twin(months=2), workspace, "cockroach")
    return directory


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    """Return a receiver on loopback."""
    with open_inbox() as opened:
        yield opened


@pytest.fixture
def terminal(tmp_path: Path, collected: Path, inbox: Inbox) -> Terminal:
    """Return a terminal with a ledger and a target on loopback."""
    shutil.copytree(collected, tmp_path / "ledger")
    opened = Terminal(tmp_path)
    opened.config.write_text(
        f'[[alerts]]\nname = "hook"\nto = "webhook"\nurl = "{inbox.root}/in?token=URL-TOKEN"\nsecret = "env:HOOK"\n'
        "allow_private = true\n",
        encoding="utf-8",
    )
    return opened


def run_alerts(terminal: Terminal, *arguments: str, code: int = 0) -> str:
    """Run a command, and return all that it printed."""
    result = terminal.run("alerts", *arguments, *PLACE, HOOK=SECRET)
    clear(result, code, "")
    assert SECRET not in result.all
    assert "URL-TOKEN" not in result.all
    return result.all


def test_what_is_new_is_sent_signed(terminal: Terminal, inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A summary, then what is new; each is signed as an implementation that is not ours has it."""
    assert "No alert" not in run_alerts(terminal, "send")
    facts = [make_fact(1)]
    monkeypatch.setattr(alerts, "list_facts", lambda *_: facts)
    assert run_alerts(terminal, "send").startswith("1 alert sent, 0 not taken, 0 given up.")
    assert run_alerts(terminal, "send").startswith("0 alerts sent")
    kinds_sent = [Webhook(SECRET).verify(post.body.decode(), dict(post.headers))["type"] for post in inbox.posted]
    assert kinds_sent == ["billfold.summary", "billfold.new-invoice"]
    assert len({post.headers["webhook-id"] for post in inbox.posted}) == 2
    (row,) = json.loads(run_alerts(terminal, "--format", "json"))
    assert (row["name"], row["sent"], row["waiting"], row["address"]) == ("hook", 2, 0, inbox.root)


def test_a_killed_process_sends_again_under_the_same_id(terminal: Terminal, inbox: Inbox) -> None:
    """It is killed when its alert has arrived and nothing is noted: the next one sends it with the same id, and then none does."""
    processes = list[subprocess.Popen[bytes]]()

    def kill(_: Posted) -> Reply:
        if len(inbox.posted) == 1:
            os.kill(processes[0].pid, signal.SIGKILL)
        return Reply()

    inbox.answer = kill
    line = [sys.executable, "-m", "billfold", "alerts", "send", *PLACE]
    with subprocess.Popen(line, cwd=terminal.home, env=environment(terminal.home, HOOK=SECRET)) as process:
        processes.append(process)
        assert process.wait(60) == -signal.SIGKILL
    run_alerts(terminal, "send")
    run_alerts(terminal, "send")
    first, second = inbox.posted
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body


def test_what_is_refused_is_told_and_listed(terminal: Terminal, inbox: Inbox) -> None:
    """Exit code 1 and a line in `send` and in the list, until it is taken."""
    inbox.answer = lambda _: Reply(500, body=b"URL-TOKEN " + SECRET.encode() + b" out of order")
    sent = run_alerts(terminal, "send", code=1)
    assert "alert-waiting: hook: HTTP 500: [secret] [secret] out of order" in sent
    assert "out of order (waits until" in sent
    assert "out of order" in run_alerts(terminal, code=1)
    inbox.answer = lambda _: Reply(410)
    assert "1 alert queued again." in run_alerts(terminal, "replay", "--since", "2020-01-01")
    assert "alert-parked: hook: HTTP 410 (given up)" in run_alerts(terminal, "send", code=1)
    inbox.answer = lambda _: Reply()
    assert "1 alert queued again." in run_alerts(terminal, "replay", "--failed", "--target", "hook")
    assert run_alerts(terminal, "send").startswith("1 alert sent")
    assert "Nothing fits" in run_alerts(terminal, "replay", "--failed", code=1)


def test_a_target_is_tried(terminal: Terminal, inbox: Inbox) -> None:
    assert run_alerts(terminal, "test", "hook") == "hook: taken: HTTP 204\n"
    assert json.loads(inbox.posted[0].body)["type"] == "billfold.test"
    inbox.answer = lambda _: Reply(403)
    assert run_alerts(terminal, "test", "hook", code=1) == "hook: not taken: HTTP 403\n"
    assert "no target is called 'none'; there are hook" in run_alerts(terminal, "test", "none", code=2)


def test_what_cannot_be_asked_is_told(terminal: Terminal) -> None:
    """Replays of everything at once, secrets that are missing or are none, and configurations without targets."""
    assert "say what to send again" in run_alerts(terminal, "replay", code=2)
    missing = terminal.run("alerts", "send", *PLACE)
    clear(missing, 1, "[[alerts]] hook, secret: env:HOOK is empty or not set")
    clear(terminal.run("alerts", "send", *PLACE, HOOK="hunter2hunter2"), 1, "is no signing secret")
    clear(terminal.run("alerts", "send", "--ledger", "other"), 2, "there is no ledger in other")
    clear(terminal.run("alerts", "replay", "--failed", "--ledger", "other"), 1, "Nothing fits")
    assert not (terminal.home / "other").exists()
    terminal.config.write_text("", encoding="utf-8")
    clear(terminal.run("alerts", "send", *PLACE), 2, "has no [[alerts]]")
    clear(terminal.run("alerts", *PLACE), 0, "No alerts are configured")


def test_the_table_fits_a_terminal(terminal: Terminal) -> None:
    run_alerts(terminal, "send")
    lines = run_alerts(terminal).splitlines()
    assert lines[0].split() == ["name", "type", "address", "sent", "waiting", "parked", "last_sent_at", "last_answer"]
    assert lines[1].split()[:4] == ["hook", "webhook", lines[1].split()[2], "1"]
