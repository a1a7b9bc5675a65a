"""An invoice's line items and adjustments as charges: which column says what, and how its numbers are read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import cache
from typing import Any, NamedTuple

from billfold.model.bill import DetailIds
from billfold.model.money import ZERO, format_trimmed, require_finite
from billfold.model.pricing import choose_price
from billfold.providers.cockroach.records import Cluster, CurrencyAmount, Invoice, InvoiceItem, LineItem
from billfold.wire.codec import Maybe, get_or

ISSUER = "Cockroach Labs"
DOLLARS = "USD"
UNITS = {
    "HOURS": "Hours",
    "REQUEST_UNITS": "Request Units",
    "GIB": "GiB",
    "GIB_HOURS": "GiB-Hours",
    "VCPU_HOURS": "vCPU-Hours",
}
PLANS = {"DEDICATED": "ADVANCED", "SERVERLESS": "BASIC"}
HOSTS = {"GCP": "Google Cloud", "AWS": "Amazon Web Services", "AZURE": "Microsoft Azure"}
TAX = re.compile(r"(?<![a-z])(tax|taxes|vat|gst|hst|pst)(?![a-z])", re.IGNORECASE)
_DOUBLE = Context(prec=15, rounding=ROUND_HALF_EVEN)
_MONEY, _RATE = Decimal("1E-12"), Decimal("1E-18")
"""The finest amount of money, and the finest quantity or price, that a ledger keeps."""


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


def lines_of(invoice: Invoice, path: str) -> Iterator[tuple[str, Line]]:
    """Yield an invoice's lines and adjustments in the order they come, each with the currency it is told in."""
    names = _names(invoice)
    ids = DetailIds(get_or(invoice.invoice_id, ""))
    for i, item in enumerate(get_or(invoice.invoice_items, [])):
        about = _of_cluster(item, names)
        for j, line in enumerate(get_or(item.line_items, [])):
            total = get_or(line.total, CurrencyAmount())
            detail = ids.next_id(about.get("ResourceId"), line.description)
            where = f"{path}.invoice_items[{i}].line_items[{j}]"
            yield currency_of(total), _usage(line, total, about, detail, where)
    for k, extra in enumerate(get_or(invoice.adjustments, [])):
        amount = get_or(extra.amount, CurrencyAmount())
        detail = ids.next_id(None, extra.name)
        yield currency_of(amount), _adjusting(get_or(extra.name, ""), amount, detail, f"{path}.adjustments[{k}]")


def wiped(number: Maybe[Decimal], finest: Decimal = _MONEY) -> Decimal:
    """Wipe off float dust: a decimal sent as a 64-bit float is known to 15 significant digits, and kept to the finest step.

    Absent and null count as zero, as the vendor's own reader has it.
    """
    value = require_finite(get_or(number, ZERO))  # GUESS: an amount that is not said is 0
    if len(value.as_tuple().digits) > 15:
        value = value.normalize(_DOUBLE)
    return value if value.as_tuple().exponent >= finest.as_tuple().exponent else value.quantize(finest)  # type: ignore[operator]


def currency_of(amount: CurrencyAmount) -> str:
    """Return an amount's currency; one that is not said is dollars."""
    return get_or(amount.currency, "") or DOLLARS  # GUESS: protobuf may omit what it counts as zero


def _names(invoice: Invoice) -> dict[str, str]:
    """Return the names of folders by their ids: each is named by itself, or in the path of what lies in it."""
    found: dict[str, str] = {}
    for one in get_or(invoice.folder_resources, []):
        found |= {get_or(step.id, ""): get_or(step.name, "") for step in get_or(one.path, [])}
    own = {get_or(one.resource_id, ""): get_or(one.name, "") for one in get_or(invoice.folder_resources, [])}
    return found | {key: name for key, name in own.items() if name}


def _of_cluster(item: InvoiceItem, folders: dict[str, str]) -> dict[str, Any]:
    cluster = get_or(item.cluster, Cluster())
    regions = [get_or(region.name, "") for region in get_or(cluster.regions, [])]
    cloud, folder = get_or(cluster.cloud_provider, ""), get_or(cluster.parent_id, "root") or "root"
    said = get_or(cluster.plan, "")
    plan = PLANS.get(said, said)
    one = regions[0] if len(regions) == 1 else None
    sub = folder if folder != "root" else None
    labels = get_or(cluster.labels, {})
    return {
        "HostProviderName": HOSTS.get(cloud, cloud) or ISSUER,
        "RegionId": one,
        "RegionName": one,
        "ResourceId": get_or(cluster.id, None),
        "ResourceName": get_or(cluster.name, None),
        "ResourceType": "Cluster" if get_or(cluster.id, None) else None,
        "ServiceName": f"CockroachDB {plan.capitalize()}" if plan else "CockroachDB Cloud",
        "SubAccountId": sub,
        "SubAccountName": (folders.get(folder) or folder) if sub else None,
        "SubAccountType": "Folder" if sub else None,
        "Tags": json.dumps(labels, sort_keys=True) if labels else None,
        "x_Details": json.dumps({"CloudProvider": cloud, "Plan": said, "Regions": ",".join(regions)}),
    }


