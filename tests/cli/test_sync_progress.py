"""What a sync shows at a terminal: how many accounts are done, and a few of those that are not."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from rich.progress import Progress, TextColumn

from billfold.cli.outcome_lines import MAX_SHOWN_ACCOUNTS, OutcomeLines
from billfold.cli.sync_progress import SyncProgress, show_progress
from billfold.collect.outcome import CollectOutcome


def make_bars() -> Progress:
    """Return bars of a terminal of 80 columns that nobody looks at."""
    return Progress(TextColumn("{task.description}"), console=Console(file=io.StringIO(), width=80))


def read_bars(bars: Progress) -> list[str]:
    return [task.description for task in bars.tasks if task.visible]


def test_a_hundred_accounts_show_their_count_and_a_few_names() -> None:
    """Of a hundred accounts the count of those that are done is shown, and those that answered last."""
    names = [f"account-{number}" for number in range(100)]
    bars = make_bars()
    progress = SyncProgress(OutcomeLines(names), bars, len(names))
    for name in names:
        progress.note_answer(name, "list_invoices", 1)
    assert len(read_bars(bars)) == 1 + MAX_SHOWN_ACCOUNTS
    progress.end_account(CollectOutcome("account-99", "vultr"))
    assert read_bars(bars)[0] == "1 of 100 accounts"
    assert read_bars(bars)[-1] == "account-98: 1 answers, last list_invoices"


def test_the_end_of_all_collections_is_shown_as_booking() -> None:
    bars = make_bars()
    progress = SyncProgress(OutcomeLines(["a", "b"]), bars, 2)
    for name in ("a", "b"):
        progress.end_account(CollectOutcome(name, "vultr"))
    assert read_bars(bars) == ["2 accounts are collected, and being booked"]


def test_one_account_needs_no_count() -> None:
    bars = make_bars()
    SyncProgress(OutcomeLines(["a"]), bars, 1).note_answer("a", "list_invoices", 2)
    assert read_bars(bars) == ["a: 2 answers, last list_invoices"]


def test_no_terminal_gets_lines_only(capsys: pytest.CaptureFixture[str]) -> None:
    with show_progress(OutcomeLines(["a"]), 1, quiet=False) as progress:
        progress.note_answer("a", "list_invoices", 2)
        progress.end_account(CollectOutcome("a", "vultr", answers=2, seconds=1.0))
    assert capsys.readouterr() == ("a  2 answers in 1.0 s\n", "")
