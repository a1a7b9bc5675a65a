"""What contracts commit a customer to, as FOCUS contract commitments: one for each position of a plan with a quantity."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal

from billfold.model.focus import ContractCommitment
from billfold.model.period import Period
from billfold.providers.genesys.kinds import unit
from billfold.providers.genesys.lines import VENDOR, sku_of
from billfold.providers.genesys.listed import DAY, day
from billfold.providers.genesys.records import BillingContract, BillingPlan, BillingPlanItem, BillingProduct
from billfold.wire.codec import Maybe, given


def commitments(contracts: Iterable[BillingContract], read_at: datetime) -> tuple[ContractCommitment, ...]:
    """Return the commitments of contracts as they stood when they were read."""
    return tuple(found for contract in contracts for found in _of_contract(contract, read_at))


def _of_contract(contract: BillingContract, read_at: datetime) -> Iterator[ContractCommitment]:
    whole = _span(contract.date_start, contract.date_end)
    for plan in given(contract.plans, []):
        for item in given(plan.items, []):
            period = _span(item.date_effective_start, item.date_effective_end) or whole
            if whole and period and given(item.quantity, Decimal(0)) > 0:
                yield _commitment(contract, plan, item, whole, period)._replace(
                    ContractCommitmentCreated=read_at,
                    ContractCommitmentLastUpdated=read_at,
                    ContractCommitmentLifecycleStatus=_status(contract, period, read_at),
                )


def _commitment(
    contract: BillingContract, plan: BillingPlan, item: BillingPlanItem, whole: Period, period: Period
) -> ContractCommitment:
    number = str(given(item.item_number, ""))
    words = (
        given(plan.name, ""),
        given(item.description, "") or given(item.name, ""),
        given(contract.external_number, ""),
    )
    currency = given(item.currency_iso_code, None)
    return ContractCommitment(
        BillingCurrency=currency,
        ContractCommitmentApplicability=_applicability(plan, item),
        ContractCommitmentBenefitCategory="Entitlement",
        ContractCommitmentCategory="Usage",
        ContractCommitmentDescription=": ".join(word for word in words if word),
        ContractCommitmentDurationType=_duration(period),
        ContractCommitmentFulfillmentInterval="Monthly",
        ContractCommitmentId=f"{given(contract.id, '')}/{given(plan.id, '')}/{number}",
        ContractCommitmentModel="Continuous",
        ContractCommitmentOfferCategory="Negotiated",
        ContractCommitmentPaymentInterval="Monthly",
        ContractCommitmentPaymentModel="No Upfront",
        ContractCommitmentPaymentUpfrontPercentage=Decimal(0),
        ContractCommitmentPeriodEnd=period.end,
        ContractCommitmentPeriodStart=period.start,
        ContractCommitmentQuantity=given(item.quantity, None),
        ContractCommitmentType=given(contract.commercial_model, "") or "Subscription",
        ContractCommitmentUnit=unit(given(item.unit_of_measure, "")),
        ContractId=given(contract.id, None),
        ContractPeriodEnd=whole.end,
        ContractPeriodStart=whole.start,
        InvoiceIssuerName=VENDOR,
        PricingCurrency=currency,
        ServiceProviderName=VENDOR,
    )


def _span(start: Maybe[str], last: Maybe[str]) -> Period | None:
    first, final = day(start), day(last)
    return Period(first, final + DAY) if first and final and first <= final else None


def _applicability(plan: BillingPlan, item: BillingPlanItem) -> str:
    sku = sku_of(given(plan.product, BillingProduct()), given(item.name, ""))
    rules = [{"Dimension": "SkuId", "Operator": "In", "Values": [sku]}]
    organizations = [found for one in given(plan.organizations, []) if (found := given(one.id, ""))]
    if organizations:
        rules.append({"Dimension": "SubAccountId", "Operator": "In", "Values": organizations})
    return json.dumps({"InclusionOperator": "And", "Inclusions": rules})


def _duration(period: Period) -> str:
    months = (period.end.year - period.start.year) * 12 + period.end.month - period.start.month
    count, word = (months // 12, "Year") if months and months % 12 == 0 else (max(months, 1), "Month")
    return f"{count} {word}{'s' if count > 1 else ''}"


def _status(contract: BillingContract, period: Period, read_at: datetime) -> str:
    if read_at < period.start:
        return "Pending"
    return "Active" if read_at < period.end and given(contract.status, "").lower() == "active" else "Expired"
