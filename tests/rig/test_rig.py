"""The short form of the rig: some kill points, some faults, some days; `make rig` runs all of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.rig.stories import KILLABLE_STORIES

ROOT = Path(__file__).parent.parent.parent


def rig(*arguments: str) -> str:
    """Run the rig in a process of its own: it forks, which a test runner's threads would not survive."""
    command = [sys.executable, "-m", "tests.rig.rig", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("story", KILLABLE_STORIES)
def test_a_killed_story_leaves_a_whole_state(story: str) -> None:
    """Whatever is killed leaves the old state or the new one, and goes on."""
    every = 1000 if story in {"first", "incremental", "restated"} else 500
    assert ", 0 wrong" in rig("kill", "--story", story, "--every", str(every))


@pytest.mark.parametrize("fault", ["cut-body", "total-off-by-a-lot", "short-page"])
def test_a_fault_costs_nothing_and_books_nothing_wrong(fault: str) -> None:
    assert rig("fault", "--fault", fault, "--at", "2").count("1 cases, 0 wrong") == 4


def test_a_fault_of_a_whole_collection_leaves_nothing_behind() -> None:
    assert rig("lasting", "--fault", "contract-without-periods").count("2 cases, 0 wrong") == 4


def test_weeks_of_random_faults_end_in_the_truth() -> None:
    assert ", 0 wrong" in rig("live", "--seeds", "1", "--days", "25")


def test_syncs_side_by_side_see_nothing_or_the_truth() -> None:
    """Syncs side by side and a reader see nothing or the truth."""
    assert ", 0 wrong" in rig("together", "--seeds", "3")


def test_readers_beside_syncs_see_only_true_states() -> None:
    """Of each account a reader sees one of its successive states, and never goes back, whatever else happens."""
    assert ", 0 wrong" in rig("mixed", "--seconds", "5")


def test_a_command_killed_at_any_instant_goes_on() -> None:
    """Whatever writes and is killed at any instant leaves what was or what should be, and ends well when done again."""
    output = rig("random", "--kills", "4", "--seed", "7")
    assert ", 0 wrong" in output
    assert "random: 0 killed" not in output


def test_what_a_crowd_is_told_is_done_stays_done() -> None:
    """Twelve processes run commands of all kinds at once: none fails that could wait, and nothing that one says is done is lost."""
    assert ", 0 wrong" in rig("crowd", "--seconds", "5")


def test_a_flipped_bit_is_told_or_changes_nothing() -> None:
    assert rig("flip", "--stride", "8192").count(", 0 wrong") == 3
