"""Each fact is told once to each target: over refusals, deaths at every step, recurrences and changed configurations."""

from __future__ import annotations

import itertools
from datetime import timedelta
from pathlib import Path
from unittest import mock

import pytest

from billfold.ledger.alert_outbox import DeliveryState, OutboxLock, list_deliveries, outbox_lock, replay_deliveries
from billfold.ledger.layout import ARCHIVE_FILE
from billfold.model.alert_target import AlertTarget
from billfold.model.errors import ConfigurationError
from billfold.model.fact import FactKind
from billfold.tasks import alerts
from billfold.tasks.alert_senders import Parcel, Send
from billfold.tasks.alerts import MAX_RETRY_AFTER, RETRY_DELAYS, find_next_attempt, list_targets, load_targets
from billfold.transport.webhook import SendResult
from tests.tasks.alert_kit import CHAT, HOOK, REFUSED, TAKEN, Fuse, Killed, Office, make_fact
from tests.tasks.alert_week import Snapshot, play_week


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> list[Snapshot]:
    """Return what was worth telling on each day of a week with faults."""
    return play_week(tmp_path_factory.mktemp("week"))


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """Return a directory with two targets, which got their summaries."""
    opened = Office(tmp_path)
    opened.configure(HOOK + CHAT)
    opened.note()
    opened.send()
    opened.wait(minutes=1)
    return opened


def _list_expected(week: list[Snapshot]) -> list[str]:
    """Return the facts that a target is told of a week, the first day apart: what was there then is its summary's."""
    earlier = {fact.id for fact in week[0].facts}
    return sorted({fact.id for snapshot in week for fact in snapshot.facts} - earlier)


def _live_day(office: Office, snapshot: Snapshot, *, is_killed: bool = False) -> int:
    """Note and send until it is done, killed at the first step, then at the second, and so on; returns how often it was."""
    office.now = snapshot.now
    for limit in itertools.count(1):
        try:
            with Fuse(limit if is_killed else 0).installed():
                office.note(*snapshot.facts)
                office.send()
        except Killed:
            office.wait(minutes=1)
        else:
            return limit - 1
    raise AssertionError("it never came to its end")


def test_a_week_is_told_once_to_each_target(tmp_path: Path, week: list[Snapshot]) -> None:
    """New, restated, parked, disputed, failing, budget: each once, in the order that it happened; the first day is a summary."""
    office = Office(tmp_path)
    office.configure(HOOK + CHAT)
    for snapshot in week:
        _live_day(office, snapshot)
        _live_day(office, snapshot)  # as often as anybody looks
    expected = _list_expected(week)
    assert sorted(office.receiver.list_facts("hook")) == sorted(office.receiver.list_facts("chat")) == expected
    assert set(office.receiver.count_raw().values()) == {1}
    sorts = {fact.kind for fact in office.receiver.facts.values()}
    assert sorts >= {FactKind(kind) for kind in ("new-invoice", "restated", "parked", "disputed", "budget", "summary")}
    failing = [
        fact for (target, _), fact in office.receiver.facts.items() if (target, fact.kind) == ("hook", "sync-failing")
    ]
    assert len(failing) == 2, "it failed twice on two days, and was well between them"
    assert "Provided credentials are missing or invalid" in failing[0].text


def test_kills_at_every_step_lose_and_repeat_nothing(tmp_path: Path, week: list[Snapshot]) -> None:
    """Killed at the first step, then at the second, and so on: what was noted as sent never comes again, and all of it comes."""
    office = Office(tmp_path)
    office.configure(HOOK + CHAT)

    def refuse_noted(target: AlertTarget, parcel: Parcel) -> SendResult:
        noted = {delivery.id for delivery in list_deliveries(tmp_path, 1000) if delivery.state is DeliveryState.SENT}
        assert not noted.intersection(parcel.delivery_ids), "it was taken, and that was noted"
        return TAKEN

    office.receiver.answer = refuse_noted
    kills = sum(_live_day(office, snapshot, is_killed=True) for snapshot in week[:4])
    assert (
        sorted(office.receiver.list_facts("hook"))
        == sorted(office.receiver.list_facts("chat"))
        == _list_expected(week[:4])
    )
    raw = office.receiver.count_raw()
    attempts = {(row.target, row.id): row.attempts for row in list_deliveries(tmp_path, 1000)}
    assert raw.total() > len(raw), "no kill came between sending and noting"
    assert sum(count - 1 for (target, _), count in raw.items() if target == "hook") <= kills, (
        "a kill repeats one at most"
    )
    assert {row.state for row in list_deliveries(tmp_path, 1000)} == {DeliveryState.SENT}
    assert all(attempts[key] >= count for key, count in raw.items())


