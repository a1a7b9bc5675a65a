"""Rules that one row must keep by itself, as data: what it looks like when one is broken.

``{X}`` is a column's text and ``{X#}`` its number. A rule is asked where all its columns are there. Products are compared
within a billionth, as both outside validators do, so a binary product is exact enough to tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from billfold.model.focus import COMMITMENT, COST, INVOICE, PERIOD

_COLUMN_REFERENCE = re.compile(r"\{(\w+)(#?)\}")


class RowRule(NamedTuple):
    """A rule: its name, its dataset, what to say where it is broken, and the condition of a row that breaks it."""

    name: str
    dataset: str
    message: str
    broken: str

    @property
    def columns(self) -> frozenset[str]:
        """The columns it needs."""
        return frozenset(name for name, _ in _COLUMN_REFERENCE.findall(self.broken))

    @property
    def sql(self) -> str:
        """The condition as SQL over a bundle's view."""
        return _COLUMN_REFERENCE.sub(r'"\1\2"', self.broken)


_SOLD_CONDITION = "{ChargeCategory} IN ('Usage', 'Purchase') AND {ChargeClass} IS DISTINCT FROM 'Correction'"
_MEASURED_CONDITION = "{ChargeCategory} = 'Usage' AND {CommitmentDiscountStatus} IS DISTINCT FROM 'Unused'"
_PRICED_CONDITION = (
    "SkuId",
    "SkuPriceId",
    "ListUnitPrice",
    "ContractedUnitPrice",
    "PricingQuantity",
    "PricingCategory",
)
_UNTAXED_CONDITION = (
    *_PRICED_CONDITION,
    "PricingCurrencyListUnitPrice",
    "PricingCurrencyContractedUnitPrice",
    "ConsumedQuantity",
)
_COSTS_BY_PRICE = (
    *("ListUnitPrice", "ContractedUnitPrice", "PricingQuantity", "ConsumedQuantity", "PricingCategory"),
    *("SkuPriceDetails", "CommitmentDiscountQuantity"),
    *("PricingCurrencyListUnitPrice", "PricingCurrencyContractedUnitPrice"),
)
_PAIRED_COLUMNS = (
    *(("PricingQuantity", "PricingUnit"), ("ConsumedQuantity", "ConsumedUnit")),
    *(("CommitmentDiscountQuantity", "CommitmentDiscountUnit"), ("RegionId", "RegionName")),
    *(("SubAccountId", "SubAccountName"), ("SubAccountId", "SubAccountType"), ("ResourceId", "ResourceType")),
    *(("CommitmentDiscountId", "CommitmentDiscountCategory"), ("CommitmentDiscountId", "CommitmentDiscountType")),
    *(("AllocatedResourceId", "AllocatedResourceName"), ("InvoiceId", "InvoiceDetailId")),
)
_PART_COLUMNS = (
    *(("SkuId", "SkuMeter"), ("SkuId", "SkuPriceId"), ("ResourceId", "ResourceName")),
    *(("CommitmentDiscountId", "CommitmentDiscountName"), ("CommitmentDiscountId", "CommitmentDiscountStatus")),
    *(("CommitmentDiscountId", "CommitmentDiscountQuantity"), ("CapacityReservationId", "CapacityReservationStatus")),
    *(("AllocatedMethodId", "AllocatedMethodDetails"), ("AllocatedMethodId", "AllocatedResourceId")),
    ("AllocatedMethodId", "AllocatedTags"),
)


def _charge_rules() -> Iterator[tuple[str, str, str]]:
    yield "charge-period", "ends before it begins", "{ChargePeriodStart} >= {ChargePeriodEnd}"
    yield "billing-period", "ends before it begins", "{BillingPeriodStart} >= {BillingPeriodEnd}"
    for name in _PRICED_CONDITION:
        yield f"sold-without-{name}", f"usage or a purchase has no {name}", f"{_SOLD_CONDITION} AND {{{name}}} IS NULL"
    for name in _UNTAXED_CONDITION:
        yield f"tax-with-{name}", f"a tax has a {name}", f"{{ChargeCategory}} = 'Tax' AND {{{name}}} IS NOT NULL"
    for name in _COSTS_BY_PRICE:
        broken = f"{{SkuPriceId}} IS NULL AND {{{name}}} IS NOT NULL"
        yield f"{name}-without-SkuPriceId", f"{name} stands without a SkuPriceId", broken
    for first_column, second_column in _PAIRED_COLUMNS:
        broken = f"({{{first_column}}} IS NULL) <> ({{{second_column}}} IS NULL)"
        yield f"{first_column}-and-{second_column}", f"only one of {first_column} and {second_column} is null", broken
    for whole, part in _PART_COLUMNS:
        broken = f"{{{whole}}} IS NULL AND {{{part}}} IS NOT NULL"
        yield f"{part}-without-{whole}", f"{part} stands without {whole}", broken
    yield from _amount_rules()
    yield from _usage_rules()


