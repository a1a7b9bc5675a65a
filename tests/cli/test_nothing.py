"""A question about nothing is no green answer: it ends with 1 and a sentence, in every format."""

from __future__ import annotations

import pytest

from tests.cli.terminal import Terminal, clear

LEDGER = ("--ledger", "ledger")
FUTURE = ("--from", "2031-01", "--to", "2031-01")


@pytest.mark.parametrize(
    "command",
    ["report", "invoices", "charges", "commitments", "restatements", "payables", "payables --roll-forward"],
)
def test_where_no_bill_fits_nothing_is_green(synced: Terminal, command: str) -> None:
    for output_format in ("table", "json"):
        result = synced.run(*LEDGER, *command.split(), *FUTURE, "--format", output_format)
        clear(result, 1, "to show: ")
        assert "fit" in result.err
        assert result.out.strip() in {"", "[]", "[\n]"}, "the table says nothing beside it"


def test_a_real_empty_answer_is_green(synced: Terminal) -> None:
    """Bills fit, and have nothing of what was asked about."""
    clear(synced.run(*LEDGER, "report", "--state", "draft", "--to", "2026-08"), 0, "There are no charges to show")
    clear(synced.run(*LEDGER, "restatements"), 0, "No issued invoice has changed.")
    clear(synced.run(*LEDGER, "closes"), 0, "No month is signed")


def test_a_month_before_the_first_bill_is_not_known(synced: Terminal) -> None:
    result = synced.run(*LEDGER, "accruals", "2001-01")
    clear(result, 1, "What 2001-01 owes is not known: no bill is booked of it, or of a month before.")
    assert result.out == ""
    clear(synced.run(*LEDGER, "budget", "2001-01", "--anomalies"), 1, "There are no costs to show")


@pytest.mark.parametrize("command", ["closes", "restatements", "changes --since 2020-01-01"])
def test_before_the_first_collection_nothing_is_green(synced: Terminal, command: str) -> None:
    clear(synced.run(*LEDGER, *command.split(), "--as-of", "2020-01-01"), 1, "nothing was known yet at that time")
