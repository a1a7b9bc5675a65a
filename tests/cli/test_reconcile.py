"""Reconcile prints a vendor's words as they are, and names what adds up by rounding only."""

from __future__ import annotations

from pathlib import Path

import pytest

from billfold.cli.reconcile import _print_findings as tell
from billfold.model.finding import AccountFinding, make_finding
from billfold.model.finding_codes import FindingCode
from billfold.report.payables import Payables
from billfold.tasks.reconcile import Reconciliation
from tests.cli.terminal import Terminal, clear
from tests.ledger.kit import invoice, invoices


def test_a_vendors_words_are_told_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    finding = make_finding(FindingCode.INVOICE_VANISHED, "is no longer listed", "invoice a : b")
    month = AccountFinding("vultr", "mine", "2026-08", finding)
    findings = [month, month._replace(month="")]
    tell(findings, Reconciliation(findings, [], [], 1, Payables([], [], [])))
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith("  vultr mine 2026-08: invoice a : b: is no longer listed [")
    assert lines[2].startswith("  vultr mine: invoice a : b: is no longer listed [")


def test_reconcile_names_a_bill_that_is_only_rounded(tmp_path: Path) -> None:
    """A bill that adds up by rounding only is named by reconcile."""
    terminal = Terminal(tmp_path)
    (tmp_path / "off.json").write_bytes(invoices(invoice("r", total="1.51"), invoice("s")))
    clear(terminal.run("--ledger", "l", "import", "cockroach", "off.json"), 0, "adds up")
    result = terminal.run("--ledger", "l", "reconcile")
    clear(result, 0, "2 bills checked: everything adds up")
    assert "rounding charge of ours" in result.out
    assert [line.split()[3:] for line in result.out.splitlines() if "2026-08" in line] == [["r", "USD", "0.01"]]
    shown = terminal.run("--ledger", "l", "report").out
    assert "CockroachDB Cloud: adjustment" in shown
