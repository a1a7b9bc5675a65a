"""One line of a Fastly bill, of either API version, as the FOCUS columns that vary from line to line."""

from __future__ import annotations

import json
from decimal import Context, Decimal
from functools import lru_cache
from typing import NamedTuple

from billfold.model.bill import DetailIds
from billfold.model.money import EXACT, plain, times
from billfold.model.pricing import price
from billfold.providers.fastly.mapping.services import TEN_THOUSAND, Service, is_shortfall, is_tax, slug
from billfold.wire.codec import Maybe, given

ONE, CENT = Decimal(1), Decimal("0.01")
_FINEST, _WIDE = Decimal("1E-12"), Context(prec=60)


class Line(NamedTuple):
    """The columns that vary from line to line."""

    BilledCost: Decimal
    ChargeCategory: str
    ChargeDescription: str | None
    ChargeFrequency: str
    ConsumedQuantity: Decimal | None
    ConsumedUnit: str | None
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
    RegionId: str | None
    RegionName: str | None
    ServiceCategory: str
    ServiceName: str
    ServiceSubcategory: str
    SkuId: str | None
    SkuMeter: str | None
    SkuPriceId: str | None
    x_Details: str | None
    x_JsonPath: str
    x_ListedUnitPrice: Decimal | None
    x_NativeId: str | None
    x_Synthetic: bool | None


class Item(NamedTuple):
    """What either API version says of a line, before it is priced.

    ``usage`` is empty where nothing was measured; ``list_price`` is the price before a discount where one is published;
    ``once`` tells that the vendor calls it a one-time charge.
    """

    description: str
    product: str
    service: Service
    region: str | None
    usage: str
    unit: str
    units: Decimal | None
    rate: Decimal | None
    amount: Decimal
    coupon: str
    sku: str
    details: str
    path: str
    sku_price: str = ""
    native: str | None = None
    list_price: Decimal | None = None
    once: bool = False
    synthetic: bool | None = None


def number(value: Maybe[Decimal]) -> Decimal | None:
    """Return a number that money can be reckoned with; None where it is absent, null, or no such number."""
    if value is None or not isinstance(value, Decimal) or not value.is_finite():
        return None
    return value if value.as_tuple().exponent >= -40 and value.adjusted() <= 40 else None  # type: ignore[operator]


def text(value: Maybe[str]) -> str:
    """Return a text; empty where it is absent or null."""
    return given(value, "")


@lru_cache(maxsize=4096)
def details(*pairs: tuple[str, str]) -> str:
    """Write native fields that have no FOCUS column as flat JSON; empty ones are left out."""
    return json.dumps({name: value for name, value in pairs if value})


def category(item: Item) -> str:
    """Decide what kind of charge a line is; the first rule that fits counts."""
    if is_tax(item.description, item.product):
        return "Tax"
    if item.coupon or item.amount < 0:
        return "Credit"
    if is_shortfall(item.description, item.product):
        return "Purchase"
    return "Usage" if item.usage else "Purchase"


def _frequency(item: Item, kind: str) -> str:
    if kind == "Usage":
        return "Usage-Based"
    once = item.once or "setup" in item.description.lower()
    return "Recurring" if kind == "Purchase" and not once else "One-Time"


def line(item: Item, ids: DetailIds | None, *, unique: bool = False) -> Line:
    """Make the columns of a line; ``unique`` says that its native id is the only one of the invoice.

    Without ``ids`` (an estimate) it has no InvoiceDetailId.
    """
    kind = category(item)
    made = _priced(item, kind) if kind in {"Usage", "Purchase"} else _unpriced(item, kind)
    if ids is None:
        return made
    if unique and item.native:
        return made._replace(InvoiceDetailId=item.native)
    # NOTE: price steps of one product have the same words; a flat charge's rate is its amount, so it may change.
    about = (item.description, item.product, item.region, item.usage, item.rate if item.usage else None)
    return made._replace(InvoiceDetailId=ids.next(*about))


