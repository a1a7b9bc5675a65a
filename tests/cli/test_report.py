"""The report has tables of their own for what is issued and what may still change."""

from __future__ import annotations

from tests.cli.terminal import Terminal, clear


def test_a_report_has_months_totals_and_states_of_their_own(synced: Terminal) -> None:
    result = synced.run("--ledger", "ledger", "report")
    clear(result, 0, "Issued invoices, USD")
    assert "Drafts - may still change, USD" in result.out