def _amount_rules() -> Iterator[tuple[str, str, str]]:
    for cost, price in (("ListCost", "ListUnitPrice"), ("ContractedCost", "ContractedUnitPrice")):
        message = f"{cost} is not {price} x PricingQuantity"
        product = f"{{{price}#}}::DOUBLE * {{PricingQuantity#}}::DOUBLE"
        broken = f"abs({product} - {{{cost}#}}::DOUBLE) > 1e-9 * greatest(abs({{{cost}#}}::DOUBLE), 1)"
        yield f"{cost}-product", message, broken
        message = f"a credit has no price, so its {cost} is its BilledCost"
        yield f"{cost}-of-credit", message, f"{{ChargeCategory}} = 'Credit' AND {{{cost}#}} <> {{BilledCost#}}"
        broken = f"{{SkuPriceId}} IS NOT NULL AND {{{price}}} IS NULL"
        yield f"{price}-of-SkuPriceId", f"a price has no {price}", broken
    broken = "{ChargeCategory} IN ('Tax', 'Credit') AND {EffectiveCost#} <> {BilledCost#}"
    yield "effective-static", "EffectiveCost of a tax or credit is not BilledCost", broken
    uncovered = " AND ".join(
        f"{{{name}}} IS NULL" for name in ("CommitmentDiscountId", "ContractApplied", "CapacityReservationId")
    )
    broken = f"{{ChargeCategory}} = 'Usage' AND {{BilledCost#}} <> 0 AND {{EffectiveCost#}} <> {{BilledCost#}} AND {uncovered}"
    yield "effective-uncovered", "usage is covered by nothing, yet EffectiveCost is not BilledCost", broken
    for name in ("EffectiveCost", "ListUnitPrice", "ContractedUnitPrice"):
        same = f"{{PricingCurrency}} = {{BillingCurrency}} AND {{PricingCurrency{name}#}} <> {{{name}#}}"
        yield f"same-currency-{name}", f"PricingCurrency{name} differs in the same currency", same


def _usage_rules() -> Iterator[tuple[str, str, str]]:
    broken = f"{{ConsumedQuantity}} IS NOT NULL AND NOT ({_MEASURED_CONDITION})"
    yield "consumed-by-no-usage", "ConsumedQuantity stands on a row that is no usage, or unused", broken
    broken = f"{_MEASURED_CONDITION} AND {{ChargeClass}} IS NULL AND {{SkuPriceId}} IS NOT NULL AND {{ConsumedQuantity}} IS NULL"
    yield "usage-without-consumed", "usage has no ConsumedQuantity", broken
    broken = "{ChargeCategory} = 'Purchase' AND {ChargeFrequency} = 'Usage-Based'"
    yield "purchase-frequency", "a purchase is Usage-Based", broken
    broken = f"{_SOLD_CONDITION} AND {{PricingQuantity#}} < 0"
    yield "negative-quantity", "PricingQuantity is negative, and the row is no correction", broken
    for prefix in ("CommitmentDiscount", "CapacityReservation"):
        broken = f"{{ChargeCategory}} = 'Usage' AND {{{prefix}Id}} IS NOT NULL AND {{{prefix}Status}} IS NULL"
        yield f"usage-without-{prefix}Status", f"usage under a {prefix} is neither Used nor Unused", broken
    broken = f"{_SOLD_CONDITION} AND {{CommitmentDiscountId}} IS NOT NULL AND {{CommitmentDiscountQuantity}} IS NULL"
    yield "commitment-quantity", "a row of a commitment discount has no CommitmentDiscountQuantity", broken
    broken = "{CommitmentDiscountStatus} = 'Unused' AND {ResourceId} IS DISTINCT FROM {CommitmentDiscountId}"
    yield "unused-resource", "an unused commitment is not its own resource", broken
    unnamed = "{CommitmentDiscountId} IS NULL AND {ContractApplied} IS NULL"
    broken = f"{{PricingCategory}} = 'Committed' AND {unnamed}"
    yield "committed-to-nothing", "is priced by a commitment, and names neither a discount nor a contract", broken
    yield "estimate-invoiced", "an estimate has an InvoiceId", "{x_State} = 'estimate' AND {InvoiceId} IS NOT NULL"


