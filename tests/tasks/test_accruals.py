"""Accruals of invented worlds come near the invoices, and the bridge between them sums to the last digit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import mean

import pytest

from billfold.collect.workspace import Workspace
from billfold.ledger import booking, identities, store
from billfold.ledger.accrual_basis import find_seq_before
from billfold.ledger.query import LedgerFilter
from billfold.model.bill import Bill, Charges, State
from billfold.model.focus import ContractCommitment
from billfold.model.period import Month
from billfold.tasks.accruals import compare_accruals, list_accruals
from tests import stage
from tests.laws.worlds import choose_worlds
from tests.ledger.kit import COMMON, MAY, Ledger, Line, bill, open_ledger
from tests.tasks.accrual_worlds import AccountKey, measure_days, sum_invoices


@pytest.mark.parametrize(("seed", "month"), [(seed, Month(2026, 2 + seed % 10)) for seed in choose_worlds(7, 20)])
def test_accruals_of_day_30_are_near_the_invoices(books: Workspace, seed: int, month: Month) -> None:
    """Below 1 % on the mean, with and without an estimate; and the bridge from each accrual sums to its invoices less it, by the twin's own truth."""
    host = stage.twin(month.start, seed=seed)
    misses = measure_days(host, books, month, [30])
    assert mean(miss.accrual_error for miss in misses) < 0.01
    assert max(miss.accrual_error for miss in misses) < 0.03
    assert [miss.account for miss in misses if not miss.estimated] == ["fastly-parent-pay"]
    host.clock.set(month.end + timedelta(days=2))
    stage.collected(host, books)
    with books.open_ledger() as db:
        assert list_accruals(db, LedgerFilter(), month) == []
        then = LedgerFilter(seq=find_seq_before(db, month.end))
        bridge = compare_accruals(db, then, LedgerFilter(), month)
    differences = defaultdict[AccountKey, Decimal](Decimal)
    for row in bridge:
        differences[row.provider, row.account, row.currency] += row.difference
    accrued = {miss.account: miss.accrued for miss in misses}
    assert differences == {key: total - accrued[key[1]] for key, total in sum_invoices(host, month).items()}


def collect(books: Ledger, month: Month, days: int, bills: Sequence[Bill]) -> None:
    """Book bills as runs of some days after the beginning of a month brought them, and note the runs; one without bills, too."""
    for new_bill in bills:
        assert books.book(new_bill)
        note_run(books, month.start + timedelta(days=days, hours=9))
    books.seq += 10
    note_run(books, month.start + timedelta(days=days, hours=9))


def note_run(books: Ledger, asked_at: datetime) -> None:
    with store.open_transaction(books.db):
        identity = identities.resolve_account(books.db, "vendor", "me", "me", books.seq, books.seq, [])
        listing = '{"ids": [], "proven": true, "since": null, "months": {}}'
        booking.close_run(
            books.db,
            identity,
            asked_at.isoformat(),
            "complete",
            asked_at=asked_at,
            booking_findings=[],
            check_findings=[],
            listing=listing,
            chain_hash="",
        )
    store.reload_ledger(books.db)


def invoice(month: Month, cost: str, order: str = "") -> Bill:
    return bill(cost, invoice_id=f"{order}{month}", period=month.period, purchase_order=order or None)


def list_rows(books: Ledger, month: Month) -> list[tuple[str, str, Decimal]]:
    return [(row.contract, row.method, row.amount) for row in list_accruals(books.db, LedgerFilter(), month)]


def test_of_two_contracts_the_one_without_invoice_is_accrued(tmp_path: Path) -> None:
    june = MAY.add_months(1)
    past = [
        invoice(MAY.add_months(-back), cost, order) for back in range(2) for cost, order in (("31", "A"), ("62", "B"))
    ]
    with open_ledger(tmp_path) as books:
        collect(books, june, 3, past)
        assert list_rows(books, june) == [("A", "run-rate", Decimal("30.50")), ("B", "run-rate", Decimal("61.00"))]
        collect(books, june, 33, [invoice(june, "33", "A")])
        assert list_rows(books, june) == [("B", "run-rate", Decimal("61.00"))]
        collect(books, june, 34, [invoice(june, "60", "B")])
        assert list_rows(books, june) == []


def test_nothing_is_accrued_of_what_has_not_begun_or_ended(tmp_path: Path) -> None:
    with open_ledger(tmp_path) as books:
        collect(books, MAY, 33, [invoice(MAY.add_months(-1), "31"), invoice(MAY, "31")])
        assert list_rows(books, MAY) == []
        assert list_rows(books, MAY.add_months(1)) == [("", "run-rate", Decimal("30.50"))]
        assert list_rows(books, MAY.add_months(2)) == []
        collect(books, MAY, 200, [])
        assert list_rows(books, MAY.add_months(4)) == []


