"""A journal is written for a program; what is in suspense or in no entry is told, with exit code 1."""

from __future__ import annotations

import csv
import json
from decimal import Decimal

import pytest

from tests.cli.terminal import Terminal, clear

MAPPING = """
[default]
gl_account = "6400"
payable = "2000"
"""


def test_a_journal_without_a_rule_is_all_in_suspense(synced: Terminal) -> None:
    result = synced.run("--ledger", "ledger", "export", "journal", "--for", "beancount", "-o", "out/j.beancount")
    clear(result, 1, "no rule fits: cockroach mine: ")
    assert "write some, and name the file with --mapping" in result.err
    assert "open Expenses:Suspense" in (synced.home / "out" / "j.beancount").read_text()


@pytest.mark.parametrize("program", ["beancount", "hledger", "xero", "netsuite", "quickbooks"])
def test_a_journal_with_a_mapping_is_written(synced: Terminal, program: str) -> None:
    (synced.home / "journal.toml").write_text(MAPPING)
    line = ["--ledger", "ledger", "export", "journal", "--for", program, "-o", f"{program}.txt"]
    result = synced.run(*line, "--mapping", "journal.toml", "--from", "2026-08")
    clear(result, 0, f"written: {program}.txt")
    assert "cockroach" in result.out


def test_a_rule_of_an_account_that_there_is_not_is_told(synced: Terminal) -> None:
    (synced.home / "idle.toml").write_text(MAPPING + '[[rules]]\naccount = "clowd"\ngl_account = "1"\n')
    line = ["--ledger", "ledger", "export", "journal", "--for", "xero", "-o", "idle.csv", "--mapping", "idle.toml"]
    assert "rule 1: there is no account 'clowd', so that it fits nothing" in synced.run(*line).err


def test_the_bills_of_a_month_sum_to_the_invoices(synced: Terminal) -> None:
    (synced.home / "journal.toml").write_text(MAPPING)
    line = ["--ledger", "ledger", "export", "journal", "--for", "xero", "-o", "x.csv", "--mapping", "journal.toml"]
    clear(synced.run(*line, "--month", "2026-08"), 0, "written: x.csv")
    with (synced.home / "x.csv").open(newline="") as file:
        amounts = [row["*UnitAmount"] for row in csv.DictReader(file)]
    invoices = json.loads(
        synced.run(*("--ledger", "ledger", "invoices", "--format", "json", "--from", "2026-08", "--to", "2026-08")).out
    )
    assert amounts == [f"{round(float(invoice['total']), 2):.2f}" for invoice in invoices]


def test_what_cannot_be_meant_is_refused(synced: Terminal) -> None:
    line = ["--ledger", "ledger", "export", "journal", "--for", "datev", "-o", "d.csv"]
    clear(synced.run(*line, "--month", "2026-08", "--from", "2026-08"), 2, "leave them out")
    clear(synced.run(*line, "--mapping", "nothing.toml"), 2, "there is no mapping at nothing.toml")
    clear(synced.run(*line), 2, "the DATEV books are in EUR: give a rate")
    assert not (synced.home / "d.csv").exists()


def test_a_month_without_invoices_says_so(synced: Terminal) -> None:
    line = ["--ledger", "ledger", "export", "journal", "--for", "hledger", "-o", "none.txt", "--month", "2031-01"]
    clear(synced.run(*line), 0, "There is nothing to book")


def test_accruals_are_written_with_their_reversals(synced: Terminal) -> None:
    (synced.home / "journal.toml").write_text(MAPPING)
    line = [
        "--ledger",
        "ledger",
        "export",
        "journal",
        "--mapping",
        "journal.toml",
        "-o",
        "a.txt",
        "--accruals",
        "2026-11",
    ]
    clear(synced.run(*line, "--for", "hledger"), 0, "written: a.txt")
    text = (synced.home / "a.txt").read_text()
    assert "2026-11-30 * (accrual-mine-2026-11)" in text
    assert "2026-12-01 * (accrual-mine-2026-11-R)" in text
    rows = synced.rows("--ledger", "ledger", "accruals", "2026-11")
    total = sum((Decimal(row["amount"]) for row in rows), Decimal(0)).quantize(Decimal("0.01"))
    assert text.count(f"{total} USD") == text.count(f"-{total} USD") * 2 == 4
    clear(synced.run(*line, "--for", "xero"), 2, "takes bills")
    clear(synced.run(*line, "--for", "datev", "--from", "2026-11"), 2, "names its month")
