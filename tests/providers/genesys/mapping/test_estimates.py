"""A billing period of Genesys Cloud that no invoice bills yet, as an estimate."""

from __future__ import annotations

import json
from decimal import Decimal
from unittest import mock

import pytest

from billfold.collect.workspace import Workspace
from billfold.ledger import restatements
from billfold.model.bill import State
from billfold.model.finding_codes import FindingCode
from billfold.model.money import exact_sum
from billfold.providers.genesys.mapping import commitments
from tests import stage
from tests.findings import list_wrong
from tests.providers.genesys.kit import OPERATIONS, SEPTEMBER, read_bills, read_sample
from tests.providers.kit import list_rows


@pytest.mark.parametrize("version", ["v236", "v269"])
def test_uninvoiced_period_is_estimate(version: str) -> None:
    """A period without an invoice is an estimate, in either spelling."""
    op = OPERATIONS["billingperiod"]
    (bill,) = read_bills((op, read_sample(f"billingperiod.{version}")))
    assert (bill.state, bill.invoice_id, bill.period, bill.currency) == (State.ESTIMATE, None, SEPTEMBER, "USD")
    charges = list_rows(bill)
    assert exact_sum(row.BilledCost or Decimal(0) for row in charges) == Decimal("14555.47")
    assert bill.line_count == len(charges) == (5 if version == "v269" else 4)
    assert {row.InvoiceDetailId for row in charges} == {None}
    seats = charges[0]
    assert (seats.PricingQuantity, seats.ConsumedQuantity, seats.ListUnitPrice) == (
        Decimal(58),
        Decimal(138),
        Decimal(245),
    )
    wallet = charges[-1]
    assert (wallet.ConsumedQuantity, wallet.PricingQuantity, wallet.SubAccountId) == (Decimal(5310), Decimal(310), None)
    assert json.loads(wallet.x_Details or "")["Organizations"] == "Test Org Name, Test Org Name - Sandbox"


def test_inconsistent_amount_parks_estimate() -> None:
    """An amount that is not quantity times rate parks the estimate."""
    detail = read_sample("billingperiod.v269")
    detail["wallets"][0]["balanceOverageCharge"] = Decimal("1544.56")
    (bill,) = read_bills((OPERATIONS["billingperiod"], detail))
    assert list_wrong(bill.findings) == (
        "e0e0e000-0000-4000-8000-000000000001 states 310.0 over at 1.0 and an amount of 1544.56",
    )


def test_unknown_status_parks_estimate() -> None:
    """An unknown period status parks the estimate."""
    (bill,) = read_bills((OPERATIONS["billingperiod"], read_sample("billingperiod.v269") | {"status": "Frozen"}))
    assert list_wrong(bill.findings) == ("the period's status 'Frozen' is not known",)


def test_contracts_without_periods_are_told(
    books: Workspace,
) -> None:
    """Contracts that come without periods are told, and leave no estimate of what is invoiced."""
    host = stage.twin(months=3)
    host.set_fault(stage.fault("genesys", "contract-without-periods", times=10**6))
    outcomes = stage.collected(host, books, "genesys")
    assert any(finding.code is FindingCode.ESTIMATE_MISSING for outcome in outcomes for finding in outcome.findings)
    host.clear_faults()
    assert [
        outcome.findings for outcome in stage.collected(host, books, "genesys") if list_wrong(outcome.findings)
    ] == []
    assert sorted(map(str, stage.list_invoices(books))) == stage.list_true_bills(host, "genesys")
    with books.open_ledger() as db:
        assert restatements.list_restatements(db) == []


def test_a_contract_is_indexed_once_for_all_charges() -> None:
    """A contract's positions are gathered once for a period, and once for its commitments, however many charges and wallets it has."""
    op, detail = OPERATIONS["billingperiod"], read_sample("billingperiod.v269")
    detail = detail | {"charges": detail["charges"] * 200, "wallets": detail["wallets"] * 50}
    with mock.patch.object(commitments, "list_positions", wraps=commitments.list_positions) as list_positions:
        (bill,) = read_bills((op, detail))
    assert (list_positions.call_count, bill.line_count) == (2, len(detail["charges"]) + len(detail["wallets"]))
