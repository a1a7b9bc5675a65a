"""An invoice's line items and adjustments as charges: which column says what, and how its numbers are read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any, NamedTuple, TypedDict

from billfold.model.bill import DetailIds
from billfold.model.money import ZERO, require_finite
from billfold.model.pricing import choose_price
from billfold.providers.cockroach.records import Cluster, CurrencyAmount, Invoice, InvoiceItem, LineItem
from billfold.providers.currencies import read_currency
from billfold.providers.mapping import (
    TAX_SERVICE,
    ServiceColumns,
    Sku,
    build_price_columns,
    classify_reduction,
    is_tax,
    make_price_id,
    make_slug,
    spread_cost,
)
from billfold.wire.codec import Maybe, get_or

ISSUER_NAME = "Cockroach Labs"
PLATFORM_NAME = "CockroachDB Cloud"
DOLLAR_CODE = "USD"
CREDIT_CODES = frozenset({"CRDB_CLOUD_CREDITS", "COCKROACH_CREDITS"})
"""What is paid beforehand, and costs no dollars when it is used: the vendor documents the first, another client met the second."""
UNIT_NAMES = {
    "HOURS": "Hours",
    "REQUEST_UNITS": "Request Units",
    "GIB": "GiB",
    "GIB_HOURS": "GiB-Hours",
    "VCPU_HOURS": "vCPU-Hours",
}
PLAN_NAMES = {"DEDICATED": "ADVANCED", "SERVERLESS": "BASIC"}
HOST_NAMES = {"GCP": "Google Cloud", "AWS": "Amazon Web Services", "AZURE": "Microsoft Azure"}
_DOUBLE_CONTEXT = Context(prec=15, rounding=ROUND_HALF_EVEN)
_MONEY_QUANTUM, _RATE_QUANTUM = Decimal("1E-12"), Decimal("1E-18")
"""The finest amount of money, and the finest quantity or price, that a ledger keeps."""


class CockroachLine(NamedTuple):
    """The columns that vary from line to line; those that are mostly equal stand together, to be converted once."""

    BilledCost: Decimal
    ContractedCost: Decimal
    EffectiveCost: Decimal
    ListCost: Decimal
    PricingCurrencyEffectiveCost: Decimal
    ChargeCategory: str
    ChargeDescription: str | None
    ChargeFrequency: str
    HostProviderName: str
    InvoiceDetailId: str
    ServiceCategory: str
    ServiceName: str
    ServiceSubcategory: str
    x_JsonPath: str
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
    RegionId: str | None = None
    RegionName: str | None = None
    ResourceId: str | None = None
    ResourceName: str | None = None
    ResourceType: str | None = None
    SkuId: str | None = None
    SkuMeter: str | None = None
    SkuPriceId: str | None = None
    SubAccountId: str | None = None
    SubAccountName: str | None = None
    SubAccountType: str | None = None
    Tags: str | None = None
    x_Details: str | None = None


DATABASE_SERVICE = ServiceColumns(
    ServiceCategory="Databases", ServiceName=PLATFORM_NAME, ServiceSubcategory="Relational Databases"
)
SUPPORT_SERVICE = ServiceColumns(
    ServiceCategory="Management and Governance", ServiceName="Support", ServiceSubcategory="Support"
)
_SUPPORT_PATTERN = re.compile(r"support", re.IGNORECASE)


class ClusterColumns(TypedDict):
    """The columns that all lines of a cluster share."""

    HostProviderName: str
    RegionId: str | None
    RegionName: str | None
    ResourceId: str | None
    ResourceName: str | None
    ResourceType: str | None
    ServiceCategory: str
    ServiceName: str
    ServiceSubcategory: str
    SubAccountId: str | None
    SubAccountName: str | None
    SubAccountType: str | None
    Tags: str | None
    x_Details: str


def iter_lines(invoice: Invoice, path: str) -> Iterator[tuple[str, CockroachLine]]:
    """Yield an invoice's lines and adjustments in the order they come, each with the currency it is told in."""
    folder_names = _read_folder_names(invoice)
    detail_ids = DetailIds(get_or(invoice.invoice_id, ""))
    for item_index, item in enumerate(get_or(invoice.invoice_items, [])):
        cluster_columns = _build_cluster_columns(item, folder_names)
        for line_index, line in enumerate(get_or(item.line_items, [])):
            total = get_or(line.total, CurrencyAmount())
            detail_id = detail_ids.next_id(cluster_columns["ResourceId"], line.description)
            line_path = f"{path}.invoice_items[{item_index}].line_items[{line_index}]"
            yield currency_of(total), _build_usage_line(line, total, cluster_columns, detail_id, line_path)
    for adjustment_index, adjustment in enumerate(get_or(invoice.adjustments, [])):
        amount = get_or(adjustment.amount, CurrencyAmount())
        detail_id = detail_ids.next_id(None, adjustment.name)
        yield (
            currency_of(amount),
            _build_adjustment_line(
                get_or(adjustment.name, ""), amount, detail_id, f"{path}.adjustments[{adjustment_index}]"
            ),
        )