def test_what_ends_and_comes_again_is_told_again(office: Office) -> None:
    """A bill that is parked, is not, and is again, are two facts; the second has a number behind its id."""
    parked = make_fact(1, FactKind.PARKED, can_recur=True)
    for facts in ((parked,), (parked,), (), (), (parked,), (parked,)):
        office.note(*facts)
        office.send()
        office.wait(minutes=1)
    assert office.receiver.list_facts("hook") == [parked.id, f"{parked.id}-2"]


def test_what_is_only_expected_is_told_once(office: Office) -> None:
    """A forecast goes up and down: what it says of a month is told once, however often it comes back to it."""
    shortfall = make_fact(1, FactKind.SHORTFALL)
    for facts in ((shortfall,), (), (shortfall,)):
        office.note(*facts)
        office.send()
    assert office.receiver.list_facts("hook") == [shortfall.id]


def test_a_first_start_tells_one_summary(tmp_path: Path) -> None:
    """Years of history are one sentence, which says what is wrong at present."""
    office = Office(tmp_path)
    office.configure(HOOK)
    late = make_fact(500, FactKind.LATE, can_recur=True)
    assert office.note(*(make_fact(number) for number in range(400)), late) == 1
    office.send()
    (summary,) = office.receiver.facts.values()
    assert (summary.kind, summary.text.partition("At present: ")[2]) == (FactKind.SUMMARY, "1 late invoice")
    office.note(*(make_fact(number) for number in range(401)), late)
    office.send()
    assert office.receiver.list_facts("hook") == [make_fact(400).id]


def test_a_later_target_gets_only_what_is_new(office: Office) -> None:
    office.note(make_fact(1))
    office.configure(HOOK + CHAT + HOOK.replace('"hook"', '"second"'))
    office.note(make_fact(1))
    office.note(make_fact(1), make_fact(2))
    office.send()
    assert office.receiver.list_facts("hook") == [make_fact(1).id, make_fact(2).id]
    assert office.receiver.list_facts("second") == [make_fact(2).id]


def test_a_target_that_wants_more_gets_no_history(office: Office) -> None:
    office.configure(HOOK + 'kinds = ["late"]\n')
    office.note(make_fact(1))
    office.configure(HOOK)
    office.note(make_fact(1), make_fact(2))
    office.send()
    assert office.receiver.list_facts("hook") == [make_fact(2).id]


def test_a_removed_target_gets_nothing_that_waits(office: Office) -> None:
    """It is sent nothing any more; where it comes back, it begins with a summary."""
    office.note(make_fact(1))
    office.configure(CHAT)
    office.note(make_fact(1))
    office.configure(HOOK + CHAT)
    office.note(make_fact(1), make_fact(2))
    office.send()
    assert office.receiver.list_facts("hook") == []
    assert office.receiver.list_facts("chat") == [make_fact(1).id, make_fact(2).id]
    assert [fact.kind for (target, _), fact in office.receiver.facts.items() if target == "hook"] == [
        FactKind.SUMMARY
    ] * 2


def test_refusals_are_tried_again_later_and_later(office: Office) -> None:
    """What is refused comes again, each time later, until it is given up; another target has it at once."""
    office.receiver.answer = lambda target, _: REFUSED if target.name == "hook" else TAKEN
    office.note(make_fact(1))
    delays = list[timedelta]()
    while waiting := [row for row in list_deliveries(office.home, 99) if row.state == "waiting"]:
        delays.append(waiting[0].due_at - office.now)
        office.now = waiting[0].due_at
        office.send()
    assert office.receiver.list_facts("chat") == [make_fact(1).id]
    assert tuple(delays[1:]) == RETRY_DELAYS
    assert list(RETRY_DELAYS) == sorted(RETRY_DELAYS)
    (parked,) = [row for row in list_deliveries(office.home, 99) if row.state == "parked"]
    assert (parked.attempts, parked.answer, parked.target) == (len(RETRY_DELAYS) + 1, "HTTP 500", "hook")
    (hook, _) = list_targets(office.home, office.home / "billfold.toml")
    assert (hook.parked, hook.waiting, hook.last_answer) == (1, 0, "HTTP 500")


