"""One line of an invoice, or one pending charge, as a FOCUS charge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from billfold.model.bill import Charges, DetailIds
from billfold.model.focus import CostAndUsage
from billfold.model.money import ZERO
from billfold.model.period import Period
from billfold.model.pricing import choose_price
from billfold.providers.vultr.mapping import skus
from billfold.providers.vultr.mapping.text_fields import NOTHING, thing, when
from billfold.providers.vultr.records import InvoiceItem
from billfold.wire.codec import UNSET, Maybe, get_or

HOUR = timedelta(hours=1)
KINDS = 32_768
"""Kinds of lines that are remembered at once."""
_tuple: Any = tuple.__new__
"""Makes a named tuple without the detour over its names: there may be a million of them."""


class Line(NamedTuple):
    """The columns that are each line's own."""

    ChargeDescription: str | None
    InvoiceDetailId: str | None
    ResourceId: str | None
    ResourceName: str | None
    x_ArchiveSeq: int
    x_JsonPath: str


class Measured(NamedTuple):
    """The columns that all lines of the same product, size, hours, rate and total share: those, then ``skus.Kind``'s."""

    BilledCost: Decimal
    ChargeClass: str | None
    ChargePeriodEnd: datetime
    ChargePeriodStart: datetime
    ConsumedQuantity: Decimal | None
    ContractedCost: Decimal
    ContractedUnitPrice: Decimal | None
    EffectiveCost: Decimal
    ListCost: Decimal
    ListUnitPrice: Decimal | None
    PricingCurrencyContractedUnitPrice: Decimal | None
    PricingCurrencyEffectiveCost: Decimal
    PricingCurrencyListUnitPrice: Decimal | None
    PricingQuantity: Decimal | None
    ResourceType: str | None
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


@dataclass
class Charged:
    """Charges that are made: each one's own columns, the kinds there are, and which kind each is of (``known`` by what it says)."""

    lines: list[Line] = field(default_factory=list)
    kinds: list[Measured] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    known: dict[tuple[Any, ...], int] = field(default_factory=dict)

    def charges(self, common: CostAndUsage) -> Charges:
        """Return them with what all charges of the bill share."""
        return Charges(common, self.lines, self.kinds, self.places)


class Said(NamedTuple):
    """What a line says that decides its columns; ``words`` and ``detail`` only where it is not plainly usage.

    Equal for two lines exactly where their columns are: a number's spelling (``1`` or ``1.0``) is in ``detail`` only.
    """

    product: Maybe[str]
    unit_type: Maybe[str]
    units: Maybe[Decimal]
    rate: Maybe[Decimal]
    total: Maybe[Decimal]
    start: Maybe[str]
    end: Maybe[str]
    size: str
    nameless: bool
    words: str = ""
    detail: str = ""


def in_bounds(number: Decimal) -> bool:
    """Tell whether a number can be reckoned with: neither astronomically large nor small."""
    return number.is_finite() and -25 < number.adjusted() < 14


def unfit(number: Decimal) -> str:
    """Say what is wrong with a number that is not in bounds."""
    return "out of all bounds" if number.is_finite() else f"no number: {number}"


def flaw(said: Said) -> str:
    """Say why a line cannot be a charge, or "" where it can: no total, a number out of all bounds, a time that is none."""
    total = said.total
    if total is None or total is UNSET:
        return "has no total"
    if odd := [one for one in (total, get_or(said.units, ZERO), get_or(said.rate, ZERO)) if not in_bounds(one)]:
        return f"has an amount that is {unfit(odd[0])}"
    start, end = get_or(said.start, ""), get_or(said.end, "")
    if not (start and end):
        return "says no time of its usage" if _category(said, total) == "Usage" else ""
    try:
        when(start)
        when(end)
    except ValueError as error:
        return f"cannot be dated: {error}"
    return ""


def _category(said: Said, total: Decimal) -> str:
    return skus.category(get_or(said.product, ""), get_or(said.unit_type, ""), said.words, negative=total < 0)


def _charged(said: Said, period: Period) -> Period:
    """Return the period of a line: the billing period where it says none, and at least the hour that is always charged."""
    start, end = get_or(said.start, ""), get_or(said.end, "")
    if not (start and end):
        return period
    first, last = when(start), when(end)
    return Period(first, last if last > first else first + HOUR)