def remove_float_dust(number: Maybe[Decimal], quantum: Decimal = _MONEY_QUANTUM) -> Decimal:
    """Wipe off float dust: a decimal sent as a 64-bit float is known to 15 significant digits, and kept to the finest step.

    Absent and null count as zero, as the vendor's own reader has it.
    """
    value = require_finite(get_or(number, ZERO))  # GUESS: an amount that is not said is 0
    if len(value.as_tuple().digits) > 15:
        value = value.normalize(_DOUBLE_CONTEXT)
    return value if value.as_tuple().exponent >= quantum.as_tuple().exponent else value.quantize(quantum)  # type: ignore[operator]


def currency_of(amount: CurrencyAmount) -> str:
    """Return an amount's currency; one that is not said is dollars."""
    return read_currency(amount.currency) or DOLLAR_CODE  # GUESS: protobuf may omit what it counts as zero


def _read_folder_names(invoice: Invoice) -> dict[str, str]:
    """Return the names of folders by their ids: each is named by itself, or in the path of what lies in it."""
    names_by_id: dict[str, str] = {}
    for folder in get_or(invoice.folder_resources, []):
        names_by_id |= {get_or(segment.id, ""): get_or(segment.name, "") for segment in get_or(folder.path, [])}
    own_names = {
        get_or(folder.resource_id, ""): get_or(folder.name, "") for folder in get_or(invoice.folder_resources, [])
    }
    return names_by_id | {folder_id: name for folder_id, name in own_names.items() if name}


def _build_cluster_columns(item: InvoiceItem, folder_names: dict[str, str]) -> ClusterColumns:
    cluster = get_or(item.cluster, Cluster())
    regions = [get_or(region.name, "") for region in get_or(cluster.regions, [])]
    cloud, folder_id = get_or(cluster.cloud_provider, ""), get_or(cluster.parent_id, "root") or "root"
    plan_code = get_or(cluster.plan, "")
    plan = PLAN_NAMES.get(plan_code, plan_code)
    single_region = regions[0] if len(regions) == 1 else None
    sub_account_id = folder_id if folder_id != "root" else None
    labels = get_or(cluster.labels, {})
    return {
        "HostProviderName": HOST_NAMES.get(cloud, cloud) or ISSUER_NAME,
        "RegionId": single_region,
        "RegionName": single_region,
        "ResourceId": get_or(cluster.id, None),
        "ResourceName": get_or(cluster.name, None),
        "ResourceType": "Cluster" if get_or(cluster.id, None) else None,
        "ServiceCategory": DATABASE_SERVICE["ServiceCategory"],
        "ServiceSubcategory": DATABASE_SERVICE["ServiceSubcategory"],
        "ServiceName": f"CockroachDB {plan.capitalize()}" if plan else PLATFORM_NAME,
        "SubAccountId": sub_account_id,
        "SubAccountName": (folder_names.get(folder_id) or folder_id) if sub_account_id else None,
        "SubAccountType": "Folder" if sub_account_id else None,
        "Tags": json.dumps(labels, sort_keys=True) if labels else None,
        "x_Details": json.dumps({"CloudProvider": cloud, "Plan": plan_code, "Regions": ",".join(regions)}),
    }


