"""One line of an invoice, or one pending charge, as a FOCUS charge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import compress
from typing import Any, NamedTuple

from billfold.model.bill import KEY_SEPARATOR, Charges, DetailIds
from billfold.model.focus import CostAndUsage
from billfold.model.money import ZERO
from billfold.model.period import Period
from billfold.model.pricing import PriceBasis, choose_price
from billfold.providers.mapping import (
    TAX_SERVICE,
    build_price_columns,
    describe_unfit,
    is_in_bounds,
    is_tax,
    spread_cost,
)
from billfold.providers.vultr.mapping import skus
from billfold.providers.vultr.mapping.text_fields import NO_RESOURCE, NamedResource, list_resources, read_time
from billfold.providers.vultr.records import InvoiceItem
from billfold.wire.codec import UNSET, Maybe, get_or

ONE_HOUR = timedelta(hours=1)
MAX_SHARED_ROWS = 32_768
"""Kinds of lines that are remembered at once."""
MAX_INHERITED_ROWS = 2048
"""Rows that one batch of charges takes over from the one before: each batch converts all that it has."""


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
    x_UnitPrice: Decimal | None = None
    x_PriceBasis: str | None = None
    ConsumedUnit: str | None = None
    PricingUnit: str | None = None
    PricingCategory: str | None = None
    SkuId: str | None = None
    SkuMeter: str | None = None
    SkuPriceId: str | None = None


@dataclass
class ChargeBuilder:
    """Charges that are made, by column: what lines have each for itself, the rows that they share, and which row each has."""

    descriptions: list[str | None] = field(default_factory=list)
    detail_ids: list[str] = field(default_factory=list)
    resource_ids: list[str | None] = field(default_factory=list)
    resource_names: list[str | None] = field(default_factory=list)
    seqs: list[int] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    shared_rows: list[SharedColumns] = field(default_factory=list)
    shared_index: list[int] = field(default_factory=list)
    index_by_key: dict[tuple[Any, ...], int] = field(default_factory=dict)

    def build_charges(self, common: CostAndUsage) -> Charges:
        """Return them with what all charges of the bill share."""
        columns: dict[str, Sequence[Any]] = {
            "ChargeDescription": self.descriptions,
            "ResourceId": self.resource_ids,
            "ResourceName": self.resource_names,
            "x_ArchiveSeq": self.seqs,
            "x_JsonPath": self.paths,
        }
        if self.detail_ids:
            columns["InvoiceDetailId"] = self.detail_ids
        return Charges(common, columns, self.shared_rows, self.shared_index)

    def start_next(self) -> ChargeBuilder:
        """Return a builder of the charges after these; where the rows that lines share are few, it has them already."""
        if len(self.shared_rows) > MAX_INHERITED_ROWS:
            return ChargeBuilder()
        return ChargeBuilder(shared_rows=self.shared_rows, index_by_key=self.index_by_key)


class LineKey(NamedTuple):
    """The fields of a line that decide its shared columns: two lines with equal keys have equal shared columns.

    ``size`` is None where it is about no resource. ``headline`` and ``detail`` are set only where a line is not plainly usage;
    ``detail`` keeps how a number is spelled (``1`` or ``1.0``).
    """

    product: Maybe[str]
    unit_type: Maybe[str]
    units: Maybe[Decimal]
    rate: Maybe[Decimal]
    total: Maybe[Decimal]
    start: Maybe[str]
    end: Maybe[str]
    size: str | None
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
        if skus.is_capped(unit_type, units, total, rate):
            price = price._replace(basis=PriceBasis.CAPPED)
        sku, details = skus.find_usage_sku(product, unit_type, line_key.size or "")
        columns |= build_price_columns(sku, price, price.quantity)
    start, end = _charge_period(line_key, period)
    line = SharedColumns(
        **columns,
        ChargeCategory=charge_category,
        ChargeClass=None if end > period.start else "Correction",
        ChargeFrequency="Usage-Based" if charge_category == "Usage" else "One-Time",
        ChargePeriodEnd=end,
        ChargePeriodStart=start,
        ResourceType=None if line_key.size is None else service.resource_type,
        ServiceCategory=service.category,
        ServiceName=product or "Vultr",
        ServiceSubcategory=service.subcategory,
        x_Details=details,
    )
    return line._replace(**TAX_SERVICE) if charge_category == "Tax" else line


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
        resources = list_resources([item.description or "" for item in items])
        row_indices = self._find_shared_rows(items, resources, builder.index_by_key)
        for position, row_index in enumerate(row_indices):
            if row_index is None:
                row_indices[position], resources[position] = self._place_line(
                    items[position], resources[position], builder
                )
        unusable_lines = [
            (position, row_index) for position, row_index in enumerate(row_indices) if isinstance(row_index, str)
        ]
        if unusable_lines:
            is_usable = [not isinstance(row_index, str) for row_index in row_indices]
            items, paths = list(compress(items, is_usable)), list(compress(paths, is_usable))
            resources, row_indices = list(compress(resources, is_usable)), list(compress(row_indices, is_usable))
        builder.shared_index += row_indices  # type: ignore[arg-type]
        self._add_columns(items, resources, builder)
        builder.seqs += [seq] * len(items)
        builder.paths += paths
        return unusable_lines

    @staticmethod
    def _find_shared_rows(
        items: Sequence[InvoiceItem], resources: Sequence[NamedResource], index_by_key: Mapping[tuple[Any, ...], int]
    ) -> list[int | str | None]:
        """Find the rows of lines that are plainly usage, and of a kind that came before; None for any other."""
        line_keys = [
            (
                item.product,
                item.unit_type,
                item.units,
                item.unit_price,
                item.total,
                item.start_date,
                item.end_date,
                size,
            )
            for item, (_, size, _) in zip(items, resources, strict=True)
        ]
        try:
            return list(map(index_by_key.get, line_keys))
        except TypeError:  # a signaling NaN cannot even be looked up
            return [None] * len(items)

    def _add_columns(
        self, items: Sequence[InvoiceItem], resources: Sequence[NamedResource], builder: ChargeBuilder
    ) -> None:
        builder.descriptions += [item.description or None for item in items]
        builder.resource_ids += [resource_id for resource_id, _, _ in resources]
        builder.resource_names += [name for _, _, name in resources]
        if self._ids:
            builder.detail_ids += self._ids.next_ids(
                [
                    f"{item.product or ''}{KEY_SEPARATOR}{item.description or ''}{KEY_SEPARATOR}{item.start_date}"
                    for item in items
                ]
            )

    def _place_line(
        self, item: InvoiceItem, resource: NamedResource, builder: ChargeBuilder
    ) -> tuple[int | str, NamedResource]:
        """Return the place of a line's shared row, or why it cannot be a charge, and the resource that it is really about."""
        text, product, total = item.description or "", item.product or "", item.total
        is_metered, has_resource = _classify_product(item.product, item.unit_type)
        if not has_resource or (not is_metered and is_tax(product, skus.read_headline(product, text))):
            resource = NO_RESOURCE
        line_key: tuple[Any, ...] = (
            item.product,
            item.unit_type,
            item.units,
            item.unit_price,
            total,
            item.start_date,
            item.end_date,
            resource[1],
        )
        if not (is_metered and total) or total.is_signed():
            line_key += _describe_line(item, product, text)
        try:
            index = builder.index_by_key.get(line_key)
        except TypeError:
            return describe_unusable(LineKey(*line_key)), resource
        return (self._add_shared_row(line_key, builder) if index is None else index), resource

    def _add_shared_row(self, line_key: tuple[Any, ...], builder: ChargeBuilder) -> int | str:
        """Return the place of a new kind among those that are made, or why such a line cannot be a charge."""
        shared_columns = self._columns_by_key.get(line_key) or self._build_shared_row(line_key)
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