def measured(said: Said, period: Period) -> Measured | str:
    """Return the columns of lines that say this in a billing period, or why they cannot be charges."""
    if why := flaw(said):
        return why
    total: Decimal = get_or(said.total, ZERO)
    rate, units = _number(said.rate), get_or(said.units, ZERO)
    product, unit_type = get_or(said.product, ""), get_or(said.unit_type, "")
    charge, resource = _category(said, total), skus.service(product).resource
    if charge == "Usage":
        unit, quantity, listed = choose_price(total, units, None if rate is None else skus.fitting(rate))
        kind = skus.usage(product, unit_type, said.size, rate)
    else:
        unit, quantity, listed = None, None, None
        kind = skus.other(product, charge, said.detail)
    start, end = _charged(said, period)
    return Measured(
        BilledCost=total,
        ChargeClass=None if end > period.start else "Correction",
        ChargePeriodEnd=end,
        ChargePeriodStart=start,
        ConsumedQuantity=quantity,
        ContractedCost=total,
        ContractedUnitPrice=unit,
        EffectiveCost=total,
        ListCost=total,
        ListUnitPrice=unit,
        PricingCurrencyContractedUnitPrice=unit,
        PricingCurrencyEffectiveCost=total,
        PricingCurrencyListUnitPrice=unit,
        PricingQuantity=quantity,
        ResourceType=None if said.nameless else resource,
        x_ListedUnitPrice=listed,
        **kind._asdict(),
    )


class Reader:
    """Reads an invoice's lines, or pending charges (without ids), as charges of a billing period.

    Lines that say the same share one ``Measured``: the longest invoices have few kinds of lines.
    """

    def __init__(self, period: Period, ids: DetailIds | None) -> None:
        self._period, self._ids = period, ids
        self._known: dict[tuple[Any, ...], Measured | str] = {}

    def read(
        self, items: Sequence[InvoiceItem], seq: int, paths: Sequence[str], made: Charged
    ) -> list[tuple[int, str]]:
        """Add an answer's lines to the charges that are made; returns which lines cannot be charges, and why."""
        ids, known, lines, places = self._ids, made.known, made.lines, made.places
        before, flaws = len(lines), list[tuple[int, str]]()
        for item, path in zip(items, paths, strict=True):
            text, product, unit_type, total = item.description or "", item.product, item.unit_type, item.total
            usual, about = _usual(product, unit_type)
            if not usual:
                about = about and not skus.taxed(product or "", skus.head(product or "", text))
            key, name, size = thing(text) if about and text else NOTHING
            start = item.start_date
            says: Any = (
                product,
                unit_type,
                item.units,
                item.unit_price,
                total,
                start,
                item.end_date,
                size,
                key is None,
            )
            if not (usual and total) or total.is_signed():
                says += _detail(item, product or "", text)
            try:
                place: int | str = known[says]
            except (KeyError, TypeError):  # a signaling NaN cannot even be looked up
                place = self._place(says, made)
            if isinstance(place, str):
                flaws.append((len(lines) - before + len(flaws), place))
                continue
            number = ids.next_id(product or "", text, start) if ids else None
            lines.append(_tuple(Line, (text or None, number, key, name, seq, path)))
            places.append(place)
        return flaws

    def _place(self, says: tuple[Any, ...], made: Charged) -> int | str:
        """Return the place of a new kind among those that are made, or why such a line cannot be a charge."""
        try:
            found = self._known.get(says) or self._learn(says)
        except TypeError:
            return flaw(Said(*says))
        if isinstance(found, str):
            return found
        made.known[says] = len(made.kinds)
        made.kinds.append(found)
        return made.known[says]

    def _learn(self, about: tuple[Any, ...]) -> Measured | str:
        if len(self._known) >= KINDS:
            self._known.clear()
        self._known[about] = found = measured(Said(*about), self._period)
        return found


@lru_cache(maxsize=1024)
def _usual(product: Maybe[str], unit_type: Maybe[str]) -> tuple[bool, bool]:
    """Tell whether such a line is measured usage whatever it says, and whether it is about a resource."""
    return skus.metered(product, unit_type), bool(skus.service(get_or(product, "")).resource)


def _detail(item: InvoiceItem, product: str, text: str) -> tuple[str, str]:
    return skus.head(product, text), skus.details(
        get_or(item.unit_type, ""), _number(item.units), _number(item.unit_price)
    )


def _number(value: Maybe[Decimal]) -> Decimal | None:
    return value if isinstance(value, Decimal) else None
