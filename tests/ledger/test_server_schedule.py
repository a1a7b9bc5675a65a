"""What the schedule keeps: who began an account counts, how it ended is kept, and failures are counted in a row."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from billfold.ledger.layout import SERVER_FILE
from billfold.ledger.server_schedule import (
    COMPLETE,
    FAILED,
    INTERRUPTED,
    RUNNING,
    SyncEnding,
    begin_round,
    end_round,
    lead_schedule,
    list_sync_records,
)
from billfold.model.period import parse_instant

NOW = parse_instant("2026-11-15T05:00:00Z")
KEY, OTHER = ("vultr", "main"), ("fastly", "main")


def end(directory: Path, round_id: int, state: str, text: str = "", minutes: int = 1) -> None:
    ending = SyncEnding(*KEY, state, text, 7, NOW + timedelta(minutes=minutes + 5))
    end_round(directory, round_id, [ending], NOW + timedelta(minutes=minutes))


def test_what_was_begun_and_how_it_ended_is_kept(tmp_path: Path) -> None:
    assert list_sync_records(tmp_path) == {}
    assert not (tmp_path / SERVER_FILE).exists()
    round_id, claimed = begin_round(tmp_path, "schedule", [(KEY, None), (OTHER, None)], NOW)
    assert claimed == [KEY, OTHER]
    record = list_sync_records(tmp_path)[KEY]
    assert (record.state, record.started_at, record.ended_at, record.failures) == (RUNNING, NOW, None, 1)
    end(tmp_path, round_id, COMPLETE)
    record = list_sync_records(tmp_path)[KEY]
    assert (record.state, record.failures, record.answers, record.round) == (COMPLETE, 0, 7, round_id)
    assert record.not_before == NOW + timedelta(minutes=6)
    assert list_sync_records(tmp_path)[OTHER].state == RUNNING


def test_of_two_who_plan_alike_one_begins(tmp_path: Path) -> None:
    first, claimed = begin_round(tmp_path, "schedule", [(KEY, None)], NOW)
    assert claimed == [KEY]
    second, claimed = begin_round(tmp_path, "schedule", [(KEY, None)], NOW + timedelta(seconds=1))
    assert (second, claimed) == (first + 1, [])
    third, claimed = begin_round(tmp_path, "schedule", [(KEY, NOW)], NOW + timedelta(hours=1))
    assert claimed == [KEY]
    end(tmp_path, first, FAILED, "too late", minutes=90)
    record = list_sync_records(tmp_path)[KEY]
    assert (record.round, record.state) == (third, RUNNING)


def test_failures_in_a_row_are_counted(tmp_path: Path) -> None:
    """A failure counts, a success ends the row, one that was stopped is none, and one that never ended is one."""
    expected = [(FAILED, 1), (FAILED, 2), (INTERRUPTED, 2), ("", 3), (FAILED, 4), (COMPLETE, 0), (FAILED, 1)]
    for hours, (state, failures) in enumerate(expected):
        record = list_sync_records(tmp_path).get(KEY)
        planned = [(KEY, record.started_at if record else None)]
        round_id, _ = begin_round(tmp_path, "schedule", planned, NOW + timedelta(hours=hours))
        if state:
            end(tmp_path, round_id, state, "why")
        assert list_sync_records(tmp_path)[KEY].failures == failures


def test_one_process_runs_the_schedule(tmp_path: Path) -> None:
    with lead_schedule(tmp_path) as is_leading:
        assert is_leading
        with lead_schedule(tmp_path) as is_second:
            assert not is_second
    with lead_schedule(tmp_path) as is_leading:
        assert is_leading
