"""``billfold payables``: what is open, in every format, and what credits are left."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.cli.terminal import Terminal, clear

FIELDS = {"provider", "account", "invoice_id", "currency", "total", "paid", "open", "due_on", "state"}


def with_bank(terminal: Terminal, folder: Path, *entries: str) -> Path:
    """Write a bank's statement, and a configuration that names it."""
    (folder / "bank.csv").write_text("\n".join(["date,amount,text", *entries, ""]), encoding="utf-8")
    config = folder / "billfold.toml"
    section = '\n[bank]\nfile = "bank.csv"\ncurrency = "USD"\n'
    config.write_text(terminal.config.read_text(encoding="utf-8") + section, encoding="utf-8")
    return config


def list_payables(terminal: Terminal, *arguments: str, code: int = 0) -> list[dict[str, Any]]:
    """Return the rows of a listing."""
    return terminal.rows("payables", "--ledger", "ledger", *arguments, code=code)


def test_an_invoice_that_nothing_tells_of_is_unknown(synced: Terminal) -> None:
    """Every invoice is listed, none is said to be paid or open; the table has one line of them."""
    rows = list_payables(synced)
    assert {row["state"] for row in rows} == {"unknown"}
    assert rows[0].keys() >= FIELDS
    assert all(Decimal(row["total"]) == Decimal(row["paid"]) + Decimal(row["open"]) for row in rows)
    result = synced.run("payables", "--ledger", "ledger")
    clear(result, 0, "nothing tells whether they are paid")
    clear(synced.run("payables", "--ledger", "ledger", "--to", "2000-01"), 1, "There are no invoices to show")


def test_the_bank_tells_what_is_paid(synced: Terminal, tmp_path: Path) -> None:
    """A payment is found by the id in its text; one that is there twice is a finding, until it is accepted."""
    first, second, *_ = list_payables(synced)
    paid, doubled = (round(Decimal(row["total"]), 2) for row in (first, second))
    entries = [f"2026-11-20,-{paid},{first['invoice_id']}"]
    config = with_bank(synced, tmp_path, *entries)
    rows = list_payables(synced, "--config", str(config), "--all")
    assert next(row["state"] for row in rows if row["invoice_id"] == first["invoice_id"]) == "paid"
    assert first["invoice_id"] not in {row["invoice_id"] for row in list_payables(synced, "--config", str(config))}
    twice = [f"2026-11-{day},-{doubled},{second['invoice_id']}" for day in (20, 21)]
    config = with_bank(synced, tmp_path, *entries, *twice)
    result = synced.run("payables", "--ledger", "ledger", "--config", str(config))
    clear(result, 1, "paid twice: ")
    (line,) = (line for line in result.out.splitlines() if line.startswith("Open in all: "))
    shown_rows = list_payables(synced, "--config", str(config), code=1)
    in_all = sum(Decimal(row["open"]) for row in shown_rows)
    unknown = sum(Decimal(row["open"]) for row in shown_rows if row["state"] == "unknown")
    assert line == f"Open in all: {in_all} USD, of it unknown: {unknown}"
    csv = synced.run("payables", "--ledger", "ledger", "--config", str(config), "--format", "csv")
    assert csv.out.startswith("provider,account,invoice_id,currency,total,paid,open,due_on,state")
    clear(synced.run("reconcile", "--ledger", "ledger", "--config", str(config)), 1, "paid twice: ")


def test_a_ledger_without_balances_says_so(synced: Terminal) -> None:
    """An account that pays by invoice has nothing to roll forward."""
    clear(synced.run("payables", "--ledger", "ledger", "--roll-forward"), 0, "There are no balances to show")
    assert list_payables(synced, "--roll-forward") == []
