"""The four FOCUS 1.4 datasets as immutable rows, under their FOCUS column names.

Columns are those of FOCUS 1.4 (spec tag v1.4, ratified 2026-06-04), in alphabetical order, then billfold's own ``x_``
columns. JSON columns hold JSON text. A null is ``None``. FOCUS (c) FinOps Foundation / Joint Development Foundation,
CC BY 4.0.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

COST, INVOICE, PERIOD, COMMITMENT = "CostAndUsage", "InvoiceDetail", "BillingPeriod", "ContractCommitment"
"""The names of the datasets."""


class CostAndUsage(NamedTuple):
    """A charge: one line of what is paid or used. Costs are in BillingCurrency, periods half-open."""

    AllocatedMethodDetails: str | None = None
    AllocatedMethodId: str | None = None
    AllocatedResourceId: str | None = None
    AllocatedResourceName: str | None = None
    AllocatedTags: str | None = None
    AvailabilityZone: str | None = None
    BilledCost: Decimal | None = None
    BillingAccountId: str | None = None
    BillingAccountName: str | None = None
    BillingAccountType: str | None = None
    BillingCurrency: str | None = None
    BillingPeriodEnd: datetime | None = None
    BillingPeriodStart: datetime | None = None
    CapacityReservationId: str | None = None
    CapacityReservationStatus: str | None = None
    ChargeCategory: str | None = None
    ChargeClass: str | None = None
    ChargeDescription: str | None = None
    ChargeFrequency: str | None = None
    ChargePeriodEnd: datetime | None = None
    ChargePeriodStart: datetime | None = None
    CommitmentDiscountCategory: str | None = None
    CommitmentDiscountId: str | None = None
    CommitmentDiscountName: str | None = None
    CommitmentDiscountQuantity: Decimal | None = None
    CommitmentDiscountStatus: str | None = None
    CommitmentDiscountType: str | None = None
    CommitmentDiscountUnit: str | None = None
    CommitmentProgramEligibilityDetails: str | None = None
    ConsumedQuantity: Decimal | None = None
    ConsumedUnit: str | None = None
    ContractApplied: str | None = None
    ContractedCost: Decimal | None = None
    ContractedUnitPrice: Decimal | None = None
    EffectiveCost: Decimal | None = None
    HostProviderName: str | None = None
    InvoiceDetailId: str | None = None
    InvoiceId: str | None = None
    InvoiceIssuerName: str | None = None
    ListCost: Decimal | None = None
    ListUnitPrice: Decimal | None = None
    PricingCategory: str | None = None
    PricingCurrency: str | None = None
    PricingCurrencyContractedUnitPrice: Decimal | None = None
    PricingCurrencyEffectiveCost: Decimal | None = None
    PricingCurrencyListUnitPrice: Decimal | None = None
    PricingQuantity: Decimal | None = None
    PricingUnit: str | None = None
    RegionId: str | None = None
    RegionName: str | None = None
    ResourceId: str | None = None
    ResourceName: str | None = None
    ResourceType: str | None = None
    ServiceCategory: str | None = None
    ServiceName: str | None = None
    ServiceProviderName: str | None = None
    ServiceSubcategory: str | None = None
    SkuId: str | None = None
    SkuMeter: str | None = None
    SkuPriceDetails: str | None = None
    SkuPriceId: str | None = None
    SubAccountId: str | None = None
    SubAccountName: str | None = None
    SubAccountType: str | None = None
    Tags: str | None = None
    x_AccountName: str | None = None
    x_State: str | None = None
    x_UnitPrice: Decimal | None = None
    x_PriceBasis: str | None = None
    x_NativeId: str | None = None
    x_Details: str | None = None
    x_InvoiceIssueDate: datetime | None = None
    x_Synthetic: bool | None = None
    x_ArchiveSeq: int | None = None
    x_JsonPath: str | None = None


class InvoiceDetail(NamedTuple):
    """A line of an invoice, as the invoice issuer bills it."""

    BilledCost: Decimal | None = None
    BillingAccountId: str | None = None
    BillingCurrency: str | None = None
    BillingPeriodEnd: datetime | None = None
    BillingPeriodStart: datetime | None = None
    ChargeCategory: str | None = None
    InvoiceDetailCreated: datetime | None = None
    InvoiceDetailDescription: str | None = None
    InvoiceDetailGrain: str | None = None
    InvoiceDetailId: str | None = None
    InvoiceDetailLastUpdated: datetime | None = None
    InvoiceId: str | None = None
    InvoiceIssueDate: datetime | None = None
    InvoiceIssueStatus: str | None = None
    InvoiceIssuerName: str | None = None
    PaymentCurrency: str | None = None
    PaymentCurrencyBilledCost: Decimal | None = None
    PaymentCurrencyInvoiceDetailId: str | None = None
    PaymentDueDate: datetime | None = None
    PaymentTerms: str | None = None
    PurchaseOrderNumber: str | None = None
    ReferenceInvoiceId: str | None = None


class BillingPeriod(NamedTuple):
    """A billing period of an invoice issuer, open or closed."""

    BillingPeriodCreated: datetime | None = None
    BillingPeriodEnd: datetime | None = None
    BillingPeriodLastUpdated: datetime | None = None
    BillingPeriodStart: datetime | None = None
    BillingPeriodStatus: str | None = None
    InvoiceIssuerName: str | None = None


class ContractCommitment(NamedTuple):
    """What a contract commits the customer to spend or use."""

    BillingCurrency: str | None = None
    ContractCommitmentApplicability: str | None = None
    ContractCommitmentBenefitCategory: str | None = None
    ContractCommitmentCategory: str | None = None
    ContractCommitmentCost: Decimal | None = None
    ContractCommitmentCreated: datetime | None = None
    ContractCommitmentDescription: str | None = None
    ContractCommitmentDiscountPercentage: Decimal | None = None
    ContractCommitmentDurationType: str | None = None
    ContractCommitmentFulfillmentInterval: str | None = None
    ContractCommitmentId: str | None = None
    ContractCommitmentLastUpdated: datetime | None = None
    ContractCommitmentLifecycleStatus: str | None = None
    ContractCommitmentModel: str | None = None
    ContractCommitmentOfferCategory: str | None = None
    ContractCommitmentPaymentInterval: str | None = None
    ContractCommitmentPaymentModel: str | None = None
    ContractCommitmentPaymentUpfrontPercentage: Decimal | None = None
    ContractCommitmentPeriodEnd: datetime | None = None
    ContractCommitmentPeriodStart: datetime | None = None
    ContractCommitmentQuantity: Decimal | None = None
    ContractCommitmentType: str | None = None
    ContractCommitmentUnit: str | None = None
    ContractId: str | None = None
    ContractPeriodEnd: datetime | None = None
    ContractPeriodStart: datetime | None = None
    InvoiceIssuerName: str | None = None
    PricingCurrency: str | None = None
    PricingCurrencyContractCommitmentCost: Decimal | None = None
    ServiceProviderName: str | None = None
    x_UnitPrice: Decimal | None = None
