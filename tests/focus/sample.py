"""Ledgers that are made up: a small one in which everything of FOCUS happens, and one of any size."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from billfold.ledger import booking, identities, store
from billfold.model.bill import Bill, Charges, State
from billfold.model.focus import ContractCommitment, CostAndUsage
from billfold.model.period import Month, Period, format_instant

LEDGER = "catalog.sqlite"
NOW = datetime(2026, 11, 15, tzinfo=UTC)
TOGETHER = 5000


def booked(directory: Path, bills: Iterator[Bill], when: datetime = NOW) -> Path:
    """Book bills as one run's; returns the ledger's path."""
    directory.mkdir(parents=True, exist_ok=True)
    with store.open_ledger(directory / LEDGER) as db, store.open_transaction(db):
        owner = identities.resolve_account(db, "sample", "sample-1", "sample", 1, 1, [])
        with booking.open_booking(db, owner) as run_booking:
            assert all(run_booking.book_bill(bill) for bill in bills)
        booking.close_run(
            db,
            owner,
            format_instant(when),
            "complete",
            booking_findings=[],
            check_findings=[],
            listing=None,
            chain_hash="",
        )
    return directory / LEDGER


def bill(state: State, number: str | None, month: Month, rows: list[CostAndUsage], **more: Any) -> Bill:
    return Bill(state, number, month.period, "USD", None, None, [Charges.of(rows)], "Sample Cloud", **more)


def common(month: Month, number: str | None) -> CostAndUsage:
    return CostAndUsage(
        BillingAccountId="acct-1", BillingAccountName="Example", BillingAccountType="Account", BillingCurrency="USD",
        BillingPeriodStart=month.start, BillingPeriodEnd=month.end, ChargePeriodStart=month.start,
        ChargePeriodEnd=month.end, ChargeFrequency="Usage-Based", HostProviderName="Sample Cloud", InvoiceId=number,
        InvoiceIssuerName="Sample Cloud", PricingCurrency="USD", ServiceCategory="Compute", ServiceName="Machines",
        ServiceProviderName="Sample Cloud", ServiceSubcategory="Virtual Machines",
    )  # fmt: skip


def costing(cost: str, effective: str | None = None) -> dict[str, Any]:
    money = Decimal(cost)
    return {
        "BilledCost": money,
        "EffectiveCost": Decimal(effective or cost),
        "ListCost": money,
        "ContractedCost": money,
    }


def priced(quantity: str, price: str, sku: str = "machine-1") -> dict[str, Any]:
    return {
        "ListUnitPrice": Decimal(price), "ContractedUnitPrice": Decimal(price), "PricingQuantity": Decimal(quantity),
        "PricingUnit": "Hours", "PricingCategory": "Standard", "SkuId": sku, "SkuMeter": "Machine Hours",
        "SkuPriceId": f"{sku}@{price}", "SkuPriceDetails": '{"CoreCount": 2, "x_Note": "shared"}',
    }  # fmt: skip


def consumed(quantity: str, unit: str = "Hours") -> dict[str, Any]:
    return {"ConsumedQuantity": Decimal(quantity), "ConsumedUnit": unit}


def machine(number: int) -> dict[str, Any]:
    return {
        "ResourceId": f"vm-{number}", "ResourceName": f"web-{number}", "ResourceType": "Instance",
        "RegionId": "eu-west", "RegionName": "Europe West", "SubAccountId": "team-1", "SubAccountName": "Team One",
        "SubAccountType": "Project", "Tags": '{"env": "prod"}',
    }  # fmt: skip


def month_rows(month: Month, number: str | None) -> list[CostAndUsage]:
    """Return a month's ordinary charges: usage, a purchase, a credit, an adjustment, a tax."""
    base = common(month, number)
    rows = [
        base._replace(ChargeCategory="Usage", ChargeDescription="Machine", **costing("10.00"), **priced("100", "0.1"),
                      **consumed("100"), **machine(1)),
        base._replace(ChargeCategory="Usage", ChargeDescription="=Machine(2)", **costing("3.36"), **priced("672", "0.005"),
                      **consumed("672"), **machine(2)),
        base._replace(ChargeCategory="Purchase", ChargeDescription="Support", ChargeFrequency="Recurring",
                      **costing("50"), **priced("1", "50", "support"), ServiceName="Support",
                      ServiceCategory="Other", ServiceSubcategory="Other (Other)"),
        base._replace(ChargeCategory="Credit", ChargeDescription="Promotion", ChargeFrequency="One-Time", **costing("-5")),
        base._replace(ChargeCategory="Adjustment", ChargeDescription="Rounding", ChargeFrequency="One-Time",
                      **costing("0.01")),
        base._replace(ChargeCategory="Tax", ChargeDescription="VAT", ChargeFrequency="One-Time", **costing("11.67"),
                      HostProviderName=None),
    ]  # fmt: skip
    return numbered(rows)


