"""One line of a Fastly bill, of either API version, as the FOCUS columns that vary from line to line."""

from __future__ import annotations

import json
from decimal import Context, Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from billfold.model.bill import DetailIds
from billfold.model.money import EXACT_CONTEXT, exact_product
from billfold.model.pricing import PriceBasis, choose_price
from billfold.providers.fastly.mapping.services import (
    TEN_THOUSAND_REQUESTS,
    FastlyService,
    is_shortfall,
)
from billfold.providers.mapping import (
    TAX_SERVICE,
    Sku,
    build_price_columns,
    classify_reduction,
    is_reckonable,
    is_tax,
    make_price_id,
    make_slug,
    spread_cost,
)
from billfold.wire.codec import Maybe, get_or

ONE, CENT = Decimal(1), Decimal("0.01")
_COST_QUANTUM, _WIDE_CONTEXT = Decimal("1E-12"), Context(prec=60)


class FastlyLine(NamedTuple):
    """The columns that vary from line to line; those that are mostly equal stand together, to be converted once."""

    BilledCost: Decimal
    ContractedCost: Decimal
    EffectiveCost: Decimal
    PricingCurrencyEffectiveCost: Decimal
    ListCost: Decimal
    ChargeCategory: str
    ChargeDescription: str | None
    ChargeFrequency: str
    InvoiceDetailId: str | None
    RegionId: str | None
    RegionName: str | None
    ServiceCategory: str
    ServiceName: str
    ServiceSubcategory: str
    x_Details: str
    x_JsonPath: str
    x_NativeId: str | None
    x_Synthetic: bool | None
    ConsumedQuantity: Decimal | None = None
    PricingQuantity: Decimal | None = None
    ContractedUnitPrice: Decimal | None = None
    PricingCurrencyContractedUnitPrice: Decimal | None = None
    ListUnitPrice: Decimal | None = None
    PricingCurrencyListUnitPrice: Decimal | None = None
    x_UnitPrice: Decimal | None = None
    x_PriceBasis: str | None = None
    ConsumedUnit: str | None = None
    PricingUnit: str | None = None
    PricingCategory: str | None = None
    SkuId: str | None = None
    SkuMeter: str | None = None
    SkuPriceId: str | None = None


class Item(NamedTuple):
    """What either API version says of a line, before it is priced.

    ``usage`` is empty where nothing was measured; ``list_price`` is the price before a discount where one is published;
    ``tier`` is its step in a price list, "" for the only or first one; ``once`` tells that the vendor calls it a one-time charge.
    """

    description: str
    product: str
    service: FastlyService
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
    tier: str = ""
    native: str | None = None
    list_price: Decimal | None = None
    once: bool = False
    synthetic: bool | None = None


def read_number(value: Maybe[Decimal]) -> Decimal | None:
    """Return a number that money can be reckoned with; None where it is absent, null, or no such number."""
    return value if isinstance(value, Decimal) and is_reckonable(value) else None


def read_text(value: Maybe[str]) -> str:
    """Return a text; empty where it is absent or null."""
    return get_or(value, "")


@lru_cache(maxsize=4096)
def format_details(*pairs: tuple[str, str]) -> str:
    """Write native fields that have no FOCUS column as flat JSON; empty ones are left out."""
    return json.dumps({name: value for name, value in pairs if value})


def classify_line(item: Item) -> str:
    """Decide what kind of charge a line is; the first rule that fits counts."""
    if is_tax(item.description, item.product):
        return "Tax"
    if item.coupon or item.amount < 0:
        return classify_reduction(item.description, item.product)
    if is_shortfall(item.description, item.product):
        return "Purchase"
    return "Usage" if item.usage else "Purchase"


def _find_frequency(item: Item, category: str) -> str:
    if category == "Usage":
        return "Usage-Based"
    is_one_time = item.once or "setup" in item.description.lower()
    return "Recurring" if category == "Purchase" and not is_one_time else "One-Time"


