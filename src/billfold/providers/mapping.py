"""What the mappings of all vendors share: words of a tax, bounds of numbers, ids, columns of costs and prices, residuals."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from functools import lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple, TypedDict

from billfold.model.bill import Bill
from billfold.model.focus import CostAndUsage
from billfold.model.period import Period
from billfold.model.pricing import Price
from billfold.providers.provider import RunAnswers
from billfold.wire.codec import Maybe
from billfold.wire.codec import encode_json as encode_inputs

TAX_WORDS = (
    # Vultr, docs.vultr.com/support/platform/billing/does-vultr-collect-vat-or-sales-tax: "taxes such as VAT, sales tax"
    "tax",
    "taxes",
    "vat",
    # Vultr, www.vultr.com/resources/faq/taxes/canada: "Vultr charges" GST, HST, QST and PST
    "gst",
    "hst",
    "pst",
    "qst",
)
"""What taxes are called in the texts of lines: no vendor's API has a field that says so. Each is a tax at every vendor."""
TAX_PATTERN = re.compile(rf"(?<![^\W\d_])(?:{'|'.join(TAX_WORDS)})(?![^\W\d_])", re.IGNORECASE)
"""Any of the words with no letter on either side: ``VAT19`` and ``TAX_US`` are taxes, a taxi is none."""

CREDIT_PATTERN = re.compile(r"promo|credit|coupon|gift|voucher", re.IGNORECASE)
_DISCOUNT_PATTERN = re.compile(r"discount|rebate", re.IGNORECASE)


class ServiceColumns(TypedDict):
    """What a line is for."""

    ServiceCategory: str
    ServiceName: str
    ServiceSubcategory: str


TAX_SERVICE = ServiceColumns(ServiceCategory="Other", ServiceName="Taxes", ServiceSubcategory="Other (Other)")
"""What a tax is for, at every vendor."""


@lru_cache(maxsize=4096)
def is_tax(*texts: str) -> bool:
    """Tell whether any of a line's texts speaks of a tax."""
    return any(TAX_PATTERN.search(text) for text in texts)


def classify_reduction(*texts: str) -> str:
    """Return the category of a line that takes something off: Adjustment for a discount, Credit for a gift or a voucher.

    FOCUS wants discounts in the prices of the rows that they are on; where the vendor does not say which these are, a discount
    is a charge that depends on others, which FOCUS calls no Credit.
    """
    text = " ".join(texts)
    return "Adjustment" if _DISCOUNT_PATTERN.search(text) and not CREDIT_PATTERN.search(text) else "Credit"


def is_in_bounds(number: Decimal) -> bool:
    """Tell whether a number can be an amount of money: neither astronomically large nor small."""
    return number.is_finite() and -25 < number.adjusted() < 14


def is_reckonable(number: Decimal) -> bool:
    """Tell whether exact arithmetic with a number is cheap; one that no column holds is still found where it is booked."""
    return number.is_finite() and number.adjusted() <= 40 and int(number.as_tuple().exponent) >= -40


def describe_unfit(number: Decimal) -> str:
    """Say what is wrong with a number that is not in bounds."""
    return "out of all bounds" if number.is_finite() else f"no number: {number}"


def describe_missing(value: Maybe[Decimal]) -> str:
    """Say, after a colon, what stands where a number should be; "" where nothing does."""
    return f": {describe_unfit(value)}" if isinstance(value, Decimal) else ""


