"""Each method's amount comes about as its text says, from an estimate and from what the invoices so far had."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from billfold.ledger.accrual_basis import CommitmentTerm
from billfold.model.commitment import CommitmentKind, StatedCommitment
from billfold.model.estimate_terms import UNKNOWN_TERMS
from billfold.model.money import exact_sum
from billfold.model.period import Month
from billfold.report.accrual_rows import AccrualRow, negate_rows
from billfold.report.accrual_units import AccrualUnit, CommittedPosition, OpenEstimate
from billfold.report.accruals import find_accruals
from billfold.report.line_history import InvoiceMonth, LineKind
from tests.ledger.test_expectation import make_bill
from tests.report.test_estimate_carrying import make_line
from tests.report.test_line_history import FEE, GIFT, SHORTFALL, TAX, USAGE

MONTH = Month(2026, 6)
CASE = list[tuple[str, str]]


def make_unit(history: Sequence[dict[LineKind, str]], used: str = "", **fields: Any) -> AccrualUnit:
    """Make an account with invoices of the months before June, and an estimate of all of June (none without ``used``)."""
    first = MONTH.add_months(-len(history))
    months = [
        InvoiceMonth(
            first.add_months(index),
            {kind: Decimal(amount) for kind, amount in amounts.items()},
            recurring_kinds=frozenset({FEE}),
        )
        for index, amounts in enumerate(history)
    ]
    bill = make_bill(MONTH, state="estimate", invoice_id=None)
    estimates = [OpenEstimate(bill, MONTH.period, MONTH.end, [make_line(used)])] if used else []
    return AccrualUnit("acme", "me", "", "USD", estimates, months, (), **fields)


def accrue(unit: AccrualUnit) -> list[AccrualRow]:
    rows = find_accruals([unit], MONTH, {"acme": UNKNOWN_TERMS})
    assert [row.amount for row in rows] == [exact_sum(amount for _, amount in row.parts) for row in rows]
    return rows


def summarize(unit: AccrualUnit) -> CASE:
    return [(row.method, str(row.amount)) for row in accrue(unit)]


def test_fees_discount_and_tax_are_as_in_the_last_invoices() -> None:
    past = {USAGE: "100", FEE: "50", GIFT: "-15", TAX: "27"}
    unit = make_unit([past, past | {USAGE: "150", GIFT: "-20", TAX: "36"}], "200")
    assert summarize(unit) == [("estimate", "200.00"), ("run-rate", "50.00"), ("run-rate", "-25.00"), ("tax", "45.00")]
    texts = [row.text for row in accrue(unit)]
    assert texts[0] == "30 of 30 days, the vendor's estimate"
    assert texts[1] == "monthly fees as in 2026-05: Gold"
    assert texts[2] == "-10 % of usage and purchases, as in 2026-05: Gift"
    assert texts[3].endswith("as in 2026-05: VAT")


def test_without_any_rate_tax_is_at_the_last_one() -> None:
    unit = make_unit([{USAGE: "100", TAX: "19"}, {USAGE: "100", TAX: "7.77"}], "1000")
    assert summarize(unit) == [("estimate", "1000.00"), ("tax", "77.70")]


def test_what_is_missing_to_the_minimum_is_accrued() -> None:
    past = [{USAGE: "700", SHORTFALL: "300"}, {USAGE: "990", SHORTFALL: "10"}]
    assert summarize(make_unit(past, "400")) == [("estimate", "400.00"), ("shortfall", "600.00")]
    assert summarize(make_unit(past, "1400")) == [("estimate", "1400.00")]


def test_a_minimum_that_the_configuration_states_comes_first() -> None:
    stated = StatedCommitment(
        "me", "m", CommitmentKind.MINIMUM_SPEND, "USD", Decimal(1000), MONTH.period, is_monthly=True
    )
    unit = make_unit([{USAGE: "700", FEE: "50"}] * 2, "400")
    rows = find_accruals([unit], MONTH, {}, [stated])
    assert [(row.method, row.amount) for row in rows][-1] == ("shortfall", Decimal(550))
    assert rows[-1].text == "to the minimum of 1000.00, by [[commitments]] m of the configuration"
    for other in (
        stated._replace(account="other"),
        stated._replace(unit="EUR"),
        stated._replace(is_monthly=False),
        stated._replace(period=MONTH.add_months(1).period),
        stated._replace(kind=CommitmentKind.SEATS),
    ):
        assert len(find_accruals([unit], MONTH, {}, [other])) == 2
    (row,) = [
        row for row in find_accruals([unit], MONTH, {}, [stated._replace(service="s")]) if row.method == "shortfall"
    ]
    assert row.amount == 600


def test_without_an_estimate_usage_is_as_in_the_middle_month() -> None:
    past = [{USAGE: "3100"}, {USAGE: "9"}, {USAGE: "3131"}]
    (row,) = accrue(make_unit(past))
    assert (row.method, row.amount) == ("run-rate", Decimal(3000))
    assert row.text == "the usual usage by the day, 2026-03 to 2026-05: there is no estimate"
    assert accrue(make_unit([])) == []


def test_beside_an_invoice_only_what_is_open_is_accrued() -> None:
    past = [{USAGE: "100", FEE: "50", GIFT: "-25", TAX: "15"}] * 2
    unit = make_unit(past, "200", is_invoiced=True)
    assert summarize(unit) == [("estimate", "200.00"), ("tax", "20.00")]
    assert summarize(make_unit(past, is_invoiced=True)) == []


def test_positions_are_quantity_times_price() -> None:
    term = CommitmentTerm(
        "acme", "me", "c", "c/1", "Seats: all", "USD", Decimal(160), "Users", None, MONTH.start, MONTH.end
    )
    positions = [CommittedPosition(term, Fraction(195)), CommittedPosition(term, None)]
    (row,) = accrue(make_unit([], is_invoiced=True)._replace(positions=positions))
    assert (row.method, row.amount, row.text) == ("contract", Decimal(31200), "160 Users x 195.00: Seats")


def test_a_reversal_takes_back_what_was_accrued() -> None:
    rows = accrue(make_unit([], "200"))
    (reversal,) = negate_rows(rows)
    assert (reversal.amount, str(reversal.last_day), str(reversal.reversal_on)) == (
        Decimal(-200),
        "2026-06-30",
        "2026-07-01",
    )
    assert reversal.parts == tuple((kind, -amount) for kind, amount in rows[0].parts)
