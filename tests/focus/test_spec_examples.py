"""The specification's own SaaS examples, told in our vendors' words: what comes out as the example has it, and what does not.

The examples are those of FOCUS_Spec (CC BY 4.0, (c) FinOps Foundation / Joint Development Foundation). ``docs/focus.md`` has
the reason for each difference.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple

import pytest

from billfold.model.focus import CostAndUsage
from billfold.model.period import parse_instant
from billfold.providers import cockroach, fastly, genesys
from billfold.providers.cockroach.api import GetInvoice
from billfold.providers.fastly.api import GetInvoiceByInvoiceId
from billfold.providers.genesys.api import (
    GetBillingContracts,
    GetBillingContractsInvoiceLines,
    GetBillingContractsInvoices,
)
from billfold.providers.provider import ArchivedAnswer
from billfold.wire import codec
from billfold.wire.message import Response
from billfold.wire.operation import Operation
from tests.findings import list_wrong

Words = dict[str, Any]
MONEY = ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost", "ListUnitPrice", "ContractedUnitPrice")
AT = parse_instant("2026-11-15T00:00:00Z")


class Saved:
    """A reading of some answers."""

    account = "example"

    def __init__(self, *answers: tuple[Operation[Any], Words]) -> None:
        kind = {"content-type": "application/json"}
        numbered = enumerate(answers, 1)
        self._answers = [
            ArchivedAnswer(op, Response(200, kind, codec.encode_json(body)), seq, AT) for seq, (op, body) in numbered
        ]

    def has_bills_of(self, inputs_hash: str) -> bool:
        return False

    def list_derived_taxes(self) -> tuple[()]:
        return ()

    def answers(self, operation_type: Any, **fields: object) -> Iterator[ArchivedAnswer]:
        for answer in self._answers:
            if isinstance(answer.op, operation_type) and all(
                getattr(answer.op, name) == value for name, value in fields.items()
            ):
                yield answer


class Example(NamedTuple):
    """A row of an example: what it says, and in which of these columns we say something else."""

    name: str
    row: CostAndUsage
    says: Words
    differs: Words = {}


def usage(cost: str, quantity: str, price: str, unit: str, **columns: Any) -> Words:
    """Return what the examples say of uncovered usage."""
    costs = dict.fromkeys(MONEY[:4], Decimal(cost)) | dict.fromkeys(MONEY[4:], Decimal(price))
    amount = {"PricingQuantity": Decimal(quantity), "PricingUnit": unit, "ConsumedQuantity": Decimal(quantity)}
    categories = {"ChargeCategory": "Usage", "ChargeFrequency": "Usage-Based", "PricingCategory": "Standard"}
    return {**costs, **amount, **categories, "CommitmentDiscountId": None, **columns}


def _map_charges(provider: Any, *answers: tuple[Operation[Any], Words]) -> list[CostAndUsage]:
    (bill,) = provider.read_bills(Saved(*answers))
    assert list_wrong(bill.findings) == ()
    return [row for batch in bill.charges for row in batch.iter_rows()]


def database() -> Iterator[Example]:
    """Yield multi_unit_paas_database_a: a cluster's hours, its storage and its transfer."""
    services = [
        ("M30 Cluster Hours", "744.0", "HOURS", "0.54", "401.76"),
        ("SSD Storage", "100.0", "GIB", "0.25", "25.0"),
        ("Data Transfer Out", "50.0", "GIB", "0.01", "0.5"),
    ]
    items = [
        {"description": description, "quantity": Decimal(quantity), "quantity_unit": unit, "unit_cost": Decimal(price),
         "total": {"amount": Decimal(cost), "currency": "USD"}}
        for description, quantity, unit, price, cost in services
    ]  # fmt: skip
    cluster = {"id": "cluster-prod-m30", "name": "Production Cluster", "plan": "ADVANCED", "cloud_provider": "AWS",
               "regions": [{"name": "us-east-1"}], "parent_id": "project-prod"}  # fmt: skip
    invoice = {
        "invoice_id": "i", "period_start": "2025-01-01T00:00:00Z", "period_end": "2025-02-01T00:00:00Z",
        "status": "FINALIZED", "totals": [{"amount": Decimal("427.26"), "currency": "USD"}],
        "invoice_items": [{"cluster": cluster, "line_items": items}],
    }  # fmt: skip
    rows = _map_charges(cockroach.PROVIDER, (GetInvoice(invoice_id="i"), invoice))
    whose = {"RegionId": "us-east-1", "SubAccountId": "project-prod", "ServiceCategory": "Databases"}
    own, region = {"ResourceId": "cluster-prod-m30"}, {"RegionName": "us-east-1"}
    named = whose | {"RegionName": "US East (N. Virginia)"}
    hours = usage("401.76", "744", "0.54", "Hours", SkuMeter="M30 Cluster Hours", **named, **own)
    storage = usage("25", "100", "0.25", "GB", ResourceId=None, **named) | {"ChargeFrequency": "Recurring"}
    moved = usage("0.5", "50", "0.01", "GB", ResourceId=None, **named)
    gib = {"PricingUnit": "GiB", **own, **region}
    yield Example("database hours", rows[0], hours, region)
    yield Example("database storage", rows[1], storage, gib | {"ChargeFrequency": "Usage-Based"})
    yield Example("database transfer", rows[2], moved, gib)