@lru_cache(maxsize=4096)
def make_slug(*names: str) -> str:
    """Write names as one identifier: ``network-services/full-site-delivery``."""
    return "/".join(re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") for name in names)


def iter_new_bills(
    run_answers: RunAnswers, inputs: Sequence[object], build_bills: Callable[[], Iterable[Bill]]
) -> Iterator[Bill]:
    """Yield the bills that are made of inputs, unless the ledger has them already.

    ``inputs`` are records, bodies and plain values: all that the bills depend on, but where their answer stands. Of its time only
    what follows from it, as whether a period was over then.
    """
    inputs_hash = _hash_inputs(inputs)
    if not run_answers.has_bills_of(inputs_hash):
        yield from (bill._replace(inputs_hash=inputs_hash) for bill in build_bills())


def _hash_inputs(inputs: Sequence[object]) -> str:
    inputs_hash = blake2b(digest_size=16)
    for value in inputs:
        content = value if isinstance(value, bytes) else encode_inputs(value)
        inputs_hash.update(len(content).to_bytes(8, "big") + content)
    return inputs_hash.hexdigest()


_COST_COLUMNS = ("BilledCost", "ContractedCost", "EffectiveCost", "ListCost", "PricingCurrencyEffectiveCost")


def spread_cost(cost: Decimal) -> dict[str, Any]:
    """Return the columns of a charge that are all its one cost: nothing of it is discounted, or covered beforehand."""
    return dict.fromkeys(_COST_COLUMNS, cost)


def make_price_id(sku_id: str, *scope: str) -> str:
    """Name a price by its SKU and where and how it counts (region, unit, step, use): the same id in every month.

    No amount and no rate is in it, so that a price that rises is the same price, and what moved can be told.
    """
    return "@".join(filter(None, (sku_id, make_slug(*filter(None, scope)))))


class Sku(NamedTuple):
    """What a usage or a purchase is of: its id, what of it is counted, the id of its price, and the unit of its quantity."""

    id: str
    meter: str | None
    price_id: str
    unit: str


def build_price_columns(
    sku: Sku, price: Price, consumed_quantity: Decimal | None, category: str = "Standard"
) -> dict[str, Any]:
    """Return the columns that usage and purchases have, and no tax, credit or adjustment (the null cascade of FOCUS).

    ``consumed_quantity`` is None for a purchase, ``category`` the PricingCategory.
    """
    return {
        "ConsumedQuantity": consumed_quantity,
        "ConsumedUnit": None if consumed_quantity is None else sku.unit,
        "ContractedUnitPrice": price.unit_price,
        "ListUnitPrice": price.unit_price,
        "PricingCategory": category,
        "PricingCurrencyContractedUnitPrice": price.unit_price,
        "PricingCurrencyListUnitPrice": price.unit_price,
        "PricingQuantity": price.quantity,
        "PricingUnit": sku.unit,
        "SkuId": sku.id,
        "SkuMeter": sku.meter,
        "SkuPriceId": sku.price_id,
        "x_PriceBasis": str(price.basis),
        "x_UnitPrice": price.rate,
    }


def build_bill_row(vendor_name: str, account_type: str, period: Period, currency: str) -> CostAndUsage:
    """Return what all charges of a bill share: who hosts, sells and bills it, to what kind of account, when, in which money."""
    return CostAndUsage(
        BillingAccountType=account_type,
        BillingCurrency=currency,
        BillingPeriodEnd=period.end,
        BillingPeriodStart=period.start,
        HostProviderName=vendor_name,
        InvoiceIssuerName=vendor_name,
        PricingCurrency=currency,
        ServiceProviderName=vendor_name,
    )


def build_residual_row(
    common: CostAndUsage,
    residual: Decimal,
    total_name: str,
    detail_id: str | None,
    path: str,
    *,
    category: str = "Adjustment",
) -> CostAndUsage:
    """Make the one flagged row that carries what a bill's total says beyond its lines, in its billing currency.

    Where the bill's charges have a period and a service each, it has the whole billing period, and no service but the vendor.
    """
    row = common._replace(
        **spread_cost(residual),
        ChargeCategory=category,
        ChargeDescription=f"{'Rounding' if category == 'Adjustment' else category}: {total_name} less the sum of its lines",
        ChargeFrequency="One-Time",
        ChargePeriodEnd=common.ChargePeriodEnd or common.BillingPeriodEnd,
        ChargePeriodStart=common.ChargePeriodStart or common.BillingPeriodStart,
        InvoiceDetailId=detail_id,
        ServiceCategory=common.ServiceCategory or "Other",
        ServiceName=common.ServiceName or common.ServiceProviderName,
        ServiceSubcategory=common.ServiceSubcategory or "Other (Other)",
        x_JsonPath=path,
        x_Synthetic=True,
    )
    return row._replace(**TAX_SERVICE) if category == "Tax" else row
