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
from billfold.providers.mapping import build_price_columns, describe_unfit, is_in_bounds, is_tax, spread_cost
from billfold.providers.vultr.mapping import skus
from billfold.providers.vultr.mapping.text_fields import NO_RESOURCE, read_time, resource_of
from billfold.providers.vultr.records import InvoiceItem
from billfold.wire.codec import UNSET, Maybe, get_or

ONE_HOUR = timedelta(hours=1)
MAX_SHARED_ROWS = 32_768
"""Kinds of lines that are remembered at once."""
_new_tuple: Any = tuple.__new__
"""Makes a named tuple without the detour over its names: there may be a million of them."""


class VaryingColumns(NamedTuple):
    """The columns in which lines differ; laid over those of ``SharedColumns`` and of the bill's common row."""

    ChargeDescription: str | None
    InvoiceDetailId: str | None
    ResourceId: str | None
    ResourceName: str | None
    x_ArchiveSeq: int
    x_JsonPath: str


class SharedColumns(NamedTuple):
    """The columns that all lines of the same product, size, hours, rate and total share; laid over the bill's common row."""

    BilledCost: Decimal
    ContractedCost: Decimal
    EffectiveCost: Decimal
    ListCost: Decimal
    PricingCurrencyEffectiveCost: Decimal
    ChargeCategory: str
    ChargeClass: str | None
    ChargeFrequency: str
    ChargePeriodEnd: datetime
    ChargePeriodStart: datetime
    ResourceType: str | None
    ServiceCategory: str
    ServiceName: str
    ServiceSubcategory: str
    x_Details: str
    ConsumedQuantity: Decimal | None = None
    PricingQuantity: Decimal | None = None
    ContractedUnitPrice: Decimal | None = None
    ListUnitPrice: Decimal | None = None
    PricingCurrencyContractedUnitPrice: Decimal | None = None
    PricingCurrencyListUnitPrice: Decimal | None = None
    x_ListedUnitPrice: Decimal | None = None
    ConsumedUnit: str | None = None
    PricingUnit: str | None = None
    PricingCategory: str | None = None
    SkuId: str | None = None
    SkuMeter: str | None = None
    SkuPriceId: str | None = None


@dataclass
class ChargeBuilder:
    """Charges that are made: each one's own columns, the rows that lines share, and which row each has (by its key)."""

    lines: list[VaryingColumns] = field(default_factory=list)
    shared_rows: list[SharedColumns] = field(default_factory=list)
    shared_index: list[int] = field(default_factory=list)
    index_by_key: dict[tuple[Any, ...], int] = field(default_factory=dict)

    def build_charges(self, common: CostAndUsage) -> Charges:
        """Return them with what all charges of the bill share."""
        return Charges(common, self.lines, self.shared_rows, self.shared_index)


class LineKey(NamedTuple):
    """The fields of a line that decide its shared columns: two lines with equal keys have equal shared columns.

    ``headline`` and ``detail`` are set only where a line is not plainly usage; ``detail`` keeps how a number is spelled
    (``1`` or ``1.0``).
    """

    product: Maybe[str]
    unit_type: Maybe[str]
    units: Maybe[Decimal]
    rate: Maybe[Decimal]
    total: Maybe[Decimal]
    start: Maybe[str]
    end: Maybe[str]
    size: str
    has_no_resource: bool
    headline: str = ""
    detail: str = ""


def describe_unusable(line_key: LineKey) -> str:
    """Return why a line cannot be a charge: no total, a number out of bounds, an unreadable time; "" where it can be one."""
    total = line_key.total
    if total is None or total is UNSET:
        return "has no total"
    if odd_amounts := [
        amount
        for amount in (total, get_or(line_key.units, ZERO), get_or(line_key.rate, ZERO))
        if not is_in_bounds(amount)
    ]:
        return f"has an amount that is {describe_unfit(odd_amounts[0])}"
    start, end = get_or(line_key.start, ""), get_or(line_key.end, "")
    if not (start and end):
        return "says no time of its usage" if _find_category(line_key, total) == "Usage" else ""
    try:
        read_time(start)
        read_time(end)
    except ValueError as error:
        return f"cannot be dated: {error}"
    return ""


def _find_category(line_key: LineKey, total: Decimal) -> str:
    return skus.find_category(
        get_or(line_key.product, ""), get_or(line_key.unit_type, ""), line_key.headline, negative=total < 0
    )


def _charge_period(line_key: LineKey, period: Period) -> Period:
    """Return the period of a line: the billing period where it says none, and at least the hour that is always charged."""
    start, end = get_or(line_key.start, ""), get_or(line_key.end, "")
    if not (start and end):
        return period
    start_time, end_time = read_time(start), read_time(end)
    return Period(start_time, end_time if end_time > start_time else start_time + ONE_HOUR)