def seats() -> Iterator[Example]:
    """Yield annual_commitment_billed_monthly_a: ten users for a year, billed each month."""
    product = {"sku": "sales-pro", "name": "Sales Platform", "unitOfMeasure": "User"}
    item = {"itemNumber": "10", "name": "Sales Platform", "price": 100, "quantity": 10, "unitOfMeasure": "User",
            "currencyIsoCode": "USD"}  # fmt: skip
    contract = {
        "id": "c", "status": "Active", "dateStart": "2025-01-01", "dateEnd": "2025-12-31",
        "plans": [{"id": "p", "name": "Sales Platform - Prepay", "product": product, "items": [item]}],
        "billingPeriods": [{"id": "202501", "dateStart": "2025-01-01", "dateEnd": "2025-01-31", "status": "Closed"}],
    }  # fmt: skip
    invoice = {"id": "i", "dateInvoiced": "2025-02-01", "amount": 1000, "currencyIsoCode": "USD"}
    line = {"id": "l", "product": product, "description": "Sales Platform - Prepay", "quantity": 10, "amount": 1000,
            "dateStart": "2025-01-01", "dateEnd": "2025-01-31", "organization": {"id": "team-sales"}}  # fmt: skip
    (row,) = _map_charges(
        genesys.PROVIDER,
        (GetBillingContracts(), {"entities": [contract]}),
        (GetBillingContractsInvoices(), {"entities": [invoice]}),
        (GetBillingContractsInvoiceLines(invoice_id="i"), {"entities": [line]}),
    )
    says = usage("1000", "10", "100", "Users", ServiceCategory="Business Applications", SubAccountId="team-sales")
    ours = {"ChargeCategory": "Purchase", "ConsumedQuantity": None}
    yield Example("seats by the month", row, says | {"ChargeFrequency": "Recurring"}, ours)
    (applied,) = json.loads(row.ContractApplied or "")["Elements"]
    assert (applied["ContractCommitmentId"], applied["ContractCommitmentAppliedQuantity"]) == ("c/p/10", 10)


def overage() -> Iterator[Example]:
    """Yield the uncovered row of tiered_pricing_committed_minimum_a, and the unused fee of saas_spend_agreements_a1."""
    lines = [
        {"description": "Email Overage", "amount": Decimal("19.95"), "rate": Decimal("0.00133"), "units": 15000,
         "product_name": "Email Overage", "product_group": "Email", "product_line": "Email", "usage_type": "Emails"},
        {"description": "Commit Shortfall", "amount": 972, "usage_type": "Minimum", "product_name": "Minimum",
         "product_group": "Email", "product_line": "Email"},
    ]  # fmt: skip
    invoice = {
        "customer_id": "c", "invoice_id": "1", "invoice_posted_on": "2025-03-01T00:00:00Z", "currency_code": "USD",
        "billing_start_date": "2025-02-01T00:00:00Z", "billing_end_date": "2025-02-28T00:00:00Z",
        "monthly_transaction_amount": Decimal("991.95"), "transaction_line_items": lines,
    }  # fmt: skip
    over, unused = _map_charges(fastly.PROVIDER, (GetInvoiceByInvoiceId(invoice_id=1), invoice))
    yield Example("overage", over, usage("19.95", "15000", "0.00133", "Emails"), {"PricingUnit": "Email Units"})
    fee = {name: Decimal(972) for name in MONEY[:4]} | {"ChargeCategory": "Usage", "ChargeFrequency": "One-Time"}
    yield Example("unused commitment", unused, fee, {"ChargeCategory": "Purchase", "ChargeFrequency": "Recurring"})


@pytest.mark.parametrize("example", [*database(), *seats(), *overage()], ids=lambda example_case: example_case.name)
def test_an_example_comes_out_as_the_specification_has_it(example: Example) -> None:
    """An example comes out as the specification has it, but for what the example names."""
    columns = example.row._asdict()
    assert {name: columns[name] for name in example.says} == example.says | example.differs
    assert not [name for name, value in example.differs.items() if example.says[name] == value]
