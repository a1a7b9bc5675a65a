"""Listings say the same in every format, with all digits."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest

from tests.cli.terminal import Terminal


@pytest.mark.parametrize("command", ["invoices", "charges"])
def test_a_table_names_the_account_in_every_row(command: str, synced: Terminal) -> None:
    rows = synced.rows("--ledger", "ledger", command)
    accounts = {row.get("account") or row["x_AccountName"] for row in rows}
    result = synced.run("--ledger", "ledger", command)
    assert (result.code, result.err) == (0, "")
    assert sum(account in line for line in result.out.splitlines() for account in accounts) >= len(rows)


@pytest.mark.parametrize("command", ["invoices", "charges", "report"])
def test_json_and_csv_say_the_same_with_all_digits(command: str, synced: Terminal) -> None:
    rows = synced.rows("--ledger", "ledger", command)
    result = synced.run("--ledger", "ledger", command, "--format", "csv")
    cells = list(csv.DictReader(io.StringIO(result.out)))
    assert len(rows) == len(cells) > 0
    money = {"invoices": "total", "charges": "BilledCost", "report": "cost"}[command]
    for row, cell in zip(rows, cells, strict=True):
        assert list(row) == list(cell)[: len(row)]
        assert row[money] == cell[money]
        assert "E" not in row[money]
    assert any(Decimal(row[money]) % Decimal("0.01") for row in rows)


def test_as_of_a_time_before_the_first_there_is_nothing(synced: Terminal) -> None:
    """As of a time before anything was known, there is nothing, and that is no answer to build on."""
    result = synced.run("--ledger", "ledger", "invoices", "--as-of", "2020-01-01", "--format", "json")
    assert (result.code, result.out.strip()) == (1, "[]")
    assert len(synced.rows("--ledger", "ledger", "invoices", "--as-of", "2999-01-01")) >= 12


def test_months_narrow_a_listing_and_both_ends_are_in_it(synced: Terminal) -> None:
    rows = synced.rows("--ledger", "ledger", "invoices", "--from", "2026-08", "--to", "2026-09")
    assert [row["period_start"][:7] for row in rows] == ["2026-08", "2026-09"]
