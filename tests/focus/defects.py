"""Single defects to plant in a clean export: each spoils one thing, as somebody's generator might."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

Rows = list[dict[str, str]]
CAU, IND, BPD, CCT = "cost_and_usage", "invoice_detail", "billing_period", "contract_commitment"


class Defect(NamedTuple):
    """A defect: its name, the dataset it is planted in, and how."""

    name: str
    dataset: str
    plant: Callable[[Rows], None]


def read(path: Path) -> Rows:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write(path: Path, rows: Rows) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def first(rows: Rows, **cells: str) -> dict[str, str]:
    return next(row for row in rows if all(row[name] == value for name, value in cells.items()))


def put(dataset: str, column: str, value: str, **cells: str) -> Defect:
    """Put a value into the first row that has what is wanted."""
    suffix = "".join(f" {word}" for word in cells.values())

    def plant(rows: Rows) -> None:
        row = first(rows, **cells)
        assert row[column] != value, f"{column} is {value!r} already"
        row[column] = value

    return Defect(f"{dataset} {column}={value or 'null'}{suffix}", dataset, plant)


def renamed(dataset: str, column: str, other: str) -> Defect:
    def plant(rows: Rows) -> None:
        rows[:] = [{other if name == column else name: value for name, value in row.items()} for row in rows]

    return Defect(f"{dataset} {column} renamed {other}", dataset, plant)


def without(dataset: str, column: str) -> Defect:
    def plant(rows: Rows) -> None:
        for row in rows:
            del row[column]

    return Defect(f"{dataset} without {column}", dataset, plant)


def dropped(dataset: str, **cells: str) -> Defect:
    return Defect(f"{dataset} row dropped", dataset, lambda rows: rows.remove(first(rows, **cells)))


def doubled(dataset: str, **cells: str) -> Defect:
    return Defect(f"{dataset} row doubled", dataset, lambda rows: rows.append(dict(first(rows, **cells))))


USAGE = {"ChargeDescription": "Machine", "x_State": "issued"}
TAX = {"ChargeCategory": "Tax", "x_State": "issued"}
CREDIT = {"ChargeCategory": "Credit", "x_State": "issued"}
SUPPORT = {"ChargeCategory": "Purchase", "x_State": "issued"}
COVERED, USED, UNUSED = ({"ChargeDescription": word} for word in ("Covered", "Discounted", "Unused plan"))
RESERVED, SHARED, REFUND = ({"ChargeDescription": word} for word in ("Reserved", "Shared", "Refund"))
ESTIMATE, DRAFT = {"x_State": "estimate"}, {"x_State": "draft"}
APPLIED = '{"Elements": [{"ContractId": "contract-1", "ContractCommitmentId": "%s"%s}]}'

CELLS = [
    put(CAU, "ChargeCategory", "Refund", **USAGE),
    put(CAU, "ChargeCategory", "", **USAGE),
    put(CAU, "ServiceCategory", "Cloud", **SUPPORT),
    put(CAU, "ServiceSubcategory", "Object Storage", **SUPPORT),
    put(CAU, "ServiceSubcategory", "Things", **SUPPORT),
    put(CAU, "ChargeFrequency", "Usage-Based", **SUPPORT),
    put(CAU, "ChargeFrequency", "Monthly", **USAGE),
    put(CAU, "PricingCategory", "On-Demand", **USAGE),
    put(CAU, "ChargeClass", "Refund", **USAGE),
    put(CAU, "CommitmentDiscountCategory", "Money", **USED),
    put(CAU, "CommitmentDiscountStatus", "Partly", **USED),
    put(CAU, "BilledCost", "", **USAGE),
    put(CAU, "BilledCost", "$10.00", **USAGE),
    put(CAU, "BilledCost", "1,000.00", **USAGE),
    put(CAU, "BilledCost", "+10", **USAGE),
    put(CAU, "BilledCost", "10.00.0", **USAGE),
    put(CAU, "EffectiveCost", "NaN", **USAGE),
    put(CAU, "ListUnitPrice", "-0.1", **USAGE),
    put(CAU, "BillingCurrency", "CREDITS", **USAGE),
    put(CAU, "BillingCurrency", "usd", **USAGE),
    put(CAU, "PricingCurrency", "CRDB_CLOUD_CREDITS", **USAGE),
    put(CAU, "ChargePeriodStart", "2026-08-01 00:00:00", **USAGE),
    put(CAU, "ChargePeriodStart", "2026-08-01T00:00:00+02:00", **USAGE),
    put(CAU, "ChargePeriodEnd", "2026-02-30T00:00:00Z", **USAGE),
    put(CAU, "BillingPeriodStart", "08/01/2026", **USAGE),
    put(CAU, "PricingUnit", "per hour", **USAGE),
    put(CAU, "PricingUnit", "0.1", **USAGE),
    put(CAU, "ConsumedUnit", "10K Requests", **USAGE),
    put(CAU, "Tags", '{"env": {"a": 1}}', **USAGE),
    put(CAU, "Tags", '{"env": "prod", "env": "test"}', **USAGE),
    put(CAU, "Tags", "env=prod", **USAGE),
    put(CAU, "Tags", '["env"]', **USAGE),
    put(CAU, "SkuPriceDetails", '{"Cores": 2}', **USAGE),
    put(CAU, "ContractApplied", APPLIED % ("commit-1", ""), **COVERED),
    put(CAU, "ContractApplied", APPLIED % ("commit-1", ', "ContractCommitmentAppliedCost": "20"'), **COVERED),
    put(CAU, "ContractApplied", APPLIED % ("commit-9", ', "ContractCommitmentAppliedCost": 20'), **COVERED),
    put(CAU, "ContractApplied", '{"Elements": []}', **COVERED),
    put(CAU, "AllocatedMethodDetails", '{"Elements": [{"AllocatedRatio": 1.5}]}', **SHARED),
    put(CAU, "RegionId", "N/A", **USAGE),
    put(CAU, "InvoiceIssuerName", "", **USAGE),
    put(CAU, "ServiceProviderName", "", **USAGE),
]
ROWS = [
    put(CAU, "ChargePeriodEnd", "2026-07-01T00:00:00Z", **USAGE),
    put(CAU, "SkuId", "", **USAGE),
    put(CAU, "SkuPriceId", "", **USAGE),
    put(CAU, "ListUnitPrice", "", **USAGE),
    put(CAU, "ContractedUnitPrice", "", **SUPPORT),
    put(CAU, "PricingQuantity", "", **USAGE),
    put(CAU, "PricingUnit", "", **USAGE),
    put(CAU, "PricingCategory", "", **USAGE),
    put(CAU, "PricingCategory", "Committed", **USAGE),
    put(CAU, "ConsumedQuantity", "", **USAGE),
    put(CAU, "ConsumedUnit", "", **USAGE),
    put(CAU, "ConsumedQuantity", "1", **SUPPORT),
    put(CAU, "SkuId", "vat", **TAX),
    put(CAU, "SkuPriceId", "vat", **TAX),
    put(CAU, "PricingCategory", "Standard", **TAX),
    put(CAU, "PricingQuantity", "1", **TAX),
    put(CAU, "ListUnitPrice", "1", **TAX),
    put(CAU, "ListUnitPrice", "1", **CREDIT),
    put(CAU, "SkuPriceDetails", "{}", **CREDIT),
    put(CAU, "PricingQuantity", "-100", **USAGE),
    put(CAU, "ListCost", "10.01", **USAGE),
    put(CAU, "ContractedCost", "9.99", **USAGE),
    put(CAU, "ListCost", "0", **CREDIT),
    put(CAU, "EffectiveCost", "0", **TAX),
    put(CAU, "EffectiveCost", "-4", **CREDIT),
    put(CAU, "EffectiveCost", "7", **USAGE),
    put(CAU, "PricingCurrencyEffectiveCost", "7", **USAGE),
    put(CAU, "PricingCurrencyListUnitPrice", "7", **USAGE),
    put(CAU, "RegionName", "", **USAGE),
    put(CAU, "RegionId", "", **USAGE),
    put(CAU, "SubAccountName", "", **USAGE),
    put(CAU, "SubAccountType", "", **USAGE),
    put(CAU, "SubAccountId", "", **USAGE),
    put(CAU, "ResourceType", "", **USAGE),
    put(CAU, "ResourceName", "lost", **SUPPORT),
    put(CAU, "SkuMeter", "Hours", **CREDIT),
    put(CAU, "CommitmentDiscountType", "", **USED),
    put(CAU, "CommitmentDiscountStatus", "", **USED),
    put(CAU, "CommitmentDiscountQuantity", "", **USED),
    put(CAU, "CommitmentDiscountUnit", "", **USED),
    put(CAU, "CommitmentDiscountName", "Plan", **USAGE),
    put(CAU, "ConsumedQuantity", "20", **UNUSED),
    put(CAU, "ResourceId", "vm-9", **UNUSED),
    put(CAU, "CapacityReservationStatus", "", **RESERVED),
    put(CAU, "CapacityReservationStatus", "Used", **USAGE),
    put(CAU, "AllocatedResourceName", "", **SHARED),
    put(CAU, "AllocatedMethodId", "", **SHARED),
    put(CAU, "InvoiceDetailId", "", **USAGE),
    put(CAU, "InvoiceId", "", **USAGE),
    put(CAU, "InvoiceId", "inv-12", **ESTIMATE),
]
ACROSS = [
    put(CAU, "ServiceCategory", "Storage", **USAGE),
    put(CAU, "SkuId", "machine-2", **USAGE),
    put(CAU, "BilledCost", "11.50", **USAGE),
    put(CAU, "InvoiceDetailId", "nowhere", **USAGE),
    put(CAU, "InvoiceId", "inv-0", **USAGE),
    put(CAU, "BillingAccountId", "acct-2", **USAGE),
    put(CAU, "ChargeCategory", "Purchase", **USAGE),
    put(CAU, "BillingPeriodEnd", "2026-09-02T00:00:00Z", **USAGE),
    put(CAU, "ChargeClass", "Correction", **DRAFT),
    doubled(CAU, **USAGE),
    dropped(CAU, **SUPPORT),
    dropped(IND, ChargeCategory="Purchase"),
    doubled(IND, ChargeCategory="Purchase"),
    dropped(BPD, BillingPeriodStatus="Closed"),
    doubled(BPD, BillingPeriodStatus="Closed"),
    dropped(CCT, ContractCommitmentId="commit-1"),
    put(IND, "BilledCost", "12", ChargeCategory="Usage"),
    put(IND, "PaymentCurrencyBilledCost", "12", ChargeCategory="Usage"),
    put(IND, "PaymentCurrencyInvoiceDetailId", "nowhere", ChargeCategory="Usage"),
    put(IND, "InvoiceIssueStatus", "Open", InvoiceDetailId="inv-8-1"),
    put(IND, "InvoiceIssueStatus", "Paid", InvoiceDetailId="inv-8-1"),
    put(IND, "InvoiceIssueDate", "2026-11-02T00:00:00Z", InvoiceIssueStatus="Open"),
    put(IND, "InvoiceIssueDate", "", InvoiceDetailId="inv-8-1"),
    put(IND, "PaymentDueDate", "2026-01-01T00:00:00Z", InvoiceId="inv-9"),
    put(IND, "PaymentTerms", "", InvoiceId="inv-9"),
    put(IND, "ReferenceInvoiceId", "", InvoiceId="inv-9"),
    put(IND, "InvoiceDetailGrain", '{"Region": "eu"}', InvoiceId="inv-9"),
    put(IND, "InvoiceDetailLastUpdated", "2026-11-14T00:00:00Z", InvoiceId="inv-9"),
    put(IND, "InvoiceDetailCreated", "2026-11-16T00:00:00Z", InvoiceId="inv-9"),
    put(IND, "BillingPeriodStart", "2026-08-02T00:00:00Z", InvoiceId="inv-8"),
    put(BPD, "BillingPeriodStatus", "Shut", BillingPeriodStart="2026-08-01T00:00:00Z"),
    put(BPD, "BillingPeriodStatus", "Closed", BillingPeriodStart="2026-11-01T00:00:00Z"),
    put(BPD, "BillingPeriodStatus", "Closed", BillingPeriodStart="2026-12-01T00:00:00Z"),
    put(BPD, "BillingPeriodLastUpdated", "2026-11-14T00:00:00Z", BillingPeriodStart="2026-08-01T00:00:00Z"),
    put(BPD, "BillingPeriodEnd", "2026-07-01T00:00:00Z", BillingPeriodStart="2026-08-01T00:00:00Z"),
    put(CCT, "ContractCommitmentCategory", "Usage", ContractId="contract-1"),
    put(CCT, "ContractCommitmentCost", "", ContractId="contract-1"),
    put(CCT, "ContractCommitmentUnit", "Hours", ContractId="contract-1"),
    put(CCT, "ContractCommitmentDiscountPercentage", "20", ContractId="contract-1"),
    put(CCT, "ContractCommitmentDiscountPercentage", "", ContractId="contract-1"),
    put(CCT, "ContractCommitmentFulfillmentInterval", "Full Period", ContractId="contract-1"),
    put(CCT, "ContractCommitmentFulfillmentInterval", "Annually", ContractId="contract-1"),
    put(CCT, "ContractCommitmentPaymentModel", "All Upfront", ContractId="contract-1"),
    put(CCT, "ContractCommitmentPaymentUpfrontPercentage", "0.5", ContractId="contract-1"),
    put(CCT, "ContractCommitmentLifecycleStatus", "Live", ContractId="contract-1"),
    put(CCT, "ContractCommitmentApplicability", '{"Inclusions": []}', ContractId="contract-1"),
    put(CCT, "ContractCommitmentPeriodEnd", "2025-01-01T00:00:00Z", ContractId="contract-1"),
    put(CCT, "ContractCommitmentDurationType", "yearly", ContractId="contract-1"),
    put(CCT, "ContractId", "contract-2", ContractId="contract-1"),
]
SHAPES = [
    without(CAU, "ServiceName"),
    without(IND, "ReferenceInvoiceId"),
    without(BPD, "BillingPeriodStatus"),
    renamed(CAU, "ServiceProviderName", "ProviderName"),
    renamed(CAU, "x_State", "State"),
    renamed(CAU, "x_State", "x_state"),
]
DEFECTS = [*CELLS, *ROWS, *ACROSS, *SHAPES]
