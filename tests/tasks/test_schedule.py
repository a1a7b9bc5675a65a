"""How the last sync of an account ended, by what the server kept and what the archive has, whichever is newer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from billfold.ledger.account_lock import account_lock
from billfold.ledger.archive import Archive
from billfold.ledger.entries import ArchivedResponse
from billfold.ledger.layout import ARCHIVE_FILE, LOCKS_FOLDER
from billfold.ledger.server_schedule import SyncEnding, begin_round, end_round, list_sync_records
from billfold.model.period import parse_instant
from billfold.settings.schedule import SyncSchedule
from billfold.tasks.schedule import LastOutcome, read_last_outcomes
from billfold.tasks.sync_plan import plan_next_sync

NOW = parse_instant("2026-11-15T05:00:00Z")
KEY = "vultr", "main"


class Past:
    """A directory in which an account was collected, by the server or by a command."""

    def __init__(self, directory: Path) -> None:
        self.directory, self.archive = directory, Archive(directory / ARCHIVE_FILE)

    def begin(self, minutes: int) -> int:
        """Let the server begin the account."""
        record = list_sync_records(self.directory).get(KEY)
        round_id, claimed = begin_round(
            self.directory, "test", [(KEY, record.started_at if record else None)], at(minutes)
        )
        assert claimed
        return round_id

    def end(self, round_id: int, minutes: int, state: str) -> None:
        """Let the server note how it ended."""
        end_round(self.directory, round_id, [SyncEnding(*KEY, state, "why", 5)], at(minutes))

    def collect(self, minutes: int, outcome: str | None) -> None:
        """Put a collection into the archive, which may not have ended."""
        run = self.archive.start_run(*KEY, "sync", at(minutes))
        self.archive.add_responses(run, ArchivedResponse("get_account", "{}", 403, {}, b"{}", at(minutes)))
        if outcome is not None:
            self.archive.end_run(run, outcome, at(minutes + 1))

    def read(self, minutes: int) -> LastOutcome:
        """Read how the last one ended, as of a time."""
        (outcome,) = read_last_outcomes(self.archive, [KEY], {}, at(minutes))
        return outcome

    def plan(self, minutes: int) -> datetime:
        """Return when it is collected next."""
        planned_at = plan_next_sync(self.read(minutes).history, SyncSchedule(spread=timedelta()), at(minutes)).at
        assert planned_at is not None
        return planned_at


def at(minutes: int) -> datetime:
    return NOW + timedelta(minutes=minutes)


@pytest.fixture
def past(tmp_path: Path) -> Iterator[Past]:
    """Return a directory with an empty archive."""
    past = Past(tmp_path)
    with past.archive:
        yield past


def test_nothing_happened_yet(past: Past) -> None:
    assert (past.read(0).state, past.read(0).history.started_at, past.plan(0)) == ("never", None, at(0))


def test_what_the_server_kept_counts(past: Past) -> None:
    round_id = past.begin(0)
    past.collect(1, "complete")
    past.end(round_id, 3, "failed")
    outcome = past.read(4)
    assert (outcome.state, outcome.text, outcome.history.failures, outcome.answers) == ("failed", "why", 1, 5)
    assert at(8) <= past.plan(4) <= at(10)


def test_a_newer_sync_of_a_command_counts(past: Past) -> None:
    """It ends a row of failures; what it did not bring is told, and is no failure of the schedule's."""
    past.end(past.begin(0), 1, "failed")
    past.collect(20, "complete")
    outcome = past.read(30)
    assert (outcome.state, outcome.history.failures, outcome.history.started_at) == ("complete", 0, at(20))
    assert past.plan(30) == at(360)
    past.collect(40, "the estimate is missing")
    assert (past.read(50).state, past.read(50).text) == ("incomplete", "the estimate is missing")


def test_one_that_runs_is_running(past: Past) -> None:
    """The account's lock tells it, whoever has it; a moment after its beginning the lock may not be there yet."""
    past.begin(0)
    assert past.read(1).state == "running"
    assert past.read(5).state == "interrupted"
    with account_lock(past.directory / LOCKS_FOLDER, *KEY):
        assert (past.read(5).state, past.read(5).history.is_running) == ("running", True)
    past.collect(6, None)
    with account_lock(past.directory / LOCKS_FOLDER, *KEY):
        assert past.read(7).state == "running"


def test_one_that_was_killed_goes_on_at_once(past: Past) -> None:
    """Once; one that kills its process again and again is tried ever later."""
    past.begin(0)
    past.collect(0, None)
    assert (past.read(5).state, past.plan(5)) == ("interrupted", at(5))
    past.begin(5)
    assert past.read(10).history.failures == 2
    assert past.plan(10) > at(14)


def test_one_that_ended_before_its_process_died_is_whole(past: Past) -> None:
    past.begin(0)
    past.collect(0, "complete")
    assert (past.read(5).state, past.read(5).history.failures, past.plan(5)) == ("complete", 0, at(360))


def test_what_was_stopped_goes_on_at_once(past: Past) -> None:
    round_id = past.begin(0)
    past.collect(0, None)
    past.end(round_id, 1, "interrupted")
    assert (past.read(30).state, past.plan(30)) == ("interrupted", at(30))
