"""What kind of charge a line is, from its product and unit type: category, service, unit, derived SKU.

The vendor names no SKU, no service category and no region; the tables here are ours, and the SKU ids are derived.
"""

from __future__ import annotations

import json
import re
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import lru_cache
from typing import NamedTuple

from billfold.model.money import format_decimal

UNITS = {"hours": "Hours", "overage": "GB"}
_TAX = re.compile(r"\b(?:tax(?:es)?|vat|gst|hst|pst|qst)\b", re.IGNORECASE)
_GIFT = re.compile(r"promo|credit|coupon|gift", re.IGNORECASE)
_WIDE = Context(prec=60, rounding=ROUND_HALF_EVEN)
_FINEST = Decimal("1E-18")
_PUBLISHED = Decimal("1E-4")


class Service(NamedTuple):
    """Where a product stands in FOCUS, what is measured of it, and what its resources are called ("" for none)."""

    category: str
    subcategory: str
    meter: str
    resource: str


OTHER = Service("Other", "Other (Other)", "Usage", "Resource")
PRODUCTS: tuple[tuple[re.Pattern[str], Service], ...] = tuple(
    (re.compile(words, re.IGNORECASE), Service(*said))
    for words, *said in (
        (rf"{_TAX.pattern}|discount|credit", "Other", "Other (Other)", "Usage", ""),
        (r"kubernetes|\bvke\b|container", "Compute", "Containers", "Cluster Usage", "Cluster"),
        (r"database", "Databases", "Relational Databases", "Database Usage", "Database"),
        (r"load balancer", "Networking", "Application Networking", "Load Balancer Usage", "Load Balancer"),
        (r"object storage", "Storage", "Object Storage", "Object Storage Usage", "Object Storage"),
        (r"block storage", "Storage", "Block Storage", "Block Storage Usage", "Block Storage"),
        (r"file system|file storage", "Storage", "File Storage", "File Storage Usage", "File System"),
        (r"snapshot", "Storage", "Backup Storage", "Snapshot Usage", "Snapshot"),
        (r"backup", "Storage", "Backup Storage", "Backup Usage", "Instance"),
        (r"bandwidth|transfer", "Networking", "Network Infrastructure", "Data Transfer", ""),
        (r"ddos", "Networking", "Network Security", "DDoS Protection Usage", "Instance"),
        (r"\bcdn\b", "Networking", "Content Delivery", "Content Delivery Usage", "CDN"),
        (r"\bipv?[46]?\b|\bvpc\b|\bnat\b|\bdns\b", "Networking", "Network Infrastructure", "Network Usage", "Address"),
        (r"bare metal|compute|gpu|instance|\bservers?\b", "Compute", "Virtual Machines", "Compute Usage", "Instance"),
    )
)


class Kind(NamedTuple):
    """The columns that all lines of one product, size and rate share."""

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


@lru_cache(maxsize=1024)
def service(product: str) -> Service:
    """Return where a product stands; the first row of the table whose words it has, else Other."""
    return next((said for words, said in PRODUCTS if words.search(product)), OTHER)


def category(product: str, unit_type: str, words: str, *, negative: bool) -> str:
    """Say what a line is: Usage, Tax, Credit or Adjustment; ``words`` are its description's ``head``."""
    if not metered(product, unit_type):
        if taxed(product, words):
            return "Tax"
        if unit_type == "discount":
            return "Credit" if _GIFT.search(f"{product} {words}") else "Adjustment"
    return "Credit" if negative else "Usage"


def taxed(product: str, words: str) -> bool:
    """Tell whether a line that is not metered is a tax; ``words`` are its description's ``head``."""
    return bool(_TAX.search(product) or _TAX.search(words))


def head(product: str, description: str) -> str:
    """Return the words of a description that say what a line is: a customer's names and labels have no say in it.

    Labels stand in brackets, names of what has one in parentheses; those of other lines (``Fee (VAT 19%)``) do count.
    """
    named = service(product) is not OTHER and bool(service(product).resource)
    return re.split(r"[(\[]" if named else r"\[", description)[0]


@lru_cache(maxsize=1024)
def metered(product: object, unit_type: object) -> bool:
    """Tell whether a line of this product and unit type is measured usage, whatever its description says."""
    return isinstance(product, str) and unit_type in UNITS and not _TAX.search(product)


@lru_cache(maxsize=8192)
def usage(product: str, unit_type: str, size: str, rate: Decimal | None) -> Kind:
    """Return the columns of a line that charges usage; ids of a SKU are derived from product, size and rate."""
    about, unit = service(product), UNITS.get(unit_type, unit_type.title()) or "Units"
    sku = "/".join(filter(None, (_slug(product) or "vultr", _slug(size))))
    priced = "none" if rate is None else format(rate.quantize(_PUBLISHED, context=_WIDE), "f")
    return Kind(
        ChargeCategory="Usage",
        ChargeFrequency="Usage-Based",
        ConsumedUnit=unit,
        PricingCategory="Standard",
        PricingUnit=unit,
        ServiceCategory=about.category,
        ServiceName=product or "Vultr",
        ServiceSubcategory=about.subcategory,
        SkuId=sku,
        SkuMeter=about.meter,
        SkuPriceId=f"{sku}@{priced}/{unit}",
        x_Details=details(unit_type),
    )


@lru_cache(maxsize=1024)
def other(product: str, charged: str, detail: str) -> Kind:
    """Return the columns of a tax, credit or adjustment: it has no SKU, no price and no quantity."""
    about = service(product)
    return Kind(
        ChargeCategory=charged,
        ChargeFrequency="One-Time",
        ConsumedUnit=None,
        PricingCategory=None,
        PricingUnit=None,
        ServiceCategory=about.category,
        ServiceName=product or "Vultr",
        ServiceSubcategory=about.subcategory,
        SkuId=None,
        SkuMeter=None,
        SkuPriceId=None,
        x_Details=detail,
    )


def details(unit_type: str, units: Decimal | None = None, rate: Decimal | None = None) -> str:
    """Write what a line says and FOCUS has no column for."""
    numbers = {"Units": units, "UnitPrice": rate}
    return json.dumps({"UnitType": unit_type} | {k: format_decimal(v) for k, v in numbers.items() if v is not None})


def fitting(rate: Decimal) -> Decimal:
    """Return a published rate with at most 18 decimals: pending charges carry all digits of a 64-bit float."""
    return rate if rate == (short := rate.quantize(_FINEST, context=_WIDE)) else short


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
