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
from billfold.providers.currencies import read_currency
from billfold.providers.genesys.mapping.classify import format_unit
from billfold.providers.genesys.mapping.invoice_periods import parse_day
from billfold.providers.genesys.mapping.lines import VENDOR_NAME, format_number, sku_of
from billfold.providers.genesys.records import BillingContract, BillingPlan, BillingPlanItem, BillingProduct
from billfold.providers.mapping import is_in_bounds
from billfold.providers.periods import close_period
from billfold.wire.codec import Maybe, get_or


class PlanPosition(NamedTuple):
    """A position of a plan that commits the customer to a quantity each month."""

    contract: BillingContract
    plan: BillingPlan
    item: BillingPlanItem
    contract_period: Period
    period: Period

    @property
    def id(self) -> str:
        """Its ContractCommitmentId."""
        item_number = str(get_or(self.item.item_number, ""))
        return f"{get_or(self.contract.id, '')}/{get_or(self.plan.id, '')}/{item_number}"

    @property
    def unit(self) -> str:
        """What its quantity counts."""
        return format_unit(get_or(self.item.unit_of_measure, ""))

    @property
    def organizations(self) -> frozenset[str]:
        """The ids of the organizations that its plan is for; none where it does not say."""
        return frozenset(
            organization_id
            for organization in get_or(self.plan.organizations, [])
            if (organization_id := get_or(organization.id, ""))
        )


class CommitmentShare(NamedTuple):
    """What a line buys or uses of something, when, and for which organizations (none: it does not say)."""

    name: str
    quantity: Decimal
    unit: str
    start: datetime
    end: datetime
    organizations: frozenset[str] = frozenset()


def list_positions(contracts: Iterable[BillingContract]) -> list[PlanPosition]:
    """Return the positions of contracts' plans that commit to a quantity in a time."""
    return [position for contract in contracts for position in _iter_positions(contract)]


def format_applied(share: CommitmentShare, plan_positions: Iterable[PlanPosition]) -> str | None:
    """Return the ContractApplied of a line: the one commitment that is for the same thing, unit, time and organization.

    None where nothing is left to apply, and where several could be meant.
    """
    position = find_position(share, plan_positions) if share.quantity > 0 else None
    if position is None:
        return None
    contract, commitment = (json.dumps(id_text) for id_text in (get_or(position.contract.id, ""), position.id))
    return (
        f'{{"Elements": [{{"ContractId": {contract}, "ContractCommitmentId": {commitment}, '
        f'"ContractCommitmentAppliedQuantity": {format_number(share.quantity)}, '
        f'"ContractCommitmentAppliedUnit": {json.dumps(share.unit)}}}]}}'
    )


def find_position(share: CommitmentShare, plan_positions: Iterable[PlanPosition]) -> PlanPosition | None:
    """Return the one commitment that is for the same thing, unit, time and organization; None where several could be meant."""
    matches = [position for position in plan_positions if _matches_share(position, share)]
    return matches[0] if len(matches) == 1 else None


def _matches_share(position: PlanPosition, share: CommitmentShare) -> bool:
    is_same = get_or(position.item.name, "") == share.name and position.unit == share.unit
    in_time = position.period.start <= share.start and share.end <= position.period.end
    return is_same and in_time and _may_be_for(position.organizations, share.organizations)


def _may_be_for(committed: frozenset[str], used: frozenset[str]) -> bool:
    return not committed or not used or bool(committed & used)


class ContractTerms(NamedTuple):
    """A contract with its positions by the item's name: each charge looks for its own."""

    contract: BillingContract
    positions: dict[str, list[PlanPosition]]


def index_terms(contract: BillingContract) -> ContractTerms:
    """Gather the positions of a contract once, so that a long period of a large contract is read in no time."""
    terms = ContractTerms(contract, {})
    for position in list_positions([contract]):
        terms.positions.setdefault(get_or(position.item.name, ""), []).append(position)
    return terms


