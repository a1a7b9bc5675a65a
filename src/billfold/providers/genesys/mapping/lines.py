"""The columns that vary from line to line, put together for a line of an invoice, a charge or a wallet."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from billfold.model.focus import CostAndUsage
from billfold.model.money import ZERO, format_decimal
from billfold.model.period import Period
from billfold.model.pricing import Price
from billfold.providers.currencies import read_currency
from billfold.providers.genesys.mapping import classify
from billfold.providers.genesys.mapping.classify import LineCategory
from billfold.providers.genesys.mapping.invoice_periods import parse_day
from billfold.providers.genesys.records import BillingContract, BillingProduct, NamedEntity
from billfold.providers.mapping import (
    TAX_SERVICE,
    Sku,
    build_bill_row,
    build_price_columns,
    is_in_bounds,
    is_reckonable,
    make_price_id,
    spread_cost,
)
from billfold.wire.codec import Maybe, get_or

VENDOR_NAME = "Genesys"
PLATFORM_NAME = "Genesys Cloud"


class GenesysLine(NamedTuple):
    """The columns that vary; costs and prices that are mostly equal stand together, to be converted once."""

    BilledCost: Decimal
    ContractedCost: Decimal
    EffectiveCost: Decimal
    ListCost: Decimal
    PricingCurrencyEffectiveCost: Decimal
    ChargeCategory: str
    ChargeClass: str | None
    ChargeDescription: str | None
    ChargeFrequency: str
    ChargePeriodEnd: datetime
    ChargePeriodStart: datetime
    ContractApplied: str | None
    InvoiceDetailId: str | None
    ServiceCategory: str
    ServiceName: str
    ServiceSubcategory: str
    SubAccountId: str | None
    SubAccountName: str | None
    SubAccountType: str | None
    x_Details: str | None
    x_JsonPath: str
    x_NativeId: str | None
    ConsumedQuantity: Decimal | None = None
    PricingQuantity: Decimal | None = None
    ContractedUnitPrice: Decimal | None = None
    ListUnitPrice: Decimal | None = None
    PricingCurrencyContractedUnitPrice: Decimal | None = None
    PricingCurrencyListUnitPrice: Decimal | None = None
    x_UnitPrice: Decimal | None = None
    x_PriceBasis: str | None = None
    ConsumedUnit: str | None = None
    PricingUnit: str | None = None
    PricingCategory: str | None = None
    SkuId: str | None = None
    SkuMeter: str | None = None
    SkuPriceId: str | None = None


class LineSubject(NamedTuple):
    """What a line is about: its kind, its product, its SKU, for whom it is, and which commitment it draws on.

    ``category`` is its PricingCategory.
    """

    line_category: LineCategory
    service: str
    sku: Sku
    organization: tuple[str, str] | None
    applied: str | None = None
    category: str = "Standard"


class LineSource(NamedTuple):
    """Where a line stands, and under which ids."""

    path: str
    native_id: str | None
    detail_id: str | None
    details: str | None
    is_correction: bool = False


def build_common_row(customer: tuple[str, str], period: Period, currency: str, seq: int) -> CostAndUsage:
    """Return the columns that do not vary within a bill, for a customer's number and name."""
    number, name = customer
    category, subcategory = classify.classify_service(PLATFORM_NAME)
    return build_bill_row(VENDOR_NAME, "Customer", period, currency)._replace(
        BillingAccountId=number or "unknown",
        BillingAccountName=name or number or None,
        ServiceCategory=category,
        ServiceName=PLATFORM_NAME,
        ServiceSubcategory=subcategory,
        x_ArchiveSeq=seq,
    )


def build_line(
    subject: LineSubject,
    cost: Decimal,
    line_price: Price,
    consumed_quantity: Decimal,
    description: str | None,
    service_time: Period,
    source: LineSource,
) -> GenesysLine:
    """Put a line together; tax and credits have no SKU and no price."""
    service_category, service_subcategory = classify.classify_service(subject.service)
    charge_category, frequency, _ = subject.line_category
    organization_id, organization_name = subject.organization or (None, None)
    is_usage = charge_category == "Usage"
    columns = spread_cost(cost)
    if is_usage or charge_category == "Purchase":
        used_quantity = consumed_quantity if is_usage else None
        columns |= build_price_columns(subject.sku, line_price, used_quantity, subject.category)
    line = GenesysLine(
        **columns,
        ChargeCategory=charge_category,
        ChargeClass="Correction" if source.is_correction else None,
        ChargeDescription=description,
        ChargeFrequency=frequency,
        ChargePeriodEnd=service_time.end,
        ChargePeriodStart=service_time.start,
        ContractApplied=subject.applied,
        InvoiceDetailId=source.detail_id,
        ServiceCategory=service_category,
        ServiceName=subject.service,
        ServiceSubcategory=service_subcategory,
        SubAccountId=organization_id,
        SubAccountName=organization_name,
        SubAccountType="Organization" if organization_id else None,
        x_Details=source.details,
        x_JsonPath=source.path,
        x_NativeId=source.native_id,
    )
    return line._replace(**TAX_SERVICE) if charge_category == "Tax" else line