def covered_rows(month: Month, number: str) -> list[CostAndUsage]:
    """Return charges under a contract, a commitment discount, a reservation, and shared out."""
    base = common(month, number)
    applied = {"ContractId": "contract-1", "ContractCommitmentId": "commit-1", "ContractCommitmentAppliedCost": 20}
    discount = {
        "CommitmentDiscountId": "plan-1", "CommitmentDiscountName": "Plan", "CommitmentDiscountType": "Savings",
        "CommitmentDiscountCategory": "Usage", "CommitmentDiscountUnit": "Hours",
        "CommitmentDiscountQuantity": Decimal(10), "PricingCategory": "Committed",
    }  # fmt: skip
    free: dict[str, Any] = {
        "BilledCost": Decimal(0),
        "EffectiveCost": Decimal(20),
        "ListCost": Decimal(20),
        "ContractedCost": Decimal(20),
    }
    share: dict[str, Any] = {
        "AllocatedMethodId": "even",
        "AllocatedMethodDetails": '{"Elements": [{"AllocatedRatio": 1}]}',
    }
    rows = [
        base._replace(ChargeCategory="Usage", ChargeDescription="Covered", **free, **priced("200", "0.1"),
                      **consumed("200"), **machine(3), ContractApplied=json.dumps({"Elements": [applied]})),
        base._replace(ChargeCategory="Usage", ChargeDescription="Discounted", **costing("1"), **consumed("10"),
                      CommitmentDiscountStatus="Used", **machine(4), **{**priced("10", "0.1"), **discount}),
        base._replace(ChargeCategory="Usage", ChargeDescription="Unused plan", **costing("2"),
                      CommitmentDiscountStatus="Unused", **{**priced("20", "0.1"), **discount},
                      ResourceId="plan-1", ResourceType="Savings Plan"),
        base._replace(ChargeCategory="Usage", ChargeDescription="Reserved", **costing("4"), **priced("40", "0.1"),
                      **consumed("40"), **machine(5), CapacityReservationId="res-1", CapacityReservationStatus="Used"),
        base._replace(ChargeCategory="Usage", ChargeDescription="Shared", **costing("6"), **priced("60", "0.1"),
                      **consumed("60"), **share, AllocatedResourceId="job-1", AllocatedResourceName="job one",
                      AllocatedTags='{"team": "a"}', ResourceId="cluster-1", ResourceType="Cluster"),
        base._replace(ChargeCategory="Usage", ChargeClass="Correction", ChargeDescription="Refund", **costing("-1.00"),
                      **priced("-10", "0.1"), **consumed("-10"), ChargePeriodStart=month.add_months(-2).start,
                      ChargePeriodEnd=month.add_months(-2).end),
    ]  # fmt: skip
    return numbered(rows, 20)


def numbered(rows: list[CostAndUsage], first: int = 1) -> list[CostAndUsage]:
    """Give lines that are on an invoice their ids: unique in all of the sample."""
    where = enumerate(rows, first)
    return [row._replace(InvoiceDetailId=f"{row.InvoiceId}-{n}") if row.InvoiceId else row for n, row in where]