def find_applied(terms: ContractTerms, share: CommitmentShare) -> str | None:
    """Return the ContractApplied of a line, as ``format_applied`` does, by the positions of one contract."""
    return format_applied(share, terms.positions.get(share.name, ()))


def list_commitments(contracts: Iterable[BillingContract], read_at: datetime) -> tuple[ContractCommitment, ...]:
    """Return the commitments of contracts as they stood when they were read."""
    return tuple(
        _build_commitment(position)._replace(
            ContractCommitmentCreated=read_at,
            ContractCommitmentLastUpdated=read_at,
            ContractCommitmentLifecycleStatus=_find_status(position.contract, position.period, read_at),
        )
        for position in list_positions(contracts)
    )


def _iter_positions(contract: BillingContract) -> Iterator[PlanPosition]:
    contract_period = _read_period(contract.date_start, contract.date_end)
    for plan in get_or(contract.plans, []):
        for item in get_or(plan.items, []):
            period = _read_period(item.date_effective_start, item.date_effective_end) or contract_period
            quantity = get_or(item.quantity, Decimal(0))
            if contract_period and period and is_in_bounds(quantity) and quantity > 0:
                yield PlanPosition(contract, plan, item, contract_period, period)


def _build_commitment(position: PlanPosition) -> ContractCommitment:
    contract, plan, item, contract_period, period = position
    description_parts = (
        get_or(plan.name, ""),
        get_or(item.description, "") or get_or(item.name, ""),
        get_or(contract.external_number, ""),
    )
    currency, price = read_currency(item.currency_iso_code) or None, get_or(item.price, None)
    return ContractCommitment(
        BillingCurrency=currency,
        ContractCommitmentApplicability=_format_applicability(position),
        ContractCommitmentBenefitCategory="Entitlement",
        ContractCommitmentCategory="Usage",
        ContractCommitmentDescription=": ".join(part for part in description_parts if part),
        ContractCommitmentDurationType=_format_duration(period),
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
        ContractPeriodEnd=contract_period.end,
        ContractPeriodStart=contract_period.start,
        InvoiceIssuerName=VENDOR_NAME,
        PricingCurrency=currency,
        ServiceProviderName=VENDOR_NAME,
        x_UnitPrice=price if isinstance(price, Decimal) and is_in_bounds(price) else None,
    )


def _read_period(start_text: Maybe[str], last_text: Maybe[str]) -> Period | None:
    first_day, last_day = parse_day(start_text), parse_day(last_text)
    return close_period(first_day, last_day) if first_day and last_day and first_day <= last_day else None


def _format_applicability(position: PlanPosition) -> str:
    """Say what a commitment is for; a position that is called otherwise than its plan's product is another product."""
    product, item_name = get_or(position.plan.product, BillingProduct()), get_or(position.item.name, "")
    is_other_product = item_name and item_name != get_or(product.name, item_name)
    dimension, value = ("ServiceName", item_name) if is_other_product else ("SkuId", sku_of(product, item_name))
    rules = [{"Dimension": dimension, "Operator": "In", "Values": [value]}]
    if position.organizations:
        rules.append({"Dimension": "SubAccountId", "Operator": "In", "Values": sorted(position.organizations)})
    return json.dumps({"InclusionOperator": "And", "Inclusions": rules})


def _format_duration(period: Period) -> str:
    months = (period.end.year - period.start.year) * 12 + period.end.month - period.start.month
    count, unit_name = (months // 12, "Year") if months and months % 12 == 0 else (max(months, 1), "Month")
    return f"{count} {unit_name}{'s' if count > 1 else ''}"


def _find_status(contract: BillingContract, period: Period, read_at: datetime) -> str:
    if read_at < period.start:
        return "Pending"
    return "Active" if read_at < period.end and get_or(contract.status, "").lower() == "active" else "Expired"
