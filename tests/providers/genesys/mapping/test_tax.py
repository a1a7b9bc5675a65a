"""What an invoice's amount has beyond its lines: whether it can be tax, and what speaks for it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest

from billfold.model.bill import DerivedTax
from billfold.providers.genesys.mapping import lines
from billfold.providers.genesys.mapping.tax import ALL_LINES, TaxClaim, TaxEvidence, claim_tax


def make_usage_line(cost: Decimal) -> lines.GenesysLine:
    """Make a line of usage at this cost."""
    columns = dict.fromkeys(lines.GenesysLine._fields)
    return lines.GenesysLine(**{**columns, "BilledCost": cost, "ChargeCategory": "Usage"})  # type: ignore[arg-type]


def make_claim(
    missing: str, costs: Sequence[str], overage: str | None = None, invoice_id: str = "A"
) -> TaxClaim | None:
    """Make the claim of an invoice of one customer with lines of usage."""
    usage_lines = [make_usage_line(Decimal(cost)) for cost in costs]
    return claim_tax(invoice_id, "C", Decimal(missing), usage_lines, None if overage is None else Decimal(overage))


def find_rate(claim: TaxClaim | None, *others: TaxClaim | None, booked: Sequence[DerivedTax] = ()) -> Decimal | None:
    """Return the rate at which a claim is tax, beside the claims of other invoices and what is booked."""
    evidence = TaxEvidence(lambda: booked, lambda: [other for other in (claim, *others) if other])
    tax_rate = evidence.find_rate(claim) if claim else None
    return tax_rate.rate if tax_rate else None


@pytest.mark.parametrize(
    ("missing", "costs", "overage", "rate"),
    [
        ("750.00", ["10000.00"], None, "0.075"),
        ("1900.00", ["10000.00"], None, "0.19"),
        ("7.50", ["100.00"], None, "0.075"),
        ("-750.00", ["-10000.00"], None, "0.075"),
        ("725.00", ["10000.00"], None, None),
        ("331.00", ["10000.00"], None, None),
        ("712.34", ["10000.00"], None, None),
        ("7.31", ["100.00"], None, None),
        ("-750.00", ["10000.00"], None, None),
        ("3100.00", ["10000.00"], None, None),
        ("50.00", ["10000.00"], None, None),
        ("750.00", ["10000.00"], "10000.01", None),
        ("750.00", ["10000.00"], "9000.00", "0.075"),
    ],
)
def test_lone_invoices_tax_is_whole_or_half_percent(
    missing: str, costs: list[str], overage: str | None, rate: str | None
) -> None:
    """Of an invoice alone, tax is a whole or half percent between 1 and 30 of all its lines."""
    assert find_rate(make_claim(missing, costs, overage)) == (None if rate is None else Decimal(rate))


@pytest.mark.parametrize(
    ("other_missing", "other_costs", "rate"),
    [
        ("177.50", ["2000.00"], "0.08875"),
        ("887.50", ["10000.00"], None),
        ("178.50", ["2000.00"], None),
    ],
)
def test_odd_rate_recurs_on_another_amount(other_missing: str, other_costs: list[str], rate: str | None) -> None:
    """8.875 % is tax where another invoice has it too; the same amount twice may be the same line lost twice."""
    claim, other = make_claim("887.50", ["10000.00"]), make_claim(other_missing, other_costs, invoice_id="B")
    assert find_rate(claim, other) == (None if rate is None else Decimal(rate))
    assert find_rate(other, claim) == find_rate(claim, other)


@pytest.mark.parametrize(("customer", "rate"), [("C", Decimal("0.08875")), ("D", None)])
def test_booked_invoice_of_the_customer_speaks_for_rate(customer: str, rate: Decimal | None) -> None:
    """A rate that an earlier invoice of the same customer was booked with is believed again."""
    booked = [DerivedTax("B", customer, Decimal("177.50"), ALL_LINES, Decimal("0.08875"))]
    assert find_rate(make_claim("887.50", ["10000.00"]), booked=booked) == rate


@pytest.mark.parametrize(
    ("invoice_id", "amount", "booked_rate", "rate"),
    [
        ("B", "177.50", "0.08875", None),
        ("B", "750.00", "0.075", "0.075"),
        ("A", "725.00", "0.0725", "0.075"),
    ],
)
def test_other_rates_of_the_customer_contradict(
    invoice_id: str, amount: str, booked_rate: str, rate: str | None
) -> None:
    """A half percent is none where the customer's other invoices have another rate; its own older version is no other."""
    booked = [DerivedTax(invoice_id, "C", Decimal(amount), ALL_LINES, Decimal(booked_rate))]
    found_rate = find_rate(make_claim("750.00", ["10000.00"]), booked=booked)
    assert found_rate == (None if rate is None else Decimal(rate))
