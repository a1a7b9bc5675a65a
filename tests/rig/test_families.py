"""Every family of faults is told at every vendor that has such a thing, and nothing of it stays when it is over."""

from __future__ import annotations

import pytest

from tests.rig.families import find_wrong, is_untold, list_cases


@pytest.mark.parametrize(("provider", "fault"), list_cases())
def test_a_family_of_faults_is_told(provider: str, fault: str) -> None:
    """A fault is told while it lasts, or changes no bill, and the ledger is true when it is over."""
    wrong = find_wrong(provider, fault, seed=1)
    if is_untold(provider, fault, wrong) and wrong:
        pytest.xfail(wrong)
    assert not wrong
