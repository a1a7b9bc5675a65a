"""An invoice's line items and adjustments as charges: which column says what, and how its numbers are read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import cache
from typing import NamedTuple, TypedDict

from billfold.model.bill import DetailIds
from billfold.model.money import ZERO, format_trimmed, require_finite
from billfold.model.pricing import choose_price
from billfold.providers.cockroach.records import Cluster, CurrencyAmount, Invoice, InvoiceItem, LineItem
from billfold.wire.codec import Maybe, get_or

ISSUER_NAME = "Cockroach Labs"
DOLLAR_CODE = "USD"
UNIT_NAMES = {
    "HOURS": "Hours",
    "REQUEST_UNITS": "Request Units",
    "GIB": "GiB",
    "GIB_HOURS": "GiB-Hours",
    "VCPU_HOURS": "vCPU-Hours",
}
PLAN_NAMES = {"DEDICATED": "ADVANCED", "SERVERLESS": "BASIC"}
HOST_NAMES = {"GCP": "Google Cloud", "AWS": "Amazon Web Services", "AZURE": "Microsoft Azure"}
TAX_PATTERN = re.compile(r"(?<![a-z])(tax|taxes|vat|gst|hst|pst)(?![a-z])", re.IGNORECASE)
_DOUBLE_CONTEXT = Context(prec=15, rounding=ROUND_HALF_EVEN)
_MONEY_QUANTUM, _RATE_QUANTUM = Decimal("1E-12"), Decimal("1E-18")
"""The finest amount of money, and the finest quantity or price, that a ledger keeps."""


class CockroachLine(NamedTuple):
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
    HostProviderName: str | None
    InvoiceDetailId: str
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
    ResourceId: str | None
    ResourceName: str | None
    ResourceType: str | None
    ServiceName: str
    SkuId: str | None
    SkuMeter: str | None
    SkuPriceId: str | None
    SubAccountId: str | None
    SubAccountName: str | None
    SubAccountType: str | None
    Tags: str | None
    x_Details: str | None
    x_JsonPath: str
    x_ListedUnitPrice: Decimal | None


class ClusterColumns(TypedDict):
    """The columns that all lines of a cluster share."""

    HostProviderName: str
    RegionId: str | None
    RegionName: str | None
    ResourceId: str | None
    ResourceName: str | None
    ResourceType: str | None
    ServiceName: str
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
    return get_or(amount.currency, "") or DOLLAR_CODE  # GUESS: protobuf may omit what it counts as zero


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
        "ServiceName": f"CockroachDB {plan.capitalize()}" if plan else "CockroachDB Cloud",
        "SubAccountId": sub_account_id,
        "SubAccountName": (folder_names.get(folder_id) or folder_id) if sub_account_id else None,
        "SubAccountType": "Folder" if sub_account_id else None,
        "Tags": json.dumps(labels, sort_keys=True) if labels else None,
        "x_Details": json.dumps({"CloudProvider": cloud, "Plan": plan_code, "Regions": ",".join(regions)}),
    }


@cache
def _make_sku_id(service: str, host: str, description: str) -> str:
    return "/".join(re.sub(r"[^a-z0-9]+", "-", part.lower()).strip("-") for part in (service, host, description))


def _build_usage_line(
    line: LineItem, total: CurrencyAmount, cluster_columns: ClusterColumns, detail_id: str, path: str
) -> CockroachLine:
    amount, quantity = remove_float_dust(total.amount), remove_float_dust(line.quantity, _RATE_QUANTUM)
    rate = None if get_or(line.unit_cost, None) is None else remove_float_dust(line.unit_cost, _RATE_QUANTUM)
    billed_cost = amount if currency_of(total) == DOLLAR_CODE else ZERO
    pricing_currency_price, billed_price = (
        choose_price(amount, quantity, rate),
        choose_price(billed_cost, quantity, rate),
    )
    unit = get_or(line.quantity_unit, "")
    sku_id = _make_sku_id(
        cluster_columns["ServiceName"], cluster_columns["HostProviderName"], get_or(line.description, "")
    )
    return CockroachLine(
        BilledCost=billed_cost,
        ChargeCategory="Usage",
        ChargeDescription=get_or(line.description, None),
        ChargeFrequency="Usage-Based",
        ConsumedQuantity=billed_price.quantity,
        ConsumedUnit=UNIT_NAMES.get(unit, unit) or "Units",
        ContractedCost=billed_cost,
        ContractedUnitPrice=billed_price.unit_price,
        EffectiveCost=billed_cost,
        InvoiceDetailId=detail_id,
        ListCost=billed_cost,
        ListUnitPrice=billed_price.unit_price,
        PricingCategory="Standard",
        PricingCurrencyContractedUnitPrice=pricing_currency_price.unit_price,
        PricingCurrencyEffectiveCost=amount,
        PricingCurrencyListUnitPrice=pricing_currency_price.unit_price,
        PricingQuantity=billed_price.quantity,
        PricingUnit=UNIT_NAMES.get(unit, unit) or "Units",
        SkuId=sku_id,
        SkuMeter=get_or(line.description, None),
        SkuPriceId=f"{sku_id}@{format_trimmed(rate or ZERO)}",
        x_JsonPath=path,
        x_ListedUnitPrice=pricing_currency_price.published_rate,
        **cluster_columns,
    )


def _build_adjustment_line(name: str, amount: CurrencyAmount, detail_id: str, path: str) -> CockroachLine:
    cost = remove_float_dust(amount.amount)
    billed_cost = cost if currency_of(amount) == DOLLAR_CODE else ZERO
    category = _find_category(name, cost)
    is_purchase = category == "Purchase"
    sku_id = _make_sku_id("CockroachDB Cloud", ISSUER_NAME, name) if is_purchase else None
    return CockroachLine(
        BilledCost=billed_cost,
        ChargeCategory=category,
        ChargeDescription=name or None,
        ChargeFrequency="Recurring" if is_purchase else "One-Time",
        ConsumedQuantity=None,
        ConsumedUnit=None,
        ContractedCost=billed_cost,
        ContractedUnitPrice=billed_cost if is_purchase else None,
        EffectiveCost=billed_cost,
        HostProviderName=ISSUER_NAME,
        InvoiceDetailId=detail_id,
        ListCost=billed_cost,
        ListUnitPrice=billed_cost if is_purchase else None,
        PricingCategory="Standard" if is_purchase else None,
        PricingCurrencyContractedUnitPrice=cost if is_purchase else None,
        PricingCurrencyEffectiveCost=cost,
        PricingCurrencyListUnitPrice=cost if is_purchase else None,
        PricingQuantity=Decimal(1) if is_purchase else None,
        PricingUnit="Units" if is_purchase else None,
        RegionId=None,
        RegionName=None,
        ResourceId=None,
        ResourceName=None,
        ResourceType=None,
        ServiceName="CockroachDB Cloud",
        SkuId=sku_id,
        SkuMeter=name if is_purchase else None,
        SkuPriceId=f"{sku_id}@{format_trimmed(cost)}" if is_purchase else None,
        SubAccountId=None,
        SubAccountName=None,
        SubAccountType=None,
        Tags=None,
        x_Details=None,
        x_JsonPath=path,
        x_ListedUnitPrice=None,
    )


def _find_category(name: str, amount: Decimal) -> str:
    if TAX_PATTERN.search(name):
        return "Tax"
    if amount < 0:
        return "Credit"
    return "Purchase" if amount > 0 and re.search(r"support", name, re.IGNORECASE) else "Adjustment"
