"""One process at a time has an account's turn, and gives it back even when it dies."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from billfold.ledger import account_lock as turns
from billfold.ledger.account_lock import account_lock
from billfold.model.errors import LedgerError


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "WRITERS_TIMEOUT_S", -1.0)


def test_a_second_one_is_refused_and_told_why(tmp_path: Path) -> None:
    with (
        account_lock(tmp_path, "p", "a"),
        pytest.raises(LedgerError, match="'a' is being collected by another process"),
    ):
        account_lock(tmp_path, "p", "a").__enter__()


def test_other_accounts_have_turns_of_their_own(tmp_path: Path) -> None:
    with (
        account_lock(tmp_path, "p", "a"),
        account_lock(tmp_path, "p", "b"),
        account_lock(tmp_path, "q", "a"),
        account_lock(tmp_path / "deeper", "p", "a"),
    ):
        assert len(list(tmp_path.glob("*.lock"))) == 3


def test_a_turn_is_given_back_also_after_an_error(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt), account_lock(tmp_path, "p", "a"):
            raise KeyboardInterrupt
    with account_lock(tmp_path, "p", "a"):
        pass


@pytest.mark.skipif(sys.platform == "win32", reason="there are no locks")
def test_a_turn_is_given_back_by_a_process_that_is_killed(tmp_path: Path) -> None:
    held = "import sys, time; from pathlib import Path; from billfold.ledger.account_lock import account_lock\n"
    held += "with account_lock(Path(sys.argv[1]), 'p', 'a'): print('mine', flush=True); time.sleep(600)"
    with subprocess.Popen([sys.executable, "-c", held, str(tmp_path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "mine\n"
        with pytest.raises(LedgerError, match="by another process"):
            account_lock(tmp_path, "p", "a").__enter__()
        process.kill()
    with account_lock(tmp_path, "p", "a"):
        pass


def test_a_directory_that_cannot_be_made_is_one_of_our_errors(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(LedgerError), account_lock(tmp_path / "file", "p", "a"):
        pass
