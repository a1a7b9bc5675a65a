"""`billfold accruals` says each amount with its method and why, the reversals, and the bridge."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.cli.terminal import Terminal


def sum_amounts(rows: list[dict[str, str]], name: str) -> Decimal:
    return sum((Decimal(row[name]) for row in rows), Decimal(0))


def test_a_running_month_is_accrued_with_its_methods(synced: Terminal) -> None:
    rows = synced.rows("accruals", "2026-11", "--ledger", "ledger")
    assert [row["method"] for row in rows] == ["draft", "carried-forward"]
    assert {"provider", "account", "currency", "method", "amount"} <= set(rows[0])
    assert {(row["currency"], row["booked_on"], row["reversal_on"]) for row in rows} == {
        ("USD", "2026-11-30", "2026-12-01")
    }
    table = synced.run("accruals", "2026-11", "--ledger", "ledger")
    assert table.code == 0
    assert "What 2026-11 owes that is not invoiced yet" in table.out
    assert "14 of 30 days, the vendor's draft" in table.out
    assert "16 more days at the rate of those before" in table.out
    reversals = synced.rows("accruals", "2026-11", "--reverse", "--ledger", "ledger")
    assert sum_amounts(reversals, "amount") == -sum_amounts(rows, "amount")
    assert {row["booked_on"] for row in reversals} == {"2026-12-01"}


def test_a_month_invoiced_or_not_begun_owes_nothing(synced: Terminal) -> None:
    result = synced.run("accruals", "2026-10", "--ledger", "ledger")
    assert (result.code, result.out) == (0, "There is nothing to accrue for 2026-10: all that is due is invoiced.\n")
    result = synced.run("accruals", "2027-10", "--ledger", "ledger")
    assert (result.code, result.out) == (1, "")
    assert "What 2027-10 owes is not known: nothing was collected since it began." in result.err
    assert synced.rows("accruals", "2026-10", "--ledger", "ledger") == []


def test_the_bridge_of_a_month_sums_to_its_invoices(synced: Terminal) -> None:
    rows = synced.rows("accruals", "2026-10", "--bridge", "--ledger", "ledger")
    (invoice,) = synced.rows("invoices", "--from", "2026-10", "--to", "2026-10", "--ledger", "ledger")
    assert sum_amounts(rows, "difference") == Decimal(invoice["total"])
    assert {row["kind"] for row in rows} == {"usage", "contract", "credit"}
    table = synced.run("accruals", "2026-10", "--bridge", "--ledger", "ledger")
    assert "Nothing was collected before 2026-10 ended: there was no accrual yet." in table.err
    result = synced.run("accruals", "2026-11", "--bridge", "--ledger", "ledger")
    assert "There is no bridge for 2026-11: nothing of it is invoiced yet." in result.err
    assert result.code == 1


@pytest.mark.parametrize(
    "question",
    [
        ("accruals", "2026-11"),
        ("accruals", "2026-11", "--bridge"),
        ("export", "journal", "--for", "beancount", "-o", "accrued.beancount", "--accruals", "2026-11"),
        ("payables",),
        ("payables", "--roll-forward"),
        ("commitments",),
        ("close", "2026-10"),
        ("allocate", "2026-10"),
        ("why", "2026-10"),
        ("forecast",),
    ],
)
def test_of_before_the_first_collection_nothing_is_green(synced: Terminal, question: tuple[str, ...]) -> None:
    """A script that asks too early is not told zero: exit code 1, and stderr says why."""
    machine_format = () if question[0] == "export" else ("--format", "csv")
    result = synced.run(*question, "--ledger", "ledger", "--as-of", "2001-01-01", *machine_format)
    assert result.code == 1
    assert "nothing was known yet at that time" in result.err
