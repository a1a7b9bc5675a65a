"""CockroachDB Cloud's invoices as bills: their currencies and states, and why some are parked."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from billfold.model.bill import State
from billfold.model.period import parse_instant
from billfold.providers.cockroach import PROVIDER
from tests.findings import list_wrong
from tests.providers.cockroach.kit import (
    INVOICE,
    LINE,
    book_invoice,
    make_amount,
    make_item,
    make_line,
    read_bills,
    read_rows,
    save_invoice,
)


@pytest.mark.parametrize("virtual", ["CRDB_CLOUD_CREDITS", "COCKROACH_CREDITS"])
def test_credits_cost_no_dollars(virtual: str, tmp_path: Path) -> None:
    """What is paid in any credits costs no dollars."""
    fields: dict[str, Any] = {
        "totals": [make_amount("6.01", virtual)],
        "invoice_items": [make_item(make_line(5, virtual))],
        "adjustments": [{"name": "Premium Support", "amount": make_amount(1, virtual)}],
    }
    charges = read_rows(**fields)
    assert [row.PricingCurrencyEffectiveCost for row in charges] == [5, 1, Decimal("0.01")]
    for name in ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost"):
        assert [getattr(row, name) for row in charges] == [0, 0, 0]
    assert {(row.BillingCurrency, row.PricingCurrency) for row in charges} == {("USD", virtual)}
    assert book_invoice(tmp_path, **fields) == [("i-1", "6.01", None)]


@pytest.mark.parametrize(
    ("totals", "problem"),
    [
        ([make_amount(2), make_amount(7, "usd ")], "it states 2 totals in USD: 2 and 7"),
        ([make_amount(7), make_amount(7)], "it states 2 totals in USD: 7 and 7"),
        ([make_amount(7, "COCKROACH_CREDITS")], "its lines cost 7 USD, and it states no total in that currency"),
    ],
)
def test_currency_has_a_single_total(totals: list[Any], problem: str) -> None:
    """Several totals of a currency are named, and so are lines in a currency that has none."""
    bills = read_bills(totals=totals, invoice_items=[make_item(make_line(7))])
    assert problem in [text for bill in bills for text in list_wrong(bill.findings)]


@pytest.mark.parametrize("currency", ["EUR", "JPY"])
def test_foreign_currency_is_parked(currency: str, tmp_path: Path) -> None:
    """A bill in the money of another country is parked, and the dollars beside it are not."""
    fields = {
        "totals": [make_amount(2), make_amount(5, currency)],
        "invoice_items": [make_item(make_line(2), make_line(5, currency))],
    }
    parked = {total: reason for _, total, reason in book_invoice(tmp_path, **fields)}
    assert parked == {"2": None, "5": f"it is in {currency}, and the vendor documents USD and credits only"}


@pytest.mark.parametrize(
    ("period_end", "state"), [("2026-11-15T00:00:00Z", State.ISSUED), ("2026-11-15T00:00:01Z", State.DRAFT)]
)
@pytest.mark.parametrize("status", [None, ""])
def test_invoice_without_status_is_draft(period_end: str, state: State, status: str | None) -> None:
    """An invoice without a status is a draft until its period has ended."""
    (bill,) = read_bills(invoice_items=[make_item(LINE)], status=status, period_end=period_end)
    assert (bill.state, list_wrong(bill.findings)) == (state, ())
    assert bill.issued_on == (parse_instant(period_end) if state is State.ISSUED else None)


def test_wrong_cluster_total_parks_bill(tmp_path: Path) -> None:
    """A cluster's total that is not the sum of its lines parks the bill in that currency."""
    bad_item = make_item(
        make_line(2),
        make_line(3, "CRDB_CLOUD_CREDITS"),
        totals=[make_amount("2.01"), make_amount(3, "CRDB_CLOUD_CREDITS")],
    )
    fields = {"totals": [make_amount(2), make_amount(3, "CRDB_CLOUD_CREDITS")], "invoice_items": [bad_item]}
    parked = {total: reason for _, total, reason in book_invoice(tmp_path, **fields)}
    assert parked == {"2": "the lines of orders sum to 2 USD, its total is 2.01", "3": None}


@pytest.mark.parametrize("totals", [[], None, [{"amount": Decimal("1.995")}], [make_amount(1), make_amount(1)]])
def test_cluster_total_may_be_absent_or_rounded(totals: Any) -> None:
    """A cluster's total may be absent, or half a cent away."""
    (bill,) = read_bills(invoice_items=[make_item(make_line(2), totals=totals)])
    assert list_wrong(bill.findings) == ()


@pytest.mark.parametrize("totals", [[make_amount(2)], [make_amount(2), make_amount(5, "CRDB_CLOUD_CREDITS")]])
def test_cluster_total_without_lines_is_problem(totals: list[dict[str, Any]]) -> None:
    """A cluster's total in a currency that none of its lines has is a problem."""
    bad_item = make_item(make_line(2), totals=[make_amount(2), make_amount(5, "CRDB_CLOUD_CREDITS")])
    problems_by_currency = {
        bill.currency: list_wrong(bill.findings) for bill in read_bills(invoice_items=[bad_item], totals=totals)
    }
    assert problems_by_currency == {
        "USD": (),
        "CRDB_CLOUD_CREDITS": ("the lines of orders sum to 0 CRDB_CLOUD_CREDITS, its total is 5",),
    }


def test_charge_points_into_original_body() -> None:
    """A charge of a single invoice points into the body as it came."""
    invoice = INVOICE | {"invoice_items": [make_item(LINE)]}
    for body, path in ((invoice, "$"), ({"invoices": [invoice], "pagination": None}, "$.invoices[0]")):
        (row,) = [
            row
            for bill in PROVIDER.read_bills(save_invoice(body))
            for batch in bill.charges
            for row in batch.iter_rows()
        ]
        assert row.x_JsonPath == f"{path}.invoice_items[0].line_items[0]"