def commitment() -> ContractCommitment:
    start, end = Month(2026, 1).start, Month(2027, 1).start
    return ContractCommitment(
        BillingCurrency="USD", ContractCommitmentApplicability='{"IsGlobalScope": true}',
        ContractCommitmentBenefitCategory="Discount", ContractCommitmentCategory="Spend",
        ContractCommitmentCost=Decimal(24000), ContractCommitmentDescription="A year's spend",
        ContractCommitmentDiscountPercentage=Decimal("0.2"), ContractCommitmentDurationType="1 Year",
        ContractCommitmentFulfillmentInterval="Monthly", ContractCommitmentId="commit-1",
        ContractCommitmentLifecycleStatus="Active", ContractCommitmentModel="Continuous",
        ContractCommitmentOfferCategory="Negotiated", ContractCommitmentPaymentInterval="Monthly",
        ContractCommitmentPaymentModel="No Upfront", ContractCommitmentPaymentUpfrontPercentage=Decimal(0),
        ContractCommitmentPeriodEnd=end, ContractCommitmentPeriodStart=start, ContractCommitmentType="Annual Spend",
        ContractId="contract-1", ContractPeriodEnd=end, ContractPeriodStart=start, InvoiceIssuerName="Sample Cloud",
        PricingCurrency="USD", PricingCurrencyContractCommitmentCost=Decimal(24000), ServiceProviderName="Sample Cloud",
    )  # fmt: skip


def everything() -> Iterator[Bill]:
    """Yield three issued months (the last with a contract, discounts, a correction), a draft and an estimate."""
    august, september, october, november = (Month(2026, n) for n in (8, 9, 10, 11))
    yield bill(State.ISSUED, "inv-8", august, month_rows(august, "inv-8"), issued_on=september.start)
    yield bill(State.ISSUED, "inv-9", september, month_rows(september, "inv-9"), issued_on=october.start, terms="Net 30",
               due_on=datetime(2026, 10, 31, tzinfo=UTC), purchase_order="PO-7", corrects="inv-8")  # fmt: skip
    rows = month_rows(october, "inv-10") + covered_rows(october, "inv-10")
    yield bill(State.ISSUED, "inv-10", october, rows, issued_on=november.start, commitments=(commitment(),))
    yield bill(State.DRAFT, "inv-11", november, month_rows(november, "inv-11"))
    yield bill(State.ESTIMATE, None, november.add_months(1), month_rows(november.add_months(1), None))


class Line(NamedTuple):
    """The columns that vary in a ledger of any size."""

    BilledCost: Decimal
    EffectiveCost: Decimal
    ListCost: Decimal
    ContractedCost: Decimal
    PricingCurrencyEffectiveCost: Decimal
    ListUnitPrice: Decimal
    ContractedUnitPrice: Decimal
    PricingQuantity: Decimal
    ConsumedQuantity: Decimal
    ChargeDescription: str
    InvoiceDetailId: str
    ResourceId: str
    ResourceName: str
    SkuId: str
    SkuPriceId: str
    x_NativeId: str
    x_JsonPath: str


def many(count: int, months: int = 12) -> Iterator[Bill]:
    """Yield issued bills that have so many charges together, each month one."""
    for index in range(months):
        month, each = Month(2026, 10).add_months(-index), count // months + (index < count % months)
        number = f"big-{index}"
        shared = common(month, number)._replace(
            ChargeCategory="Usage", ConsumedUnit="Hours", PricingCategory="Standard", PricingUnit="Hours",
            ResourceType="Instance", SkuMeter="Machine Hours", x_ArchiveSeq=index,
        )  # fmt: skip
        spans = range(0, each, TOGETHER)
        charges = (Charges.of([_line(number, n) for n in range(at, min(at + TOGETHER, each))], shared) for at in spans)
        yield Bill(State.ISSUED, number, month.period, "USD", None, None, charges, "Sample Cloud", issued_on=month.end)


def _line(number: str, n: int) -> Line:
    quantity, price = Decimal(n % 672 + 1), Decimal(n % 97 + 1).scaleb(-4)
    cost, sku = quantity * price, f"machine-{n % 97}"
    return Line(
        cost, cost, cost, cost, cost, price, price, quantity, quantity, f"Machine web-{n} ({price}/h)",
        f"{number}-{n:08}", f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}", f"web-{n}", sku, f"{sku}@{price}",
        f"{number}/{n}", f"$.invoice_items[{n % 500}]",
    )  # fmt: skip


__all__ = ["LEDGER", "NOW", "Period", "bill", "booked", "everything", "many"]