def build_shared_columns(line_key: LineKey, period: Period) -> SharedColumns | str:
    """Return the columns of lines that say this in a billing period, or why they cannot be charges."""
    if defect := describe_unusable(line_key):
        return defect
    total: Decimal = get_or(line_key.total, ZERO)
    rate, units = _read_amount(line_key.rate), get_or(line_key.units, ZERO)
    product, unit_type = get_or(line_key.product, ""), get_or(line_key.unit_type, "")
    charge_category, service = _find_category(line_key, total), skus.find_service(product)
    columns, details = spread_cost(total), line_key.detail
    if charge_category == "Usage":
        price = choose_price(total, units, None if rate is None else skus.round_rate(rate))
        sku, details = skus.find_usage_sku(product, unit_type, line_key.size, rate)
        columns |= build_price_columns(sku, price, price.quantity)
    start, end = _charge_period(line_key, period)
    return SharedColumns(
        **columns,
        ChargeCategory=charge_category,
        ChargeClass=None if end > period.start else "Correction",
        ChargeFrequency="Usage-Based" if charge_category == "Usage" else "One-Time",
        ChargePeriodEnd=end,
        ChargePeriodStart=start,
        ResourceType=None if line_key.has_no_resource else service.resource_type,
        ServiceCategory=service.category,
        ServiceName=product or "Vultr",
        ServiceSubcategory=service.subcategory,
        x_Details=details,
    )


class LineReader:
    """Reads an invoice's lines, or pending charges (without ids), as charges of a billing period.

    Lines that say the same share one ``SharedColumns``: the longest invoices have few kinds of lines.
    """

    def __init__(self, period: Period, ids: DetailIds | None) -> None:
        self._period, self._ids = period, ids
        self._columns_by_key: dict[tuple[Any, ...], SharedColumns | str] = {}

    def read_lines(
        self, items: Sequence[InvoiceItem], seq: int, paths: Sequence[str], builder: ChargeBuilder
    ) -> list[tuple[int, str]]:
        """Add an answer's lines to the charges that are made; returns which lines cannot be charges, and why."""
        ids, index_by_key, lines, shared_index = self._ids, builder.index_by_key, builder.lines, builder.shared_index
        line_count, unusable_lines = len(lines), list[tuple[int, str]]()
        for item, path in zip(items, paths, strict=True):
            text, product, unit_type, total = item.description or "", item.product, item.unit_type, item.total
            is_metered, has_resource = _classify_product(product, unit_type)
            if not is_metered:
                has_resource = has_resource and not is_tax(product or "", skus.read_headline(product or "", text))
            resource_id, name, size = resource_of(text) if has_resource and text else NO_RESOURCE
            start = item.start_date
            line_key: Any = (
                product,
                unit_type,
                item.units,
                item.unit_price,
                total,
                start,
                item.end_date,
                size,
                resource_id is None,
            )
            if not (is_metered and total) or total.is_signed():
                line_key += _describe_line(item, product or "", text)
            try:
                row_index: int | str = index_by_key[line_key]
            except (KeyError, TypeError):  # a signaling NaN cannot even be looked up
                row_index = self._add_shared_row(line_key, builder)
            if isinstance(row_index, str):
                unusable_lines.append((len(lines) - line_count + len(unusable_lines), row_index))
                continue
            detail_id = ids.next_id(product or "", text, start) if ids else None
            lines.append(_new_tuple(VaryingColumns, (text or None, detail_id, resource_id, name, seq, path)))
            shared_index.append(row_index)
        return unusable_lines

    def _add_shared_row(self, line_key: tuple[Any, ...], builder: ChargeBuilder) -> int | str:
        """Return the place of a new kind among those that are made, or why such a line cannot be a charge."""
        try:
            shared_columns = self._columns_by_key.get(line_key) or self._build_shared_row(line_key)
        except TypeError:
            return describe_unusable(LineKey(*line_key))
        if isinstance(shared_columns, str):
            return shared_columns
        builder.index_by_key[line_key] = len(builder.shared_rows)
        builder.shared_rows.append(shared_columns)
        return builder.index_by_key[line_key]

    def _build_shared_row(self, line_key: tuple[Any, ...]) -> SharedColumns | str:
        if len(self._columns_by_key) >= MAX_SHARED_ROWS:
            self._columns_by_key.clear()
        self._columns_by_key[line_key] = shared_columns = build_shared_columns(LineKey(*line_key), self._period)
        return shared_columns


@lru_cache(maxsize=1024)
def _classify_product(product: Maybe[str], unit_type: Maybe[str]) -> tuple[bool, bool]:
    """Tell whether such a line is measured usage whatever it says, and whether it is about a resource."""
    return skus.is_metered(product, unit_type), bool(skus.find_service(get_or(product, "")).resource_type)


def _describe_line(item: InvoiceItem, product: str, text: str) -> tuple[str, str]:
    return skus.read_headline(product, text), skus.format_details(
        get_or(item.unit_type, ""), _read_amount(item.units), _read_amount(item.unit_price)
    )


def _read_amount(value: Maybe[Decimal]) -> Decimal | None:
    return value if isinstance(value, Decimal) else None
