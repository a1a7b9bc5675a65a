"""What contracts commit a customer to, as FOCUS contract commitments: one for each position of a plan with a quantity.

What is bought or used under one says so in its ContractApplied.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from billfold.model.focus import ContractCommitment
from billfold.model.period import Period
from billfold.providers.genesys.mapping.classify import unit
from billfold.providers.genesys.mapping.invoice_periods import DAY, day
from billfold.providers.genesys.mapping.lines import VENDOR, digits, sku_of
from billfold.providers.genesys.records import BillingContract, BillingPlan, BillingPlanItem, BillingProduct
from billfold.wire.codec import Maybe, get_or


class Position(NamedTuple):
    """A position of a plan that commits the customer to a quantity each month."""

    contract: BillingContract
    plan: BillingPlan
    item: BillingPlanItem
    whole: Period
    period: Period

    @property
    def id(self) -> str:
        """Its ContractCommitmentId."""
        number = str(get_or(self.item.item_number, ""))
        return f"{get_or(self.contract.id, '')}/{get_or(self.plan.id, '')}/{number}"

    @property
    def unit(self) -> str:
        """What its quantity counts."""
        return unit(get_or(self.item.unit_of_measure, ""))

    @property
    def organizations(self) -> frozenset[str]:
        """The ids of the organizations that its plan is for; none where it does not say."""
        return frozenset(found for one in get_or(self.plan.organizations, []) if (found := get_or(one.id, "")))


class Share(NamedTuple):
    """What a line buys or uses of something, when, and for which organizations (none: it does not say)."""

    name: str
    quantity: Decimal
    unit: str
    start: datetime
    end: datetime
    organizations: frozenset[str] = frozenset()


def positions(contracts: Iterable[BillingContract]) -> list[Position]:
    """Return the positions of contracts' plans that commit to a quantity in a time."""
    return [found for contract in contracts for found in _of_contract(contract)]


def applied(share: Share, known: Iterable[Position]) -> str | None:
    """Return the ContractApplied of a line: the one commitment that is for the same thing, unit, time and organization.

    None where nothing is left to apply, and where several could be meant.
    """
    found = [one for one in known if _is_for(one, share)] if share.quantity > 0 else []
    if len(found) != 1:
        return None
    contract, commitment = (json.dumps(text) for text in (get_or(found[0].contract.id, ""), found[0].id))
    return (
        f'{{"Elements": [{{"ContractId": {contract}, "ContractCommitmentId": {commitment}, '
        f'"ContractCommitmentAppliedQuantity": {digits(share.quantity)}, '
        f'"ContractCommitmentAppliedUnit": {json.dumps(share.unit)}}}]}}'
    )


def _is_for(one: Position, share: Share) -> bool:
    in_time = one.period.start <= share.start and share.end <= one.period.end
    shared = not one.organizations or not share.organizations or bool(one.organizations & share.organizations)
    return in_time and shared and one.unit == share.unit and get_or(one.item.name, "") == share.name


def commitments(contracts: Iterable[BillingContract], read_at: datetime) -> tuple[ContractCommitment, ...]:
    """Return the commitments of contracts as they stood when they were read."""
    return tuple(
        _commitment(one)._replace(
            ContractCommitmentCreated=read_at,
            ContractCommitmentLastUpdated=read_at,
            ContractCommitmentLifecycleStatus=_status(one.contract, one.period, read_at),
        )
        for one in positions(contracts)
    )


def _of_contract(contract: BillingContract) -> Iterator[Position]:
    whole = _span(contract.date_start, contract.date_end)
    for plan in get_or(contract.plans, []):
        for item in get_or(plan.items, []):
            period = _span(item.date_effective_start, item.date_effective_end) or whole
            if whole and period and get_or(item.quantity, Decimal(0)) > 0:
                yield Position(contract, plan, item, whole, period)


def _commitment(position: Position) -> ContractCommitment:
    contract, plan, item, whole, period = position
    words = (
        get_or(plan.name, ""),
        get_or(item.description, "") or get_or(item.name, ""),
        get_or(contract.external_number, ""),
    )
    currency = get_or(item.currency_iso_code, None)
    return ContractCommitment(
        BillingCurrency=currency,
        ContractCommitmentApplicability=_applicability(position),
        ContractCommitmentBenefitCategory="Entitlement",
        ContractCommitmentCategory="Usage",
        ContractCommitmentDescription=": ".join(word for word in words if word),
        ContractCommitmentDurationType=_duration(period),
        ContractCommitmentFulfillmentInterval="Monthly",
        ContractCommitmentId=position.id,
        ContractCommitmentModel="Continuous",
        ContractCommitmentOfferCategory="Negotiated",
        ContractCommitmentPaymentInterval="Monthly",
        ContractCommitmentPaymentModel="No Upfront",
        ContractCommitmentPaymentUpfrontPercentage=Decimal(0),
        ContractCommitmentPeriodEnd=period.end,
        ContractCommitmentPeriodStart=period.start,
        ContractCommitmentQuantity=get_or(item.quantity, None),
        ContractCommitmentType=get_or(contract.commercial_model, "") or "Subscription",
        ContractCommitmentUnit=position.unit,
        ContractId=get_or(contract.id, None),
        ContractPeriodEnd=whole.end,
        ContractPeriodStart=whole.start,
        InvoiceIssuerName=VENDOR,
        PricingCurrency=currency,
        ServiceProviderName=VENDOR,
    )


def _span(start: Maybe[str], last: Maybe[str]) -> Period | None:
    first, final = day(start), day(last)
    return Period(first, final + DAY) if first and final and first <= final else None


def _applicability(position: Position) -> str:
    """Say what a commitment is for; a position that is called otherwise than its plan's product is another product."""
    product, title = get_or(position.plan.product, BillingProduct()), get_or(position.item.name, "")
    other = title and title != get_or(product.name, title)
    what, value = ("ServiceName", title) if other else ("SkuId", sku_of(product, title))
    rules = [{"Dimension": what, "Operator": "In", "Values": [value]}]
    if position.organizations:
        rules.append({"Dimension": "SubAccountId", "Operator": "In", "Values": sorted(position.organizations)})
    return json.dumps({"InclusionOperator": "And", "Inclusions": rules})


def _duration(period: Period) -> str:
    months = (period.end.year - period.start.year) * 12 + period.end.month - period.start.month
    count, word = (months // 12, "Year") if months and months % 12 == 0 else (max(months, 1), "Month")
    return f"{count} {word}{'s' if count > 1 else ''}"


def _status(contract: BillingContract, period: Period, read_at: datetime) -> str:
    if read_at < period.start:
        return "Pending"
    return "Active" if read_at < period.end and get_or(contract.status, "").lower() == "active" else "Expired"
