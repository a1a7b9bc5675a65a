"""The server tells what is new, once, and its screen shows what was told to whom."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from unittest import mock

import pytest

from billfold.model.fact import Fact, FactKind
from billfold.serve.alerts import AlertRounds
from billfold.tasks import alerts
from tests.cli.terminal import Terminal
from tests.serve.reader import Reader, open_reader
from tests.tasks.alert_kit import CHAT, HOOK, REFUSED, START, TAKEN, Receiver, make_fact


@pytest.fixture
def served(tmp_path: Path, ledger: Terminal) -> Iterator[Reader]:
    """Return a browser of a copy of the served ledger, whose configuration has two targets."""
    shutil.copytree(ledger.home / "ledger", tmp_path / "ledger")
    (tmp_path / "billfold.toml").write_text(HOOK + CHAT, encoding="utf-8")
    with open_reader(tmp_path) as reader:
        yield reader


def deliver(served: Reader, now: datetime | None, receiver: Receiver) -> alerts.SendOutcome:
    """Tell what is new as a server does that has just begun."""
    return AlertRounds(served.pool, receiver.make_sender).deliver_alerts(now)


def test_what_is_new_is_told_after_a_sync(served: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    """First a summary, then what is new, and nothing twice, however often it is called; refused, it is shown."""
    receiver, facts = Receiver(), [make_fact(1)]
    monkeypatch.setattr(alerts, "list_facts", lambda *_: facts)
    assert "Nothing was sent yet" in served.get("/alerts", accept="text/html").text
    for now, sent in ((START, 2), (START + timedelta(minutes=5), 2), (START + timedelta(minutes=6), 0)):
        assert deliver(served, now, receiver).sent == sent
        facts = [make_fact(1), make_fact(2, subject="<b>INV</b>\x1b[2J")]
    page = served.get("/alerts", accept="text/html")
    assert page.status == 200
    assert "Everything is sent" in page.text
    assert "&lt;b&gt;INV&lt;/b&gt;?[2J" in page.text
    assert page.text.count("<strong>Alerts begin</strong>") == 2
    receiver.answer = lambda target, _: REFUSED if target.name == "hook" else TAKEN
    facts = [make_fact(3)]
    assert deliver(served, START + timedelta(hours=1), receiver).sent == 1
    page = served.get("/alerts", accept="text/html")
    assert "1 alert</strong> is not sent" in page.text
    assert "HTTP 500" in page.text


def test_the_screen_narrows_and_looks_back(served: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    """By account, and to what was queued before a time."""
    monkeypatch.setattr(alerts, "list_facts", lambda *_: [])
    deliver(served, START, Receiver())
    shown = [make_fact(1, provider="vultr", account="vultr"), make_fact(2, FactKind.LATE, provider="fastly")]
    monkeypatch.setattr(alerts, "list_facts", lambda *_: shown)
    deliver(served, START + timedelta(days=2), Receiver())

    def read(query: str) -> tuple[bool, bool]:
        text = served.get(f"/alerts{query}", accept="text/html").text
        return "INV-1" in text, "INV-2" in text

    assert read("") == (True, True)
    assert read("?provider=vultr&account=vultr") == (True, False)
    assert read("?as_of=2026-12-02") == (False, False)


def test_a_served_ledger_tells_its_own_facts(served: Reader) -> None:
    """With nothing patched: the first call makes a summary of the real ledger, the second tells nothing."""
    receiver = Receiver()
    assert deliver(served, None, receiver).sent == 2
    assert deliver(served, None, receiver).sent == 0
    facts: list[Fact] = list(receiver.facts.values())
    assert {fact.kind for fact in facts} == {FactKind.SUMMARY}
    assert "At present: " in facts[0].text


def test_an_unchanged_ledger_is_gone_through_once(served: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is due again is sent all the same; a sync, or another configuration, makes it look again."""
    look, receiver = mock.Mock(return_value=[]), Receiver(lambda *_: REFUSED)
    monkeypatch.setattr(alerts, "list_facts", look)
    rounds = AlertRounds(served.pool, receiver.make_sender)
    rounds.deliver_alerts(START)
    receiver.answer = lambda *_: TAKEN
    assert rounds.deliver_alerts(START + timedelta(hours=1)).sent == 2
    assert look.call_count == 1
    served.pool.config_path.write_text(HOOK, encoding="utf-8")
    rounds.deliver_alerts(START + timedelta(hours=2))
    assert look.call_count == 2


def test_what_cannot_be_sent_is_logged(served: Reader, caplog: pytest.LogCaptureFixture) -> None:
    deliver(served, START, Receiver(lambda *_: REFUSED))
    assert "was not taken by hook: HTTP 500" in caplog.text
    AlertRounds(served.pool).deliver_alerts(START + timedelta(hours=1))
    assert "env:HOOK_SECRET is empty or not set" in caplog.text


def test_without_targets_nothing_is_told(reader: Reader) -> None:
    outcome = deliver(reader, START, Receiver())
    assert (outcome.sent, list(outcome.refused), list(outcome.unusable), outcome.is_busy) == (0, [], [], False)
    assert "No alerts are configured" in reader.get("/alerts", accept="text/html").text
