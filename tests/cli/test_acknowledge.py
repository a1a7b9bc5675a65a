"""What is known and accepted is no alarm any more, until something else is found."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from billfold.ledger import account_lock
from billfold.ledger.layout import LOCKS_FOLDER
from tests.cli.terminal import Terminal, clear
from tests.ledger.kit import invoice, invoices

LEDGER = ("--ledger", "l")


def import_bill(terminal: Terminal, home: Path, total: str) -> None:
    (home / "off.json").write_bytes(invoices(invoice("off", total=total)))
    terminal.run(*LEDGER, "import", "cockroach", "off.json")


def find_id(terminal: Terminal) -> str:
    return str(terminal.rows(*LEDGER, "reconcile", code=1)[0]["id"])


def test_an_accepted_finding_is_no_alarm(tmp_path: Path) -> None:
    """No command ends with 1 for what is accepted; it is told, listed, kept by a rebuild, and can be withdrawn."""
    terminal = Terminal(tmp_path)
    import_bill(terminal, tmp_path, "7")
    clear(terminal.run(*LEDGER, "report"), 1, "parked, not counted: cockroach cockroach off")
    finding_id = find_id(terminal)
    clear(terminal.run(*LEDGER, "reconcile"), 1, f"[{finding_id}]")
    clear(
        terminal.run(*LEDGER, "acknowledge", finding_id, "--reason", "told Ann", "--by", "Bo"),
        0,
        "acknowledged: cockroach",
    )
    for _ in range(2):
        clear(terminal.run(*LEDGER, "report"), 0, "parked, acknowledged, not counted: cockroach cockroach off")
        clear(terminal.run(*LEDGER, "reconcile"), 0, "Only to know:")
        clear(terminal.run(*LEDGER, "export", "focus", "out"), 0, "acknowledged")
        clear(terminal.run(*LEDGER, "acknowledge"), 0, "told Ann")
        clear(terminal.run(*LEDGER, "verify"), 0, "all is as it was written")
        terminal.run(*LEDGER, "rebuild")
    clear(terminal.run(*LEDGER, "acknowledge", finding_id, "--withdraw"), 0, "acknowledged no longer")
    clear(terminal.run(*LEDGER, "report"), 1, "parked, not counted")
    clear(terminal.run(*LEDGER, "acknowledge"), 0, "Nothing is acknowledged.")


@pytest.mark.parametrize("more", [(), ("--withdraw",)])
def test_an_acknowledgement_waits_for_a_merge(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: Sequence[str]
) -> None:
    """While a merge writes the archive anew nothing is accepted or withdrawn: it would be lost with the file of before."""
    terminal = Terminal(tmp_path)
    import_bill(terminal, tmp_path, "7")
    finding_id = find_id(terminal)
    terminal.run(*LEDGER, "acknowledge", finding_id)
    monkeypatch.setattr(account_lock, "WRITERS_TIMEOUT_S", 0.0)
    with account_lock.writers_lock(tmp_path / "l" / LOCKS_FOLDER, alone=True):
        clear(terminal.run(*LEDGER, "acknowledge", finding_id, *more), 2, "other processes write")
    clear(terminal.run(*LEDGER, "acknowledge", finding_id, *more), 0, "acknowledged")


def test_another_amount_is_another_finding(tmp_path: Path) -> None:
    """What is accepted of one amount says nothing of another."""
    terminal = Terminal(tmp_path)
    import_bill(terminal, tmp_path, "7")
    clear(terminal.run(*LEDGER, "acknowledge", find_id(terminal)), 0, "acknowledged")
    import_bill(terminal, tmp_path, "8")
    clear(terminal.run(*LEDGER, "reconcile"), 1, "the vendor states 8")


def test_only_what_is_found_can_be_accepted(tmp_path: Path) -> None:
    """An id of nothing is refused, before any other of the same command is accepted."""
    terminal = Terminal(tmp_path)
    import_bill(terminal, tmp_path, "7")
    clear(terminal.run(*LEDGER, "acknowledge", find_id(terminal), "0000000000"), 2, "nothing is found now")
    clear(terminal.run(*LEDGER, "acknowledge", "0000000000", "--withdraw"), 2, "is not acknowledged")
    clear(terminal.run(*LEDGER, "acknowledge"), 0, "Nothing is acknowledged.")
    clear(terminal.run(*LEDGER, "reconcile", "--from", "2030-01"), 1, "there is no bill that could add up")


def test_a_merge_keeps_what_is_accepted(tmp_path: Path) -> None:
    """What was accepted in a ledger is accepted in the one that it is merged into."""
    terminal = Terminal(tmp_path)
    import_bill(terminal, tmp_path, "7")
    clear(terminal.run(*LEDGER, "acknowledge", find_id(terminal)), 0, "acknowledged")
    (tmp_path / "good.json").write_bytes(invoices(invoice("good")))
    terminal.run("--ledger", "m", "import", "cockroach", "good.json")
    clear(terminal.run("--ledger", "m", "merge", "l"), 0, "brought")
    clear(terminal.run("--ledger", "m", "reconcile"), 0, "Only to know:")


def test_what_is_accepted_is_no_check(tmp_path: Path) -> None:
    """Months without a bill are not green because something is known of their account."""
    terminal = Terminal(tmp_path)
    import_bill(terminal, tmp_path, "1.5")
    terminal.account(base_url="https://vendor.example")
    clear(terminal.run(*LEDGER, "acknowledge", find_id(terminal)), 0, "nothing was collected yet")
    clear(terminal.run(*LEDGER, "reconcile"), 0, "1 bill checked: everything adds up")
    clear(terminal.run(*LEDGER, "reconcile", "--from", "2030-01"), 1, "there is no bill that could add up")