def build_line(item: Item, detail_ids: DetailIds | None, *, is_unique: bool = False) -> FastlyLine:
    """Make the columns of a line; ``is_unique`` says that its native id is the only one of the invoice.

    Without ``detail_ids`` (an estimate) it has no InvoiceDetailId.
    """
    category, detail_id = classify_line(item), None
    if detail_ids and is_unique and item.native:
        detail_id = item.native
    elif detail_ids:
        # NOTE: price steps of one product have the same words; a flat charge's rate is its amount, so it may change.
        key_parts = (item.description, item.product, item.region, item.usage, item.rate if item.usage else None)
        detail_id = detail_ids.next_id(*key_parts)
    cost_columns = spread_cost(item.amount)
    if category in {"Usage", "Purchase"}:
        cost_columns |= _price_item(resolve_request_unit(item), is_usage=category == "Usage")
    line = FastlyLine(
        **cost_columns,
        ChargeCategory=category,
        ChargeDescription=item.description or item.product or None,
        ChargeFrequency=_find_frequency(item, category),
        InvoiceDetailId=detail_id,
        RegionId=make_slug(item.region) if item.region else None,
        RegionName=item.region,
        ServiceCategory=item.service.category,
        ServiceName=item.service.name,
        ServiceSubcategory=item.service.subcategory,
        x_Details=item.details,
        x_JsonPath=item.path,
        x_NativeId=item.native,
        x_Synthetic=item.synthetic,
    )
    return line._replace(**TAX_SERVICE) if category == "Tax" else line


def _price_item(item: Item, *, is_usage: bool) -> dict[str, Any]:
    """Return the columns of a usage or purchase: a SKU, a quantity and a unit price that give the amount."""
    has_rate = not is_shortfall(
        item.description, item.product
    )  # what is missing is an amount, whatever stands as its rate
    units = item.units if item.units is not None else ONE
    price = choose_price(item.amount, units, item.rate if has_rate else None)
    list_unit_price, list_cost = _find_list_price(item, price.unit_price, price.quantity)
    if item.tier and is_usage and price.basis is PriceBasis.RATE:
        price = price._replace(basis=PriceBasis.TIERED)
    sku = Sku(
        item.sku,
        item.usage or item.product or item.description or item.sku,
        make_price_id(item.sku, item.region or "global", item.tier),
        item.unit if is_usage else "Units",
    )
    category = "Standard" if has_rate else "Other"
    return build_price_columns(sku, price, price.quantity if is_usage else None, category) | {
        "ListCost": list_cost,
        "ListUnitPrice": list_unit_price,
        "PricingCurrencyListUnitPrice": list_unit_price,
    }


def resolve_request_unit(item: Item) -> Item:
    """Find out what the units of requests count: single ones where the rate of 10,000 gives the amount only so.

    Nobody says whether the vendor's ``units`` are divided already; its amounts are rounded to cents.
    """
    if item.unit != TEN_THOUSAND_REQUESTS or item.units is None or item.rate is None:
        return item
    single_rate = EXACT_CONTEXT.scaleb(item.rate, -4)
    single_difference, block_difference = (
        abs(EXACT_CONTEXT.subtract(exact_product(rate, item.units), item.amount)) for rate in (single_rate, item.rate)
    )
    if single_difference > CENT or block_difference <= single_difference:
        return item  # GUESS: where rate and units give the amount in neither way, units are divided by 10,000 already
    single_list_price = EXACT_CONTEXT.scaleb(item.list_price, -4) if item.list_price is not None else None
    return item._replace(unit="Requests", rate=single_rate, list_price=single_list_price)


def _find_list_price(item: Item, unit_price: Decimal, quantity: Decimal) -> tuple[Decimal, Decimal]:
    """Return the price before discounts and what the line would cost at it; as contracted where none is published."""
    if item.list_price is None or item.list_price < 0 or item.list_price == item.rate:
        return unit_price, item.amount
    cost = EXACT_CONTEXT.multiply(item.list_price, quantity)
    if cost.as_tuple().exponent < -12:  # type: ignore[operator]
        cost = cost.quantize(_COST_QUANTUM, context=_WIDE_CONTEXT)
    return item.list_price, cost
