"""A forecast says how it comes about, is rounded, and is no money of the ledger."""

from __future__ import annotations

from decimal import Decimal

from tests.cli.terminal import Terminal, clear


def test_open_months_and_three_ahead_are_forecast(synced: Terminal) -> None:
    result = synced.run("--ledger", "ledger", "forecast")
    clear(result, 0, "2026-11, USD")
    assert "2027-02, USD" in result.out
    assert "No interval below 19 months of track record" in result.out
    rows = synced.rows("--ledger", "ledger", "forecast")
    assert [row["month"] for row in rows] == ["2026-11", "2026-12", "2027-01", "2027-02"]
    assert rows[0]["method"] == "run rate"
    assert all(len(row["forecast"].partition(".")[2]) <= 2 for row in rows)


def test_an_invoiced_month_is_its_invoices(synced: Terminal) -> None:
    [row] = synced.rows("--ledger", "ledger", "forecast", "2026-10")
    [invoice] = synced.rows("--ledger", "ledger", "invoices", "--from", "2026-10", "--to", "2026-10")
    assert row["method"] == "issued"
    assert abs(Decimal(row["forecast"]) - Decimal(invoice["total"])) <= Decimal("0.005")


def test_a_track_record_needs_an_invoiced_estimate(synced: Terminal) -> None:
    clear(synced.run("--ledger", "ledger", "forecast", "--track-record"), 0, "There is no track record")
