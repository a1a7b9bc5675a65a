"""What kind of charge a line is, from its product and unit type: category, service, unit, derived SKU.

The vendor names no SKU, no service category and no region; the tables here are ours, and the SKU ids are derived.
"""

from __future__ import annotations

import json
import re
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import lru_cache
from typing import NamedTuple

from billfold.model.money import EXACT_CONTEXT, exact_product, exact_sum, format_decimal
from billfold.providers.mapping import (
    CREDIT_PATTERN,
    TAX_PATTERN,
    Sku,
    classify_reduction,
    is_tax,
    make_price_id,
    make_slug,
)

UNITS_BY_TYPE = {"hours": "Hours", "overage": "GB"}
_WIDE_CONTEXT = Context(prec=60, rounding=ROUND_HALF_EVEN)
_RATE_QUANTUM = Decimal("1E-18")
MIN_HOUR_CAP = 672
"""Hours of a month after which the vendor charges no more: 672, of some products 730."""
RATE_ROUNDING, TOTAL_ROUNDING = Decimal("0.00005"), Decimal("0.01")
"""How far a rate of four decimals and a total in cents can be from what they were before they were rounded."""


class VultrService(NamedTuple):
    """Where a product stands in FOCUS, what is measured of it, and what its resources are called ("" for none)."""

    category: str
    subcategory: str
    meter: str
    resource_type: str


OTHER_SERVICE = VultrService("Other", "Other (Other)", "Usage", "Resource")
SERVICES_BY_PATTERN: tuple[tuple[re.Pattern[str], VultrService], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), VultrService(*service_fields))
    for pattern, *service_fields in (
        (rf"{TAX_PATTERN.pattern}|discount|credit", "Other", "Other (Other)", "Usage", ""),
        (r"kubernetes|\bvke\b|container", "Compute", "Containers", "Cluster Usage", "Cluster"),
        (r"valkey|redis|cach(e|ing)", "Databases", "Caching", "Database Usage", "Database"),
        (r"kafka", "Integration", "Messaging", "Database Usage", "Database"),
        (r"postgres|mysql", "Databases", "Relational Databases", "Database Usage", "Database"),
        (r"database", "Databases", "Other (Databases)", "Database Usage", "Database"),
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
        (r"bare metal", "Compute", "Other (Compute)", "Compute Usage", "Instance"),
        (r"compute|gpu|instance|\bservers?\b", "Compute", "Virtual Machines", "Compute Usage", "Instance"),
    )
)


@lru_cache(maxsize=1024)
def find_service(product: str) -> VultrService:
    """Return where a product stands; the first row of the table whose words it has, else Other."""
    return next((service_row for pattern, service_row in SERVICES_BY_PATTERN if pattern.search(product)), OTHER_SERVICE)


def find_category(product: str, unit_type: str, headline: str, *, negative: bool) -> str:
    """Say what a line is: Usage, Tax, Credit or Adjustment; ``headline`` is from ``read_headline``."""
    if not is_metered(product, unit_type):
        if is_tax(product, headline):
            return "Tax"
        if unit_type == "discount":
            return "Credit" if CREDIT_PATTERN.search(f"{product} {headline}") else "Adjustment"
    return classify_reduction(product, headline) if negative else "Usage"


def read_headline(product: str, description: str) -> str:
    """Return the words of a description that say what a line is: a customer's names and labels have no say in it.

    Labels stand in brackets, names of what has one in parentheses; those of other lines (``Fee (VAT 19%)``) do count.
    """
    is_named = find_service(product) is not OTHER_SERVICE and bool(find_service(product).resource_type)
    return re.split(r"[(\[]" if is_named else r"\[", description)[0]


@lru_cache(maxsize=1024)
def is_metered(product: object, unit_type: object) -> bool:
    """Tell whether a line of this product and unit type is measured usage, whatever its description says."""
    return isinstance(product, str) and unit_type in UNITS_BY_TYPE and not TAX_PATTERN.search(product)


@lru_cache(maxsize=8192)
def find_usage_sku(product: str, unit_type: str, size: str) -> tuple[Sku, str]:
    """Return the SKU of a line that charges usage, with ids derived from product, size and unit, and its details."""
    unit = UNITS_BY_TYPE.get(unit_type, unit_type.title()) or "Units"
    sku_id = "/".join(filter(None, (make_slug(product) or "vultr", make_slug(size))))
    sku = Sku(sku_id, find_service(product).meter, make_price_id(sku_id, unit), unit)
    return sku, format_details(unit_type)


def is_capped(unit_type: str, units: Decimal, total: Decimal, rate: Decimal | None) -> bool:
    """Tell whether a line costs less than its hours at its rate because a month is charged up to a cap of hours only."""
    if unit_type != "hours" or units <= MIN_HOUR_CAP or rate is None:
        return False
    rounding = exact_sum([exact_product(units, RATE_ROUNDING), TOTAL_ROUNDING])
    # NOTE: a month has 744 hours at most; cap and rounding are told apart where the cap takes off more than rounding can.
    return EXACT_CONTEXT.subtract(exact_product(units, rate), total) > rounding


def format_details(unit_type: str, units: Decimal | None = None, rate: Decimal | None = None) -> str:
    """Write what a line says and FOCUS has no column for."""
    numbers = {"Units": units, "UnitPrice": rate}
    return json.dumps(
        {"UnitType": unit_type} | {name: format_decimal(value) for name, value in numbers.items() if value is not None}
    )


def round_rate(rate: Decimal) -> Decimal:
    """Return a published rate with at most 18 decimals: pending charges carry all digits of a 64-bit float."""
    return rate if rate == (rounded_rate := rate.quantize(_RATE_QUANTUM, context=_WIDE_CONTEXT)) else rounded_rate
