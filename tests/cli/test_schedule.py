"""`billfold schedule`: the last sync of each account and the next, whoever began it, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from billfold.ledger.server_schedule import SyncEnding, begin_round, end_round
from billfold.model.period import parse_instant
from tests.cli.terminal import Terminal

NOW = parse_instant("2026-11-15T05:00:00Z")
SCHEDULE = '[schedule]\nevery = "12h"\nspread = "0m"\n'


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    """Return a terminal with one account that was never collected."""
    terminal = Terminal(tmp_path, "http://127.0.0.1:1")
    terminal.account()
    terminal.config.write_text(terminal.config.read_text(encoding="utf-8") + SCHEDULE, encoding="utf-8")
    return terminal


def test_an_account_that_was_never_collected_is_due(terminal: Terminal) -> None:
    (row,) = terminal.rows("schedule", "--ledger", "ledger")
    assert (row["account"], row["state"], row["why"], row["last_at"]) == ("mine", "never", "never collected", None)
    result = terminal.run("schedule", "--ledger", "ledger")
    assert result.code == 0
    assert "billfold serve --sync" in result.out


def test_a_failure_is_told_with_its_reason(terminal: Terminal) -> None:
    terminal.run("schedule", "--ledger", "ledger")
    directory, key = terminal.home / "ledger", ("cockroach", "mine")
    round_id, _ = begin_round(directory, "schedule", [(key, None)], NOW)
    end_round(directory, round_id, [SyncEnding(*key, "failed", "the key was refused", 1)], NOW)
    result = terminal.run("schedule", "--ledger", "ledger")
    assert (result.code, "mine: the key was refused" in result.out, "failed once" in result.out) == (1, True, True)
    (row,) = terminal.rows("schedule", "--ledger", "ledger", code=1)
    assert (row["failures"], row["last_at"]) == (1, "2026-11-15T05:00:00Z")


def test_a_command_counts_like_the_schedule(terminal: Terminal) -> None:
    """A sync of `billfold sync` that could not be ended well is the last one."""
    assert terminal.run("sync", "--ledger", "ledger", COCKROACH_API_KEY="k-1234567890").code == 3
    (row,) = terminal.rows("schedule", "--ledger", "ledger")
    assert (row["state"], row["why"], row["failures"]) == ("incomplete", "every 12 h", 0)
    assert "cockroach" in row["text"]


def test_a_wrong_schedule_is_told(terminal: Terminal) -> None:
    text = terminal.config.read_text(encoding="utf-8")
    terminal.config.write_text(f"{text}[schedule.accounts.yours]\nevery = '1h'\n", encoding="utf-8")
    result = terminal.run("schedule", "--ledger", "ledger")
    assert (result.code, "no account has this name; there are mine" in result.err) == (2, True)


def test_no_account_is_told(tmp_path: Path) -> None:
    result = Terminal(tmp_path).run("schedule", "--ledger", "ledger")
    assert "billfold connect" in result.out