def _unpriced(item: Item, kind: str) -> Line:
    """Make a tax or credit: an amount, and no price of anything."""
    return Line(
        BilledCost=item.amount,
        ChargeCategory=kind,
        ChargeDescription=item.description or item.product or None,
        ChargeFrequency=_frequency(item, kind),
        ConsumedQuantity=None,
        ConsumedUnit=None,
        ContractedCost=item.amount,
        ContractedUnitPrice=None,
        EffectiveCost=item.amount,
        InvoiceDetailId=None,
        ListCost=item.amount,
        ListUnitPrice=None,
        PricingCategory=None,
        PricingCurrencyContractedUnitPrice=None,
        PricingCurrencyEffectiveCost=item.amount,
        PricingCurrencyListUnitPrice=None,
        PricingQuantity=None,
        PricingUnit=None,
        RegionId=slug(item.region) if item.region else None,
        RegionName=item.region,
        ServiceCategory=item.service.category,
        ServiceName=item.service.name,
        ServiceSubcategory=item.service.subcategory,
        SkuId=None,
        SkuMeter=None,
        SkuPriceId=None,
        x_Details=item.details,
        x_JsonPath=item.path,
        x_ListedUnitPrice=None,
        x_NativeId=item.native,
        x_Synthetic=item.synthetic,
    )


def _priced(item: Item, kind: str) -> Line:
    """Make a usage or a purchase: with a SKU, a quantity and a unit price that give the amount."""
    item = counted(item)
    paid = price(item.amount, item.units if item.units is not None else ONE, item.rate)
    listed, cost = _listed(item, paid.unit, paid.quantity)
    used = kind == "Usage"
    where = slug(item.region) if item.region else "global"
    rate = item.rate if item.rate is not None else paid.unit
    return _unpriced(item, kind)._replace(
        ConsumedQuantity=paid.quantity if used else None,
        ConsumedUnit=item.unit if used else None,
        ContractedUnitPrice=paid.unit,
        ListCost=cost,
        ListUnitPrice=listed,
        PricingCategory="Other" if is_shortfall(item.description, item.product) else "Standard",
        PricingCurrencyContractedUnitPrice=paid.unit,
        PricingCurrencyListUnitPrice=listed,
        PricingQuantity=paid.quantity,
        PricingUnit=item.unit if used else "Units",
        SkuId=item.sku,
        SkuMeter=item.usage or item.product or item.description or item.sku,
        SkuPriceId=item.sku_price or f"{item.sku}@{where}@{plain(rate)}",
        x_ListedUnitPrice=paid.listed,
    )


def counted(item: Item) -> Item:
    """Find out what the units of requests count: single ones where the rate of 10,000 gives the amount only so.

    Nobody says whether the vendor's ``units`` are divided already; its amounts are rounded to cents.
    """
    if item.unit != TEN_THOUSAND or item.units is None or item.rate is None:
        return item
    single = EXACT.scaleb(item.rate, -4)
    apart, divided = (abs(EXACT.subtract(times(rate, item.units), item.amount)) for rate in (single, item.rate))
    if apart > CENT or divided <= apart:
        return item  # GUESS: where rate and units give the amount in neither way, units are divided by 10,000 already
    whole = EXACT.scaleb(item.list_price, -4) if item.list_price is not None else None
    return item._replace(unit="Requests", rate=single, list_price=whole)


def _listed(item: Item, unit: Decimal, quantity: Decimal) -> tuple[Decimal, Decimal]:
    """Return the price before discounts and what the line would cost at it; as contracted where none is published."""
    if item.list_price is None or item.list_price < 0 or item.list_price == item.rate:
        return unit, item.amount
    cost = EXACT.multiply(item.list_price, quantity)
    return item.list_price, cost if cost.as_tuple().exponent >= -12 else cost.quantize(_FINEST, context=_WIDE)  # type: ignore[operator]