@cache
def _sku(service: str, host: str, description: str) -> str:
    return "/".join(re.sub(r"[^a-z0-9]+", "-", word.lower()).strip("-") for word in (service, host, description))


def _usage(line: LineItem, total: CurrencyAmount, about: dict[str, Any], detail: str, path: str) -> Line:
    amount, quantity = wiped(total.amount), wiped(line.quantity, _RATE)
    rate = None if get_or(line.unit_cost, None) is None else wiped(line.unit_cost, _RATE)
    paid = amount if currency_of(total) == DOLLARS else ZERO
    virtual, billed = choose_price(amount, quantity, rate), choose_price(paid, quantity, rate)
    unit = get_or(line.quantity_unit, "")
    sku = _sku(about["ServiceName"], about["HostProviderName"], get_or(line.description, ""))
    return Line(
        BilledCost=paid,
        ChargeCategory="Usage",
        ChargeDescription=get_or(line.description, None),
        ChargeFrequency="Usage-Based",
        ConsumedQuantity=billed.quantity,
        ConsumedUnit=UNITS.get(unit, unit) or "Units",
        ContractedCost=paid,
        ContractedUnitPrice=billed.unit_price,
        EffectiveCost=paid,
        InvoiceDetailId=detail,
        ListCost=paid,
        ListUnitPrice=billed.unit_price,
        PricingCategory="Standard",
        PricingCurrencyContractedUnitPrice=virtual.unit_price,
        PricingCurrencyEffectiveCost=amount,
        PricingCurrencyListUnitPrice=virtual.unit_price,
        PricingQuantity=billed.quantity,
        PricingUnit=UNITS.get(unit, unit) or "Units",
        SkuId=sku,
        SkuMeter=get_or(line.description, None),
        SkuPriceId=f"{sku}@{format_trimmed(rate or ZERO)}",
        x_JsonPath=path,
        x_ListedUnitPrice=virtual.published_rate,
        **about,
    )


def _adjusting(name: str, amount: CurrencyAmount, detail: str, path: str) -> Line:
    money = wiped(amount.amount)
    paid = money if currency_of(amount) == DOLLARS else ZERO
    category = _category(name, money)
    bought = category == "Purchase"
    sku = _sku("CockroachDB Cloud", ISSUER, name) if bought else None
    return Line(
        BilledCost=paid,
        ChargeCategory=category,
        ChargeDescription=name or None,
        ChargeFrequency="Recurring" if bought else "One-Time",
        ConsumedQuantity=None,
        ConsumedUnit=None,
        ContractedCost=paid,
        ContractedUnitPrice=paid if bought else None,
        EffectiveCost=paid,
        HostProviderName=ISSUER,
        InvoiceDetailId=detail,
        ListCost=paid,
        ListUnitPrice=paid if bought else None,
        PricingCategory="Standard" if bought else None,
        PricingCurrencyContractedUnitPrice=money if bought else None,
        PricingCurrencyEffectiveCost=money,
        PricingCurrencyListUnitPrice=money if bought else None,
        PricingQuantity=Decimal(1) if bought else None,
        PricingUnit="Units" if bought else None,
        RegionId=None,
        RegionName=None,
        ResourceId=None,
        ResourceName=None,
        ResourceType=None,
        ServiceName="CockroachDB Cloud",
        SkuId=sku,
        SkuMeter=name if bought else None,
        SkuPriceId=f"{sku}@{format_trimmed(money)}" if bought else None,
        SubAccountId=None,
        SubAccountName=None,
        SubAccountType=None,
        Tags=None,
        x_Details=None,
        x_JsonPath=path,
        x_ListedUnitPrice=None,
    )


def _category(name: str, amount: Decimal) -> str:
    if TAX.search(name):
        return "Tax"
    if amount < 0:
        return "Credit"
    return "Purchase" if amount > 0 and re.search(r"support", name, re.IGNORECASE) else "Adjustment"