class PlanRate(NamedTuple):
    """A price out of a contract's plans, the number of its position, its days (None: unbounded) and its discount."""

    price: Decimal
    item_number: str
    first_day: datetime | None
    last_day: datetime | None
    discount: str


Rates = dict[tuple[str, str, str], list[PlanRate]]
"""By the item's name, the charge category and the currency."""


def collect_rates(contracts: Iterable[BillingContract]) -> Rates:
    """Gather the prices of contracts: ``price`` for what is bought beforehand, ``overagePrice`` for what is used."""
    rates_by_item: Rates = {}
    for contract in contracts:
        for plan in get_or(contract.plans, []):
            for item in get_or(plan.items, []):
                item_number = str(get_or(item.item_number, ""))
                item_name, currency = get_or(item.name, ""), read_currency(item.currency_iso_code)
                for category, price in (("Purchase", item.price), ("Usage", item.overage_price)):
                    if item_number and isinstance(price, Decimal) and is_in_bounds(price):
                        days = parse_day(item.date_effective_start), parse_day(item.date_effective_end)
                        rate = PlanRate(price, item_number, *days, format_number(item.discount_amount))
                        rates_by_item.setdefault((item_name, category, currency), []).append(rate)
    return rates_by_item


def find_rate(start: datetime, plan_rates: Iterable[PlanRate]) -> PlanRate | None:
    """Return the rate that counts on the day on which a service begins; the first where several do."""
    return next(
        (
            plan_rate
            for plan_rate in plan_rates
            if (not plan_rate.first_day or plan_rate.first_day <= start)
            and (not plan_rate.last_day or start <= plan_rate.last_day)
        ),
        None,
    )


def price_sku(sku_id: str, unit: str, category: str) -> Sku:
    """Name a price: the SKU, and which of its two prices it is; a plan that is renewed has the same ids."""
    return Sku(sku_id, unit, make_price_id(sku_id, "prepay" if category == "Purchase" else "use"), unit)


def sku_of(product: BillingProduct, service: str) -> str:
    """Return a product's SKU; one without is called by its name."""
    return get_or(product.sku, "") or "-".join(service.lower().split())


def read_only_organization(organizations: Maybe[list[NamedEntity]]) -> tuple[str, str] | None:
    """Return the one organization that something is for, or None where there are several or none."""
    organization_list = get_or(organizations, [])
    return read_organization(organization_list[0]) if len(organization_list) == 1 else None


def read_organization(entity: Maybe[NamedEntity]) -> tuple[str, str] | None:
    """Return an organization's id and name."""
    entity_record = get_or(entity, NamedEntity())
    organization_id = get_or(entity_record.id, "") or get_or(entity_record.name, "")
    return (organization_id, get_or(entity_record.name, "") or organization_id) if organization_id else None


@lru_cache(maxsize=4096)
def format_details(*facts: tuple[str, str]) -> str | None:
    """Write native words that FOCUS has no column for as flat JSON; empty ones are left out."""
    stated_facts = {fact_name: value for fact_name, value in facts if value}
    return json.dumps(stated_facts, ensure_ascii=False) if stated_facts else None


def format_number(number: Maybe[Decimal]) -> str:
    """Write a number with all its digits, or an empty text."""
    return format_decimal(number) if isinstance(number, Decimal) else ""


def find_amount(number: Maybe[Decimal]) -> Decimal | None:
    """Return an amount; None where there is none, or something that nobody can reckon with."""
    return number if isinstance(number, Decimal) and is_reckonable(number) else None


def read_amount(number: Maybe[Decimal]) -> Decimal:
    """Return an amount; what is none counts as zero."""
    return find_amount(number) or ZERO
