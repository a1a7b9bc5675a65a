"""A restatement is told in words."""

from __future__ import annotations

from pathlib import Path

from tests.cli.terminal import Terminal, clear
from tests.ledger.kit import invoice, invoices


def test_what_is_parked_follows_an_invoice_in_words(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    for name, total in (("good", "1.5"), ("off", "7")):
        (tmp_path / f"{name}.json").write_bytes(invoices(invoice("r", total=total)))
        terminal.run("--ledger", "l", "import", "cockroach", f"{name}.json")
    result = terminal.run("--ledger", "l", "restatements")
    clear(result, 1, "was 1.50, what it is told as now is parked, not counted: its charges sum to 1.5 USD")
    assert len(result.out.splitlines()) == 1
