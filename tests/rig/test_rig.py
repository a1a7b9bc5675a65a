"""The short form of the rig: some kill points, some faults, some days; `make rig` runs all of them."""

from __future__ import annotations

import multiprocessing

import pytest

from tests.laws.kit import DOORS
from tests.rig import rig

SEED = 1


@pytest.fixture(autouse=True)
def _alone() -> None:
    """Forking is safe only where nothing else runs in this process."""
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize("story", list(rig.STORIES_TOLD))
def test_a_killed_sync_leaves_the_old_state_or_the_new_one_and_goes_on(story: str) -> None:
    count = len(rig.points(story, SEED))
    assert count > 50
    failures = rig.kill(story, SEED, range(3, count, count // 5))
    assert not failures, "\n".join(failures)


@pytest.mark.parametrize("provider", [door.name for door in DOORS])
@pytest.mark.parametrize(
    "fault", ["cut-body", "rate-limited", "total-off-by-a-lot", "short-page", "html-200", "new-enum"]
)
def test_a_fault_costs_nothing_and_books_nothing_wrong(provider: str, fault: str) -> None:
    for at in (1, 2, 4):
        assert not (wrong := rig.lied(provider, fault, at, SEED)), f"{fault} at {at}: {wrong}"


def test_weeks_of_random_faults_end_in_the_truth() -> None:
    lived, wrong = rig.live(SEED, 30)
    assert lived >= 30
    assert not wrong