def _invoice_details() -> Iterator[tuple[str, str, str]]:
    yield "billing-period", "ends before it begins", "{BillingPeriodStart} >= {BillingPeriodEnd}"
    yield "line-updated", "was updated before it was created", "{InvoiceDetailLastUpdated} < {InvoiceDetailCreated}"
    broken = "{InvoiceIssueStatus} = 'Open' AND {InvoiceIssueDate} IS NOT NULL"
    yield "open-with-date", "an open invoice has an InvoiceIssueDate", broken
    yield "due-before-issue", "is due before it was issued", "{PaymentDueDate} < {InvoiceIssueDate}"
    broken = (
        "{PaymentCurrency} = {BillingCurrency} AND {PaymentCurrencyInvoiceDetailId} = {InvoiceDetailId} "
        "AND {PaymentCurrencyBilledCost#} <> {BilledCost#} AND {PaymentCurrencyBilledCost#} <> 0"
    )
    yield "payment-amount", "PaymentCurrencyBilledCost differs in the same currency", broken


def _period_rules() -> Iterator[tuple[str, str, str]]:
    yield "billing-period", "ends before it begins", "{BillingPeriodStart} >= {BillingPeriodEnd}"
    yield "period-updated", "was updated before it was created", "{BillingPeriodLastUpdated} < {BillingPeriodCreated}"
    broken = "{BillingPeriodStatus} = 'Closed' AND {BillingPeriodLastUpdated} < {BillingPeriodEnd}"
    yield "closed-early", "is closed, but was last updated before its end", broken


def _commitment_rules() -> Iterator[tuple[str, str, str]]:
    p = "ContractCommitment"
    yield "commitment-period", "ends before it begins", f"{{{p}PeriodStart}} >= {{{p}PeriodEnd}}"
    yield "contract-period", "ends before it begins", "{ContractPeriodStart} >= {ContractPeriodEnd}"
    yield "commitment-updated", "was updated before it was created", f"{{{p}LastUpdated}} < {{{p}Created}}"
    for commitment_type, name in (("Spend", f"{p}Cost"), ("Spend", "BillingCurrency"), ("Usage", f"{p}Quantity")):
        broken = f"{{{p}Category}} = '{commitment_type}' AND {{{name}}} IS NULL"
        yield f"{commitment_type}-without-{name}", f"a commitment of {commitment_type} has no {name}", broken
    broken = f"{{{p}Category}} = 'Spend' AND {{PricingCurrency}} IS NOT NULL AND {{PricingCurrency{p}Cost}} IS NULL"
    yield "Spend-without-pricing-cost", f"a commitment of Spend has no PricingCurrency{p}Cost", broken
    broken = f"({{{p}Quantity}} IS NULL) <> ({{{p}Unit}} IS NULL)"
    yield "commitment-unit", "only one of quantity and unit is null", broken
    percent = f"{{{p}DiscountPercentage}}"
    broken = f"{{{p}BenefitCategory}} = 'Discount' AND {percent} IS NULL"
    yield "discount-unsaid", "a Discount has no percentage", broken
    broken = f"{{{p}BenefitCategory}} = 'Availability' AND {percent} IS NOT NULL"
    yield "availability-discount", "an Availability has a discount percentage", broken
    broken = f"{{{p}FulfillmentInterval}} = 'Full Period' AND {{{p}Model}} = 'Continuous'"
    yield "full-period-model", "Full Period is not Continuous", broken
    broken = f"{{{p}PaymentModel}} = 'All Upfront' AND {{{p}PaymentInterval}} <> 'One-Time'"
    yield "upfront-interval", "All Upfront is paid One-Time", broken
    share = f"{{{p}PaymentUpfrontPercentage#}}"
    broken = (
        f"CASE {{{p}PaymentModel}} WHEN 'All Upfront' THEN {share} <> 1 WHEN 'No Upfront' THEN {share} <> 0 "
        f"WHEN 'Partial Upfront' THEN {share} <= 0 OR {share} >= 1 END"
    )
    yield "upfront-share", "the upfront percentage does not fit the payment model", broken


def _build_rules() -> Iterator[RowRule]:
    by_dataset = {COST: _charge_rules, INVOICE: _invoice_details, PERIOD: _period_rules, COMMITMENT: _commitment_rules}
    for dataset, make_rules in by_dataset.items():
        for name, message, broken in make_rules():
            yield RowRule(name, dataset, message, broken)


ROW_RULES = tuple(_build_rules())
