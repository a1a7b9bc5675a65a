"""An explanation says what the vendor states, and what not."""

from __future__ import annotations

from pathlib import Path

from tests.cli.terminal import Terminal, clear
from tests.ledger.kit import invoice, invoices


def test_a_bill_whose_total_nobody_states_is_told_as_that(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    (tmp_path / "none.json").write_bytes(invoices(invoice("r", totals="[]")))
    clear(
        terminal.run("--ledger", "l", "import", "cockroach", "none.json"), 1, "issued r without a total in USD: parked"
    )
    clear(terminal.run("--ledger", "l", "explain", "r"), 0, "the vendor states no total in 1 line\n")
