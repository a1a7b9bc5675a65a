"""Lines are rounded so that they sum to the rounded total, and what is reversed is nothing."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billfold.model.money import exact_sum, find_minor_digits
from billfold.report.journal.entries import (
    CodedCharges,
    LineCoding,
    build_key,
    build_lines,
    describe_services,
    reverse_entry,
    sum_entries,
)
from tests.report.journal.kit import entry

AMOUNTS = st.lists(
    st.integers(-(10**21), 10**21).map(lambda units: Decimal(units).scaleb(-12)), min_size=1, max_size=30
)


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(AMOUNTS, st.sampled_from(["USD", "JPY", "KWD"]))
def test_rounded_lines_sum_to_the_rounded_total(amounts: list[Decimal], currency: str) -> None:
    charges = [CodedCharges(LineCoding(str(index % 7), "", ""), "s", amount) for index, amount in enumerate(amounts)]
    lines = build_lines(charges, currency)
    quantum = Decimal(1).scaleb(-find_minor_digits(currency))
    assert exact_sum(line.amount for line in lines) == exact_sum(amounts).quantize(quantum, ROUND_HALF_EVEN)
    assert all(abs(line.amount - line.exact) < quantum and line.amount for line in lines)


def test_a_reversal_takes_back_every_digit() -> None:
    booked = entry("12345678901234567.005", "-0.001", "3")
    reversal = reverse_entry(booked, date(2026, 7, 1))
    assert exact_sum([booked.total, reversal.total]) == exact_sum([booked.exact_total, reversal.exact_total]) == 0
    assert [line.amount + back.amount for line, back in zip(booked.lines, reversal.lines, strict=True)] == [0, 0]
    assert (reversal.key, reversal.number, reversal.reference, reversal.due_on) == ("BF-i1R", "i1-R", "i1", None)


def test_two_currencies_are_never_added() -> None:
    sums = sum_entries([entry("1.004"), entry("2", number="i2"), entry("5", number="i3", currency="EUR")])
    assert [(row.currency, row.entries, row.amount, row.residue) for row in sums] == [
        ("EUR", 1, Decimal(5), Decimal(0)),
        ("USD", 2, Decimal("3.00"), Decimal("0.004")),
    ]


def test_a_key_depends_on_its_parts_alone() -> None:
    assert build_key("BF-", "a", "b") == build_key("BF-", "a", "b") != build_key("BF-", "ab")
    assert len(build_key("BF-", "a")) == 15


def test_a_line_names_the_first_services() -> None:
    assert describe_services(["b", "a", "", "d", "c", "a"]) == "a, b, c and 1 more"
    assert describe_services([]) == "charges"
