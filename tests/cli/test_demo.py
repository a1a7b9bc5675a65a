"""The demo's bill fits one screen of 80 columns, however many services there are."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billfold.cli.demo import SCREEN_WIDTH, print_bill
from billfold.ledger.query import ChargeSum
from billfold.model.period import Month
from billfold.report import summary

VENDORS = ("cockroach", "fastly", "genesys", "vultr")
SCREEN_HEIGHT = 40
OTHER_LINES = 12
"""What is told of the twin, six accounts, the proof, and where to look next."""


def test_the_bill_fits_one_screen(capsys: pytest.CaptureFixture[str]) -> None:
    """Four vendors of many services, a year, two currencies and three states: 80 columns, with room for the rest."""
    sums = [
        ChargeSum(vendor, "a", service, Month(2026, month).start, state, currency, Decimal(f"{number}234.5678"), 1)
        for vendor in VENDORS
        for number in range(20)
        for service in [f"A service whose name is far too long: {number}"]
        for state, months in (("issued", range(1, 11)), ("draft", [11]), ("estimate", [11]))
        for month in months
        for currency in ("USD", "CRDB_CLOUD_CREDITS")
        if currency == "USD" or vendor == "cockroach"
        if (vendor == "cockroach") is (state == "draft") or state == "issued"
    ]
    print_bill(summary.tables(sums))
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= SCREEN_WIDTH
    assert len(lines) <= SCREEN_HEIGHT - OTHER_LINES
    subtotals = [line.split()[0] for line in lines if "subtotal" in line]
    assert subtotals == [*VENDORS, "cockroach"]
    assert sum(line.startswith("total") for line in lines) == 1
    assert [line.split()[:2] for line in lines[-5:]] == [
        ["draft", "cockroach"],
        ["draft", "cockroach"],
        *(["estimate", vendor] for vendor in VENDORS[1:]),
    ]
