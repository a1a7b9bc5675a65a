"""Budgets are held against the month, and what is over or odd ends with exit code 1."""

from __future__ import annotations

import re
from decimal import Decimal

from tests.cli.terminal import Terminal, clear


def write_budget(terminal: Terminal, amount: str, scope: str = "") -> tuple[str, ...]:
    """Write a configuration with one budget; returns the options that name it."""
    budget = f'[[budgets]]\nname = "all"\ncurrency = "USD"\namount = "{amount}"\n{scope}\n'
    (terminal.home / "budget.toml").write_text(f"{terminal.config.read_text()}\n{budget}")
    return "--ledger", "ledger", "--config", "budget.toml", "budget"


def test_a_budget_is_held_against_what_is_billed_and_expected(synced: Terminal) -> None:
    [row] = synced.rows(*write_budget(synced, "1000000"))
    assert (row["month"], row["state"]) == ("2026-11", "ok")
    assert Decimal(row["expected"]) > Decimal(row["open"]) > 0
    at_risk = str(Decimal(row["open"]) + 1)
    clear(synced.run(*write_budget(synced, at_risk)), 1, "budget-at-risk: all: 2026-11 is expected to come to")
    clear(synced.run(*write_budget(synced, "1")), 1, "budget-exceeded: all: 2026-11 has come to")


def test_a_past_month_is_its_invoices(synced: Terminal) -> None:
    [row] = synced.rows(*write_budget(synced, "1000000", 'vendor = "cockroach"'), "2026-10")
    [invoice] = synced.rows("--ledger", "ledger", "invoices", "--from", "2026-10", "--to", "2026-10")
    assert Decimal(row["issued"]) == Decimal(invoice["total"])
    assert abs(Decimal(row["expected"]) - Decimal(row["issued"])) <= Decimal("0.005")


def test_odd_services_are_listed_by_both_thresholds(synced: Terminal) -> None:
    options = ("--ledger", "ledger", "budget", "--anomalies")
    clear(synced.run(*options, "--min-amount", "1000000"), 0, "Nothing in 2026-10 is 1000000 and 30 % off")
    result = synced.run(*options, "--min-amount", "0.01", "--min-percent", "0.01")
    clear(result, 1, "Odd in 2026-10")
    clear(synced.run(*options, "--min-amount", "-1"), 2, "is no amount")


def test_no_budget_and_no_rules_are_told(synced: Terminal) -> None:
    clear(synced.run("--ledger", "ledger", "budget"), 2, "there are no [[budgets]]")
    clear(synced.run(*write_budget(synced, "1", 'team = "web"')), 2, "rules of [allocation]")


def test_a_budget_and_an_odd_service_are_accepted(terminal: Terminal) -> None:
    """Over a budget is accepted for the month, whatever it comes to later; it is an entry of the archive like any other."""
    assert terminal.run("sync", "--ledger", "ledger").code == 0
    budget = write_budget(terminal, "1")
    options = budget[:-1]
    odd = ("budget", "--anomalies", "--min-amount", "0.01", "--min-percent", "0.01")
    errors = terminal.run(*budget).err, terminal.run(*options, *odd).err
    ids = [id_ for text in errors for id_ in re.findall(r"\[([0-9a-f]{10})\]", text)]
    clear(terminal.run(*options, "acknowledge", *ids, "--by", "Bo"), 0, "acknowledged: 2026-11: all")
    for arguments in (budget, (*options, *odd)):
        result = terminal.run(*arguments)
        assert (result.code, "accepted: " in result.err) == (0, True)
    clear(terminal.run(*options, "verify"), 0, "all is as it was written")
    terminal.run(*options, "rebuild")
    assert terminal.run(*budget).code == 0
    clear(terminal.run(*options, "acknowledge", ids[0], "--withdraw"), 0, "acknowledged no longer")
    assert terminal.run(*budget).code == 1
