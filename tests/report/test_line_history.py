"""What invoices had beside usage comes again in its rhythm, at its rate, to its minimum."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from billfold.ledger.accrual_basis import BilledLine
from billfold.model.period import Month
from billfold.report.line_history import (
    InvoiceMonth,
    LineKind,
    build_invoice_month,
    derive_minimum,
    describe_rhythm,
    find_fixed_amount,
    find_proportion,
    is_expected,
)

JANUARY = Month(2026, 1)
TAX = LineKind("Tax", "Taxes", "VAT")
GIFT = LineKind("Credit", "Discount", "Gift")
USAGE, OTHER_USAGE = LineKind("Usage", "S", ""), LineKind("Usage", "T", "")
FEE = LineKind("Purchase", "Support", "Gold")
SHORTFALL = LineKind("Purchase", "S", "Commit Shortfall")
CENT = Fraction(1, 100)


def make_history(*months: dict[LineKind, str]) -> list[InvoiceMonth]:
    """Make invoices of the months from January on."""
    return [
        InvoiceMonth(JANUARY.add_months(index), {kind: Decimal(amount) for kind, amount in amounts.items()})
        for index, amounts in enumerate(months)
    ]


def came(kind: LineKind, pattern: str) -> list[InvoiceMonth]:
    return make_history(*({kind: "1"} if letter == "x" else {USAGE: "1"} for letter in pattern))


@pytest.mark.parametrize(
    ("pattern", "tax", "gift"),
    [
        ("xxx", True, True),
        ("x.x.x.", True, True),
        ("x.x.x", False, False),
        ("x..x..x..", True, True),
        ("x..x..x.", False, False),
        (".....x", True, False),
        ("....xx", True, True),
        ("x.....", False, False),
        ("......", False, False),
        ("", False, False),
    ],
)
def test_what_has_a_rhythm_comes_in_it(pattern: str, tax: bool, gift: bool) -> None:
    month = JANUARY.add_months(len(pattern))
    assert is_expected(TAX, came(TAX, pattern), month) is tax
    assert is_expected(GIFT, came(GIFT, pattern), month) is gift


def test_a_rhythm_is_named() -> None:
    assert describe_rhythm(GIFT, came(GIFT, "x..x..x..")) == "every 3 months, last in 2026-07"
    assert describe_rhythm(GIFT, came(GIFT, "xxx")) == "as in 2026-03"


BASES = {"usage": lambda kind: kind.category == "Usage", "all": lambda kind: True}


def test_a_rate_is_that_of_the_base_on_which_it_always_was() -> None:
    history = make_history(
        {USAGE: "100", FEE: "50", TAX: "7.50"},
        {USAGE: "200", FEE: "50", TAX: "12.50"},
        {USAGE: "33.33", FEE: "50", TAX: "4.17"},
    )
    proportion = find_proportion(TAX, history, BASES, CENT)
    assert proportion is not None
    assert (proportion.rate, proportion.base_name) == (Fraction(5, 100), "all")


def test_one_amount_alone_must_have_an_agreed_rate() -> None:
    (month,) = make_history({USAGE: "100000", FEE: "50", TAX: "7123.45"})
    assert find_proportion(TAX, [month], BASES, CENT) is None
    (month,) = make_history({USAGE: "100000", FEE: "50", TAX: "7500"})
    assert find_proportion(TAX, [month], BASES, CENT) is not None
    assert find_proportion(TAX, make_history({TAX: "1"}), BASES, CENT) is None


def test_an_amount_that_stays_is_no_rate() -> None:
    assert find_fixed_amount(GIFT, make_history({GIFT: "-25"}, {}, {GIFT: "-25"})) == -25
    assert find_fixed_amount(GIFT, make_history({GIFT: "-25"}, {GIFT: "-24"})) is None
    assert find_fixed_amount(GIFT, []) is None


def test_a_minimum_is_what_was_missing_and_what_was_used() -> None:
    history = make_history(
        {USAGE: "700", OTHER_USAGE: "5", SHORTFALL: "300"},
        {USAGE: "1500"},
        {USAGE: "900", OTHER_USAGE: "50", SHORTFALL: "100"},
    )
    minimum = derive_minimum(SHORTFALL, history, CENT)
    assert minimum is not None
    assert minimum.amount == 1000
    assert [kind for kind in (USAGE, OTHER_USAGE, FEE) if minimum.is_covered(kind)] == [USAGE]
    history = make_history(
        {USAGE: "700", OTHER_USAGE: "5", SHORTFALL: "295"}, {USAGE: "900", OTHER_USAGE: "50", SHORTFALL: "50"}
    )
    minimum = derive_minimum(SHORTFALL, history, CENT)
    assert minimum is not None
    assert minimum.is_covered(OTHER_USAGE)
    assert derive_minimum(SHORTFALL, make_history({USAGE: "1"}), CENT) is None


def test_lines_of_one_kind_are_added() -> None:
    lines = [
        BilledLine(1, FEE.category, "Recurring", FEE.service, FEE.description, is_contract=False, cost=Decimal(2))
    ] * 2
    month = build_invoice_month(JANUARY, lines)
    assert month.amounts == {FEE: 4}
    assert month.recurring_kinds == {FEE}
    assert month.contract_kinds == frozenset()
    assert [kind.is_shortfall for kind in (SHORTFALL, FEE)] == [True, False]