def test_a_refusal_holds_up_what_else_is_due_there(office: Office) -> None:
    """A target that does not answer is asked once a time, and not once for each alert that waits for it."""
    office.receiver.answer = lambda target, _: REFUSED if target.name == "hook" else TAKEN
    office.note(*(make_fact(number) for number in range(9)))
    outcome = office.send()
    assert (outcome.sent, len(outcome.refused)) == (9, 1)
    office.receiver.answer = lambda *_: TAKEN
    assert office.send().sent == 8
    office.wait(minutes=1)
    assert office.send().sent == 1
    assert len(office.receiver.list_facts("hook")) == 9


def test_a_receiver_may_put_off_and_may_be_gone(office: Office) -> None:
    """Retry-After is heeded up to some hours, and what is gone is given up at once."""
    put_off = REFUSED._replace(retry_after_s=7200)
    assert find_next_attempt(1, put_off, office.now) == office.now + timedelta(hours=2)
    assert find_next_attempt(1, REFUSED._replace(retry_after_s=10**9), office.now) == office.now + MAX_RETRY_AFTER
    assert find_next_attempt(len(RETRY_DELAYS) + 1, put_off, office.now) is None
    office.receiver.answer = lambda *_: REFUSED._replace(is_final=True)
    office.note(make_fact(1))
    office.send()
    assert {row.state for row in list_deliveries(office.home, 2)} == {DeliveryState.PARKED}


def test_replays_come_under_the_same_id(office: Office) -> None:
    """What is queued again by hand comes again, and a receiver can tell that it has it; what is not asked for does not."""
    office.note(make_fact(1), make_fact(2))
    office.send()
    before = office.receiver.count_raw()
    assert replay_deliveries(office.home, office.now, fact_id=make_fact(1).id, target="hook") == 1
    assert replay_deliveries(office.home, office.now, fact_id="none") == 0
    assert replay_deliveries(office.home, office.now) == 0
    office.send()
    again = office.receiver.count_raw() - before
    assert list(again.values()) == [1]
    assert set(again) < set(before)
    assert replay_deliveries(office.home, office.now, since=office.now) == 4


def test_what_was_given_up_can_be_sent_again(office: Office) -> None:
    office.receiver.answer = lambda *_: REFUSED._replace(is_final=True)
    office.note(make_fact(1))
    office.send()
    office.receiver.answer = lambda *_: TAKEN
    assert office.send().sent == 0
    assert replay_deliveries(office.home, office.now, target="chat") == 1
    assert office.send().sent == 1
    assert office.receiver.list_facts("chat") == [make_fact(1).id]


def test_one_process_sends_at_a_time(office: Office) -> None:
    """Who comes while another sends leaves it to him; a death frees the way."""
    office.note(make_fact(1))
    with outbox_lock(office.home, OutboxLock.SENDING) as is_ours:
        assert is_ours
        assert office.send().is_busy
    assert office.send().sent == 2


def test_an_older_ledger_ends_nothing_that_a_newer_one_has(office: Office) -> None:
    """Who notes opens the ledger when nobody else notes: two looks come in the order in which they saw it."""
    (office.home / ARCHIVE_FILE).touch()
    open_ledger, path = mock.Mock(side_effect=Killed), office.home / "billfold.toml"
    with outbox_lock(office.home, OutboxLock.NOTING):
        assert alerts.note_alerts(office.home, open_ledger, path) is False
    open_ledger.assert_not_called()
    with pytest.raises(Killed):
        alerts.note_alerts(office.home, open_ledger, path)
    open_ledger.assert_called_once()


def test_a_secret_that_is_missing_costs_no_attempt(office: Office) -> None:
    """It is said, the other target is told, and nothing is given up meanwhile."""
    working = office.receiver.make_sender
    office.note(make_fact(1))

    def fail_hook(target: AlertTarget) -> Send:
        if target.name == "hook":
            raise ConfigurationError("HOOK_SECRET is not set")
        return working(target)

    config_path = office.home / "billfold.toml"
    outcome = alerts.send_alerts(office.home, config_path, lambda: office.now, fail_hook)
    assert (outcome.sent, list(outcome.unusable)) == (1, ["HOOK_SECRET is not set"])
    assert [row.attempts for row in list_deliveries(office.home, 2) if row.target == "hook"] == [0]
    assert office.send().sent == 1


def test_nothing_is_noted_where_nobody_is_told(tmp_path: Path) -> None:
    """Without [[alerts]] there is no file, no target, and nothing to send."""
    office = Office(tmp_path)
    office.configure("")
    assert office.send() == alerts.SendOutcome()
    assert load_targets(tmp_path / "missing.toml") == []
    assert list_deliveries(tmp_path, 9) == []
    assert [path.name for path in tmp_path.iterdir()] == ["billfold.toml"]
