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
from billfold.providers.genesys.mapping import classify
from billfold.providers.genesys.mapping.classify import Kind
from billfold.providers.genesys.mapping.invoice_periods import day
from billfold.providers.genesys.records import BillingContract, BillingProduct, NamedEntity
from billfold.wire.codec import Maybe, get_or

VENDOR = "Genesys"
PLATFORM = "Genesys Cloud"


class Line(NamedTuple):
    """The columns that vary."""

    BilledCost: Decimal
    ChargeCategory: str
    ChargeClass: str | None
    ChargeDescription: str | None
    ChargeFrequency: str
    ChargePeriodEnd: datetime
    ChargePeriodStart: datetime
    ConsumedQuantity: Decimal | None
    ConsumedUnit: str | None
    ContractApplied: str | None
    ContractedCost: Decimal
    ContractedUnitPrice: Decimal | None
    EffectiveCost: Decimal
    InvoiceDetailId: str | None
    ListCost: Decimal
    ListUnitPrice: Decimal | None
    PricingCategory: str | None
    PricingCurrencyContractedUnitPrice: Decimal | None
    PricingCurrencyEffectiveCost: Decimal
    PricingCurrencyListUnitPrice: Decimal | None
    PricingQuantity: Decimal | None
    PricingUnit: str | None
    ServiceCategory: str
    ServiceName: str
    ServiceSubcategory: str
    SkuId: str | None
    SkuMeter: str | None
    SkuPriceId: str | None
    SubAccountId: str | None
    SubAccountName: str | None
    SubAccountType: str | None
    x_Details: str | None
    x_JsonPath: str
    x_ListedUnitPrice: Decimal | None
    x_NativeId: str | None


class What(NamedTuple):
    """What a line is about: its kind, its product, its unit, for whom it is, and which commitment it draws on.

    ``category`` is its PricingCategory.
    """

    kind: Kind
    service: str
    sku: str
    price_id: str
    unit: str
    organization: tuple[str, str] | None
    applied: str | None = None
    category: str = "Standard"


class When(NamedTuple):
    """The half-open time that a line is for."""

    start: datetime
    end: datetime


class Where(NamedTuple):
    """Where a line stands, and under which ids."""

    path: str
    native_id: str | None
    detail_id: str | None
    details: str | None
    correction: bool = False


def common(customer: tuple[str, str], period: Period, currency: str, seq: int) -> CostAndUsage:
    """Return the columns that do not vary within a bill, for a customer's number and name."""
    number, title = customer
    category, subcategory = classify.family(PLATFORM)
    return CostAndUsage(
        BillingAccountId=number or "unknown",
        BillingAccountName=title or number or None,
        BillingAccountType="Customer",
        BillingCurrency=currency,
        BillingPeriodStart=period.start,
        BillingPeriodEnd=period.end,
        HostProviderName=VENDOR,
        InvoiceIssuerName=VENDOR,
        PricingCurrency=currency,
        ServiceCategory=category,
        ServiceName=PLATFORM,
        ServiceProviderName=VENDOR,
        ServiceSubcategory=subcategory,
        x_ArchiveSeq=seq,
    )


