"""The datasets go into a database or a workbook; an address that may hold a password is not taken."""

from __future__ import annotations

import pytest

from tests.cli.terminal import Terminal, clear


def test_a_file_is_written_twice(synced: Terminal) -> None:
    for _ in range(2):
        result = synced.run("--ledger", "ledger", "export", "sqlite", "out/l.sqlite")
        clear(result, 0, "contract_commitment rows.")
    assert (synced.home / "out" / "l.sqlite").is_file()


def test_a_workbook_is_written(synced: Terminal) -> None:
    pytest.importorskip("xlsxwriter")
    clear(synced.run("--ledger", "ledger", "export", "xlsx", "out/l.xlsx"), 0, " Charges, ")


def test_an_address_is_referred_to(synced: Terminal) -> None:
    pytest.importorskip("psycopg")
    address = "postgresql://me:secret-word@localhost/db"
    result = synced.run("--ledger", "ledger", "export", "postgres", address)
    clear(result, 2, "write a reference")
    assert "secret-word" not in result.all
    away = "postgresql://me:secret-word@127.0.0.1:1/db"
    result = synced.run("--ledger", "ledger", "export", "postgres", "env:DB", DB=away)
    clear(result, 2, "the database cannot be written")
    assert "secret-word" not in result.all


def test_charges_are_laid_out_for_a_product(synced: Terminal) -> None:
    result = synced.run("--ledger", "ledger", "export", "focus", "vantage", "--layout", "vantage", "--from", "2026-10")
    clear(result, 0, "CostAndUsage rows.")
    assert list((synced.home / "vantage" / "vantage").glob("costs-2026-10-*.csv"))


def test_only_changes_are_written(synced: Terminal) -> None:
    clear(synced.run("--ledger", "ledger", "export", "focus", "whole"), 0, "rows.")
    clear(
        synced.run("--ledger", "ledger", "export", "focus", "changes", "--since", "whole"), 0, "changes: 0 CostAndUsage"
    )
    clear(synced.run("--ledger", "ledger", "export", "focus", "whole", "--since", "whole"), 2, "name another directory")
