"""One line of an invoice, or one pending charge, as a FOCUS charge."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from billfold.model.bill import DetailIds
from billfold.model.money import ZERO
from billfold.model.period import Period
from billfold.model.pricing import Price, price
from billfold.providers.vultr import skus
from billfold.providers.vultr.records import InvoiceItem
from billfold.providers.vultr.words import NOTHING, thing, when
from billfold.wire.codec import UNSET, Maybe, given

HOUR = timedelta(hours=1)


class Line(NamedTuple):
    """The columns that vary from line to line: what is measured, then those of its ``skus.Kind`` in the same order."""

    BilledCost: Decimal
    ChargeClass: str | None
    ChargeDescription: str | None
    ChargePeriodEnd: datetime
    ChargePeriodStart: datetime
    ConsumedQuantity: Decimal | None
    ContractedCost: Decimal
    ContractedUnitPrice: Decimal | None
    EffectiveCost: Decimal
    InvoiceDetailId: str | None
    ListCost: Decimal
    ListUnitPrice: Decimal | None
    PricingCurrencyContractedUnitPrice: Decimal | None
    PricingCurrencyEffectiveCost: Decimal
    PricingCurrencyListUnitPrice: Decimal | None
    PricingQuantity: Decimal | None
    ResourceId: str | None
    ResourceName: str | None
    ResourceType: str | None
    x_ArchiveSeq: int
    x_JsonPath: str
    x_ListedUnitPrice: Decimal | None
    ChargeCategory: str
    ChargeFrequency: str
    ConsumedUnit: str | None
    PricingCategory: str | None
    PricingUnit: str | None
    ServiceCategory: str
    ServiceName: str
    ServiceSubcategory: str
    SkuId: str | None
    SkuMeter: str | None
    SkuPriceId: str | None
    x_Details: str


class Place(NamedTuple):
    """Where a line stands: what gives its invoice's lines their ids (None for pending charges), the answer, the path."""

    ids: DetailIds | None
    seq: int
    path: str


def in_bounds(number: Decimal) -> bool:
    """Tell whether a number can be reckoned with: neither astronomically large nor small."""
    return -25 < number.adjusted() < 14


def flaw(item: InvoiceItem) -> str:
    """Say why a line cannot be a charge, or "" where it can: no total, a number out of all bounds, a time that is none."""
    total = item.total
    if total is None or total is UNSET:
        return "has no total"
    if not (in_bounds(total) and in_bounds(given(item.units, ZERO)) and in_bounds(given(item.unit_price, ZERO))):
        return "has a number out of all bounds"
    start, end = given(item.start_date, ""), given(item.end_date, "")
    if not (start and end):
        return "says no time of its usage" if _category(item, total) == "Usage" else ""
    try:
        when(start)
        when(end)
    except ValueError as error:
        return f"cannot be dated: {error}"
    return ""


def _category(item: InvoiceItem, total: Decimal) -> str:
    unit_type, product, words = given(item.unit_type, ""), given(item.product, ""), given(item.description, "")
    return skus.category(product, unit_type, words, negative=total < 0)


def charged(item: InvoiceItem, period: Period) -> Period:
    """Return the period of a line: the billing period where it says none, and at least the hour that is always charged."""
    start, end = given(item.start_date, ""), given(item.end_date, "")
    if not (start and end):
        return period
    first, last = when(start), when(end)
    return Period(first, last if last > first else first + HOUR)


def line(item: InvoiceItem, place: Place, period: Period) -> Line:
    """Turn a line without flaw into a charge of a billing period."""
    total: Decimal = given(item.total, ZERO)
    rate, units = _number(item.unit_price), given(item.units, ZERO)
    text, product, unit_type = given(item.description, ""), given(item.product, ""), given(item.unit_type, "")
    charge = skus.category(product, unit_type, text, negative=total < 0)
    resource = skus.service(product).resource
    named = thing(text) if resource else NOTHING
    if charge == "Usage":
        unit, quantity, listed = _priced(total, units, rate)
        kind = skus.usage(product, unit_type, named.size, rate)
    else:
        unit, quantity, listed = None, None, None
        kind = skus.other(product, charge, skus.details(unit_type, _number(item.units), rate))
    start, end = charged(item, period)
    return _made(
        (  # noqa: RUF005 - one copy less
            total,
            None if end > period.start else "Correction",
            text or None,
            end,
            start,
            quantity,
            total,
            unit,
            total,
            place.ids and place.ids.next(product, text, item.start_date),
            total,
            unit,
            unit,
            total,
            unit,
            quantity,
            named.id,
            named.name,
            resource if named.id else None,
            place.seq,
            place.path,
            listed,
        )
        + kind
    )


@lru_cache(maxsize=8192)
def _priced(total: Decimal, units: Decimal, rate: Decimal | None) -> Price:
    return price(total, units, None if rate is None else skus.fitting(rate))


def _made(columns: tuple[Any, ...]) -> Line:
    return tuple.__new__(Line, columns)


def _number(value: Maybe[Decimal]) -> Decimal | None:
    return value if isinstance(value, Decimal) else None