def line(
    what: What, cost: Decimal, priced: Price, consumed: Decimal, description: str | None, when: When, where: Where
) -> Line:
    """Put a line together; tax and credits have no SKU and no price (the null cascade of FOCUS)."""
    category, subcategory = classify.family(what.service)
    has_sku = what.kind.category in {"Usage", "Purchase"}
    used = what.kind.category == "Usage"
    price = priced.unit_price if has_sku else None
    organization = what.organization
    return Line(
        BilledCost=cost,
        ChargeCategory=what.kind.category,
        ChargeClass="Correction" if where.correction else None,
        ChargeDescription=description,
        ChargeFrequency=what.kind.frequency,
        ChargePeriodEnd=when.end,
        ChargePeriodStart=when.start,
        ConsumedQuantity=consumed if used else None,
        ConsumedUnit=what.unit if used else None,
        ContractApplied=what.applied,
        ContractedCost=cost,
        ContractedUnitPrice=price,
        EffectiveCost=cost,
        InvoiceDetailId=where.detail_id,
        ListCost=cost,
        ListUnitPrice=price,
        PricingCategory=what.category if has_sku else None,
        PricingCurrencyContractedUnitPrice=price,
        PricingCurrencyEffectiveCost=cost,
        PricingCurrencyListUnitPrice=price,
        PricingQuantity=priced.quantity if has_sku else None,
        PricingUnit=what.unit if has_sku else None,
        ServiceCategory=category,
        ServiceName=what.service,
        ServiceSubcategory=subcategory,
        SkuId=what.sku if has_sku else None,
        SkuMeter=what.unit if has_sku else None,
        SkuPriceId=what.price_id if has_sku else None,
        SubAccountId=organization[0] if organization else None,
        SubAccountName=organization[1] if organization else None,
        SubAccountType="Organization" if organization else None,
        x_Details=where.details,
        x_JsonPath=where.path,
        x_ListedUnitPrice=priced.published_rate if has_sku else None,
        x_NativeId=where.native_id,
    )


class Rate(NamedTuple):
    """A price out of a contract's plans, the number of its position, its days (None: unbounded) and its discount."""

    price: Decimal
    number: str
    first: datetime | None
    last: datetime | None
    discount: str


Rates = dict[tuple[str, str, str], list[Rate]]
"""By the item's name, the charge category and the currency."""


def rates(contracts: Iterable[BillingContract]) -> Rates:
    """Gather the prices of contracts: ``price`` for what is bought beforehand, ``overagePrice`` for what is used."""
    found: Rates = {}
    for contract in contracts:
        for plan in get_or(contract.plans, []):
            for item in get_or(plan.items, []):
                number = str(get_or(item.item_number, ""))
                name, currency = get_or(item.name, ""), get_or(item.currency_iso_code, "")
                for category, price in (("Purchase", item.price), ("Usage", item.overage_price)):
                    if number and isinstance(price, Decimal):
                        days = day(item.date_effective_start), day(item.date_effective_end)
                        rate = Rate(price, number, *days, digits(item.discount_amount))
                        found.setdefault((name, category, currency), []).append(rate)
    return found


def rate_on(start: datetime, known: Iterable[Rate]) -> Rate | None:
    """Return the rate that counts on the day on which a service begins; the first where several do."""
    return next((r for r in known if (not r.first or r.first <= start) and (not r.last or start <= r.last)), None)


def price_id(sku: str, category: str, rate: Rate | None) -> str:
    """Name a price: the SKU, the position of the plan where one is known, and which of its two prices it is."""
    which = "prepay" if category == "Purchase" else "use"
    return "/".join((sku, rate.number, which) if rate else (sku, which))


def sku_of(product: BillingProduct, service: str) -> str:
    """Return a product's SKU; one without is called by its name."""
    return get_or(product.sku, "") or "-".join(service.lower().split())


def only(organizations: Maybe[list[NamedEntity]]) -> tuple[str, str] | None:
    """Return the one organization that something is for, or None where there are several or none."""
    known = get_or(organizations, [])
    return organization(known[0]) if len(known) == 1 else None


def organization(said: Maybe[NamedEntity]) -> tuple[str, str] | None:
    """Return an organization's id and name."""
    known = get_or(said, NamedEntity())
    found = get_or(known.id, "") or get_or(known.name, "")
    return (found, get_or(known.name, "") or found) if found else None


@lru_cache(maxsize=4096)
def details(*facts: tuple[str, str]) -> str | None:
    """Write native words that FOCUS has no column for as flat JSON; empty ones are left out."""
    said = {name: value for name, value in facts if value}
    return json.dumps(said, ensure_ascii=False) if said else None


def digits(number: Maybe[Decimal]) -> str:
    """Write a number with all its digits, or an empty text."""
    return format_decimal(number) if isinstance(number, Decimal) else ""


def money(number: Maybe[Decimal]) -> Decimal:
    """Return an amount; absent and null count as zero."""
    return get_or(number, ZERO)