def test_an_estimate_of_days_that_went_by_is_carried_on(tmp_path: Path) -> None:
    june = MAY.add_months(1)
    estimate = bill("10", state=State.ESTIMATE, period=june.period)
    with open_ledger(tmp_path) as books:
        collect(books, june, 10, [estimate])
        assert list_rows(books, june) == [("", "estimate", Decimal("10.00")), ("", "carried-forward", Decimal("20.00"))]
        collect(books, june, 15, [])
        assert list_rows(books, june)[1:] == [("", "carried-forward", Decimal("10.00"))]
        collect(books, june, 31, [])
        assert list_rows(books, june) == [("", "estimate", Decimal("10.00"))]
        collect(books, june, 31, [invoice(june, "12")])
        assert list_rows(books, june) == []


def test_an_estimate_in_another_currency_is_not_used(tmp_path: Path) -> None:
    june = MAY.add_months(1)
    past = [invoice(MAY.add_months(-1), "31"), invoice(MAY, "31")]
    with open_ledger(tmp_path) as books:
        charges = [Charges.of([Line(Decimal(10))], COMMON._replace(BillingCurrency="EUR"))]
        estimate = bill("10", state=State.ESTIMATE, period=june.period, currency="EUR", charges=charges)
        collect(books, june, 10, [*past, estimate])
        (row,) = list_accruals(books.db, LedgerFilter(), june)
    assert (row.currency, row.method, row.amount) == ("USD", "run-rate", Decimal("30.50"))
    assert "EUR" in row.text


SEATS = COMMON._replace(
    ChargeCategory="Purchase",
    ContractApplied='{"Elements": [{"ContractCommitmentId": "c/1"}]}',
    PricingQuantity=Decimal(160),
    x_UnitPrice=Decimal(195),
)
"""A line that sells seats of a contract, to be filled in."""


def commit_seats(unit_price: Decimal | None) -> ContractCommitment:
    return ContractCommitment(
        ContractId="c",
        ContractCommitmentId="c/1",
        BillingCurrency="USD",
        ContractCommitmentQuantity=Decimal(160),
        ContractCommitmentUnit="Users",
        ContractCommitmentPeriodStart=MAY.start,
        ContractCommitmentPeriodEnd=MAY.add_months(1).end,
        x_UnitPrice=unit_price,
    )


def test_what_was_bought_for_a_year_is_not_accrued_again(tmp_path: Path) -> None:
    june = MAY.add_months(1)
    year = SEATS._replace(ChargePeriodStart=MAY.start, ChargePeriodEnd=MAY.add_months(12).start)
    past = invoice(MAY, "99")._replace(charges=[Charges.of([Line(Decimal(99))], year)])
    commitments = (commit_seats(Decimal(195)),)
    estimate = bill("10", state=State.ESTIMATE, period=june.period, scope="c", commitments=commitments)
    with open_ledger(tmp_path) as books:
        collect(books, june, 31, [past, estimate])
        assert list_rows(books, june) == [("", "estimate", Decimal("10.00"))]


@pytest.mark.parametrize(("stated_price", "amount"), [("195", "28080.00"), ("200", "28800.00"), (None, "28080.00")])
def test_a_contract_costs_its_price_less_what_invoices_take_off(
    tmp_path: Path, stated_price: str | None, amount: str
) -> None:
    """The last invoice took 10 % off the rate of 195."""
    june = MAY.add_months(1)
    commitment = commit_seats(Decimal(stated_price) if stated_price else None)
    row = SEATS._replace(PricingQuantity=Decimal(10))
    charges = [Charges.of([Line(Decimal(1755))], row)]
    estimate = bill("10", state=State.ESTIMATE, period=june.period, scope="c", commitments=(commitment,))
    with open_ledger(tmp_path) as books:
        collect(books, june, 31, [invoice(MAY, "1755")._replace(charges=charges), estimate])
        assert list_rows(books, june) == [("", "estimate", Decimal("10.00")), ("", "contract", Decimal(amount))]
        purchase = row._replace(ChargePeriodStart=june.start, ChargePeriodEnd=june.end)
        advance = invoice(june, "1755")._replace(
            charges=[Charges.of([Line(Decimal(1755))], purchase)], replaces_estimates=()
        )
        collect(books, june, 31, [advance])
        assert list_rows(books, june) == [("", "estimate", Decimal("10.00"))]