def _build_usage_line(
    line: LineItem, total: CurrencyAmount, cluster_columns: ClusterColumns, detail_id: str, path: str
) -> CockroachLine:
    amount, quantity = remove_float_dust(total.amount), remove_float_dust(line.quantity, _RATE_QUANTUM)
    rate = None if get_or(line.unit_cost, None) is None else remove_float_dust(line.unit_cost, _RATE_QUANTUM)
    description, unit = get_or(line.description, None), get_or(line.quantity_unit, "")
    sku_id = make_slug(cluster_columns["ServiceName"], cluster_columns["HostProviderName"], description or "")
    price_unit = UNIT_NAMES.get(unit, unit) or "Units"
    price_id = make_price_id(sku_id, cluster_columns["RegionId"] or "", price_unit)
    sku = Sku(sku_id, description, price_id, price_unit)
    return CockroachLine(
        **spread_amount(amount, currency_of(total)),
        **_build_prices(amount, currency_of(total), quantity, rate, sku),
        ChargeCategory="Usage",
        ChargeDescription=description,
        ChargeFrequency="Usage-Based",
        InvoiceDetailId=detail_id,
        x_JsonPath=path,
        **cluster_columns,
    )


def spread_amount(amount: Decimal, currency: str) -> dict[str, Any]:
    """Return the columns of costs in dollars, and in the currency that an amount is told in: credits cost no dollars."""
    if currency == DOLLAR_CODE:
        return spread_cost(amount)
    return spread_cost(ZERO) | {"PricingCurrencyEffectiveCost": amount}


def _build_prices(amount: Decimal, currency: str, quantity: Decimal, rate: Decimal | None, sku: Sku) -> dict[str, Any]:
    price = choose_price(amount, quantity, rate)
    if currency == DOLLAR_CODE:
        return build_price_columns(sku, price, price.quantity)
    billed_price = choose_price(ZERO, quantity, rate)
    return build_price_columns(sku, billed_price, billed_price.quantity) | {
        "PricingCurrencyContractedUnitPrice": price.unit_price,
        "PricingCurrencyListUnitPrice": price.unit_price,
        "x_PriceBasis": str(price.basis),
        "x_UnitPrice": price.rate,
    }


def _build_adjustment_line(name: str, amount: CurrencyAmount, detail_id: str, path: str) -> CockroachLine:
    cost, currency = remove_float_dust(amount.amount), currency_of(amount)
    category = _find_category(name, cost)
    line = CockroachLine(
        **spread_amount(cost, currency),
        ChargeCategory=category,
        ChargeDescription=name or None,
        ChargeFrequency="Recurring" if category == "Purchase" else "One-Time",
        HostProviderName=ISSUER_NAME,
        InvoiceDetailId=detail_id,
        x_JsonPath=path,
        **_find_service(name, category),
    )
    if category != "Purchase":
        return line
    sku_id = make_slug(PLATFORM_NAME, ISSUER_NAME, name)
    sku = Sku(sku_id, name, make_price_id(sku_id, "Units"), "Units")
    price_columns = _build_prices(cost, currency, ZERO, None, sku)
    return line._replace(**price_columns | {"ConsumedQuantity": None, "ConsumedUnit": None})


def _find_service(name: str, category: str) -> ServiceColumns:
    """Return what an adjustment is for: a tax, support, or the platform."""
    if category == "Tax":
        return TAX_SERVICE
    return SUPPORT_SERVICE if _SUPPORT_PATTERN.search(name) else DATABASE_SERVICE


def _find_category(name: str, amount: Decimal) -> str:
    if is_tax(name):
        return "Tax"
    if amount < 0:
        return classify_reduction(name)
    return "Purchase" if amount > 0 and _SUPPORT_PATTERN.search(name) else "Adjustment"
