"""A round keeps how it ended with each account: whole, in part, failed, or stopped midway, from where the next goes on."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from unittest import mock

import pytest

from billfold.collect.outcome import CollectOutcome
from billfold.collect.workspace import Workspace
from billfold.config import AccountConfig
from billfold.ledger.server_schedule import SyncRecord, begin_round, list_sync_records
from billfold.model.errors import LedgerError, RateLimited
from billfold.model.finding import make_finding
from billfold.model.finding_codes import FindingCode
from billfold.tasks.accounts import load_accounts
from billfold.tasks.sync_round import SyncRound, build_ending, run_round
from billfold.twin.faults import Fault
from billfold.twin.host import TwinHost
from tests import stage
from tests.tasks.kit import connect_twin, list_accounts

VULTR, COCKROACH = ("vultr", "vultr"), ("cockroach", "cockroach")


@dataclass
class Rounds:
    """A twin with two accounts, and rounds of them."""

    directory: Path
    host: TwinHost
    operations: list[tuple[str, str]] = field(default_factory=list)

    @property
    def accounts(self) -> list[AccountConfig]:
        """The accounts as a configuration has them."""
        return load_accounts(
            replace(row, unlimited=True) for row in list_accounts(self.host) if row.name in {"vultr", "cockroach"}
        )

    def begin(self) -> SyncRound:
        """Begin a round of both."""
        now, records = self.host.clock.now(), list_sync_records(self.directory)
        claims = [(key, record.started_at if (record := records.get(key)) else None) for key in (VULTR, COCKROACH)]
        round_id, claimed = begin_round(self.directory, "test", claims, now)
        assert claimed == [VULTR, COCKROACH]
        return SyncRound(round_id, self.directory, self.accounts, self.accounts, now)

    def run(self, answers: int = 1000) -> list[CollectOutcome]:
        """Run a round that is stopped after so many answers."""

        def note_answer(account: str, operation: str, count: int) -> None:
            self.operations.append((account, operation))
            if len(self.operations) >= answers:
                raise KeyboardInterrupt

        with connect_twin(self.host):
            return run_round(self.begin(), self.host.clock.now, note_answer, lambda _: None)

    def read(self, key: tuple[str, str]) -> SyncRecord:
        """Return what is kept of an account."""
        return list_sync_records(self.directory)[key]


@pytest.fixture
def rounds(tmp_path: Path) -> Rounds:
    """Return rounds in an empty directory."""
    (tmp_path / "ledger").mkdir()
    return Rounds(tmp_path / "ledger", stage.twin(months=2))


def test_how_it_ended_is_kept_of_each(rounds: Rounds) -> None:
    rounds.host.set_fault(Fault("vultr", "unauthorized", times=1000))
    outcomes = rounds.run()
    assert {outcome.account for outcome in outcomes} == {"vultr", "cockroach"}
    failed, complete = rounds.read(VULTR), rounds.read(COCKROACH)
    assert (failed.state, failed.failures, complete.state, complete.failures) == ("failed", 1, "complete", 0)
    assert "401" in failed.text
    assert (complete.text, complete.answers > 0) == ("", True)


def test_what_was_stopped_goes_on_where_it_was(rounds: Rounds) -> None:
    """It ends after the answer that came, which is kept; the next one asks for what is left, and nothing is asked twice."""
    with pytest.raises(KeyboardInterrupt):
        rounds.run(answers=4)
    states = {rounds.read(key).state for key in (VULTR, COCKROACH)}
    assert "interrupted" in states <= {"interrupted", "complete"}
    assert {rounds.read(key).failures for key in (VULTR, COCKROACH)} == {0}
    rounds.run()
    assert [rounds.read(key).state for key in (VULTR, COCKROACH)] == ["complete"] * 2
    with closing(Workspace(rounds.directory)) as workspace:
        questions = [
            (entry.account, entry.operation, entry.question, entry.run) for entry in workspace.archive.iter_answers()
        ]
        assert len(questions) == len(set(questions))
        assert [run.outcome for run in workspace.archive.list_runs()] == ["complete"] * 2


def test_a_machine_that_cannot_fails_all(rounds: Rounds) -> None:
    full_disk = mock.patch("billfold.tasks.sync_round.sync_selected", side_effect=LedgerError("the disk is full"))
    with full_disk, pytest.raises(LedgerError):
        rounds.run()
    for key in (VULTR, COCKROACH):
        assert (rounds.read(key).state, rounds.read(key).text) == ("failed", "the disk is full")


def test_the_budget_is_a_vendors_word_or_its_rate(rounds: Rounds) -> None:
    """Of its rate the schedule uses a tenth: 3,000 answers cost ten times as long as they take; what the vendor says goes before."""
    sync_round = rounds.begin()
    limited = sync_round._replace(accounts=[account._replace(unlimited=False) for account in sync_round.accounts])
    outcome = CollectOutcome("vultr", "vultr", answers=3000)
    now = sync_round.began_at
    assert build_ending(sync_round, outcome, now).not_before is None
    rate = next(row for row in sync_round.accounts if row.name == "vultr").provider.requests_per_second
    assert build_ending(limited, outcome, now).not_before == now + timedelta(seconds=30_000 / rate)
    outcome.error = RateLimited("slow down", retry_after=7200)
    assert build_ending(sync_round, outcome, now).not_before == now + timedelta(hours=2)


def test_what_is_missing_is_no_failure(rounds: Rounds) -> None:
    finding = make_finding(FindingCode.ANSWER_REFUSED, "it\x1bis refused", "the estimate")
    ending = build_ending(rounds.begin(), CollectOutcome("vultr", "vultr", missing=[finding]), rounds.host.clock.now())
    assert ending.state == "incomplete"
    assert "is refused" in ending.text
    assert ending.text.isprintable()
