"""Lines of estimates and invoices are gathered by what accruals tell apart."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from billfold.ledger import accrual_basis
from billfold.ledger.query import LedgerFilter
from billfold.model.bill import Bill, Charges, State
from billfold.model.focus import CostAndUsage
from billfold.model.money import exact_sum
from tests.ledger.kit import COMMON, MAY, bill, open_ledger


def charge(cost: str, **fields: Any) -> CostAndUsage:
    return COMMON._replace(BilledCost=Decimal(cost), PricingQuantity=Decimal(1), SkuId="k", PricingUnit="GB", **fields)


def make_bill(*rows: CostAndUsage, **fields: Any) -> Bill:
    total = exact_sum(row.BilledCost for row in rows if row.BilledCost is not None)
    return bill(total=str(total), charges=[Charges.of(rows)], **fields)


def test_lines_of_an_estimate_are_told_apart_by_price(tmp_path: Path) -> None:
    prepaid = '{"PrepaidQuantity": "56", "FairUseQuantity": "4.5"}'
    wallet = '{"StartingBalance": "10", "BalanceIncrease": "5", "BalanceDecrease": "1"}'
    rows = [
        charge("1", ListUnitPrice=Decimal(1), x_JsonPath="$.lines[10]"),
        charge("1", ListUnitPrice=Decimal(1), x_JsonPath="$.lines[9]"),
        charge("2", ListUnitPrice=Decimal(2), x_JsonPath="$.lines[11]", ResourceId="r"),
        charge("3", x_Details=prepaid, ConsumedQuantity=Decimal(60), x_JsonPath="$.charges[0]"),
        charge("4", x_Details=wallet, x_JsonPath="$.wallets[0]"),
    ]
    with open_ledger(tmp_path) as books:
        books.book(make_bill(*rows, state=State.ESTIMATE))
        lines = accrual_basis.list_estimate_lines(books.db, [1])
        origins = accrual_basis.read_estimate_origins(books.db, [1])
    assert origins == {}  # its run is not noted
    assert {(line.cost, line.included, line.position, line.charges, line.has_resource) for line in lines} == {
        (Decimal(2), None, 9, 2, False),
        (Decimal(2), None, 11, 1, True),
        (Decimal(3), Decimal("60.5"), 0, 1, False),
        (Decimal(4), Decimal(14), 0, 1, False),
    }
    assert {(line.start, line.end) for line in lines} == {MAY.period}


def test_lines_of_invoices_are_told_apart_by_kind(tmp_path: Path) -> None:
    applied = '{"Elements": [{"ContractId": "c", "ContractCommitmentId": "c/p/10"}]}'
    seats = charge("195", ChargeCategory="Purchase", ChargeDescription="Seats", ContractApplied=applied)
    rounding = charge("0.01", ChargeCategory="Adjustment", ChargeDescription="Rounding", x_Synthetic=True)
    rows = [charge("1", ChargeDescription="a"), charge("2", ChargeDescription="b"), seats, rounding]
    rows.append(charge("-5", ChargeClass="Correction"))
    with open_ledger(tmp_path) as books:
        books.book(make_bill(*rows))
        lines = accrual_basis.list_invoice_lines(books.db, [1])
        (purchase,) = accrual_basis.list_committed_purchases(books.db, [1])
        billed = accrual_basis.sum_billed_kinds(books.db, LedgerFilter(first_month=MAY, last_month=MAY))
    assert [(line.category, line.description, line.is_contract, line.cost) for line in lines] == [
        ("Purchase", "Seats", True, Decimal(195)),
        ("Usage", "", False, Decimal(3)),
    ]
    assert (purchase.commitment_id, purchase.quantity, purchase.cost) == ("c/p/10", Decimal(1), Decimal(195))
    assert sum(kind.cost for kind in billed) == Decimal("193.01")
    assert [kind.cost for kind in billed if kind.is_correction] == [-5]


def test_only_several_prices_without_a_resource_are_steps(tmp_path: Path) -> None:
    rows = [
        charge("3", ListUnitPrice=Decimal(3), x_JsonPath="$.lines[0]"),
        charge("2", ListUnitPrice=Decimal(9), x_UnitPrice=Decimal(2), x_JsonPath="$.lines[1]"),
        charge("7", ListUnitPrice=Decimal(7), x_JsonPath="$.lines[2]", RegionName="r"),
        charge("4", ListUnitPrice=Decimal(4), x_JsonPath="$.lines[3]", ResourceId="a"),
        charge("5", ListUnitPrice=Decimal(5), x_JsonPath="$.lines[4]", ResourceId="a"),
    ]
    with open_ledger(tmp_path) as books:
        books.book(make_bill(*rows))
        steps = accrual_basis.list_price_steps(books.db, [1])
    assert [(step.price, step.quantity, step.position) for step in steps] == [
        (Decimal(3), Decimal(1), 0),
        (Decimal(2), Decimal(1), 1),
    ]


def test_before_the_first_collection_nothing_was_known(tmp_path: Path) -> None:
    with open_ledger(tmp_path) as books:
        assert accrual_basis.find_seq_before(books.db, MAY.end) == 0
        assert accrual_basis.read_asked_times(books.db) == {}
        assert accrual_basis.list_commitment_terms(books.db) == []
