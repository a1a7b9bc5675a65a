"""The bridge says of what kind each difference is, and leaves out what is not invoiced."""

from __future__ import annotations

from decimal import Decimal

from billfold.ledger.accrual_basis import BilledKind
from billfold.model.period import Month
from billfold.report.accrual_bridge import build_bridge
from billfold.report.accrual_rows import AccrualRow
from billfold.report.line_history import LineKind
from tests.report.test_line_history import FEE, GIFT, SHORTFALL, TAX, USAGE

MONTH = Month(2026, 6)


def accrue(account: str, kind: LineKind, amount: str) -> AccrualRow:
    parts = ((kind, Decimal(amount)),)
    return AccrualRow("acme", account, "", "USD", "estimate", Decimal(amount), "", MONTH, MONTH.end.date(), parts)


def billed(kind: LineKind, amount: str, *, is_correction: bool = False) -> BilledKind:
    return BilledKind("acme", "me", "USD", *kind, is_correction, Decimal(amount))


def test_each_difference_has_its_kind() -> None:
    accruals = [
        accrue("me", USAGE, "10"),
        accrue("me", FEE, "5"),
        accrue("me", TAX, "1.5"),
        accrue("other", USAGE, "7"),
    ]
    invoices = [
        billed(USAGE, "12.5"),
        billed(USAGE, "-2", is_correction=True),
        billed(FEE, "5"),
        billed(SHORTFALL, "3"),
        billed(GIFT, "-1"),
        billed(LineKind("Unheard", "", ""), "0.25"),
    ]
    rows = [(row.kind, row.accrued, row.invoiced, row.difference) for row in build_bridge(accruals, invoices)]
    assert [tuple(map(str, row)) for row in rows] == [
        ("usage", "10", "12.5", "2.5"),
        ("contract", "5", "5", "0"),
        ("shortfall", "0", "3", "3"),
        ("tax", "1.5", "0", "-1.5"),
        ("credit", "0", "-3", "-3"),
        ("other", "0", "0.25", "0.25"),
    ]
