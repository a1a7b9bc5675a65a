"""Fastly's names for what it sells, as FOCUS words: service and category, region, kind of charge, unit."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from billfold.providers.mapping import make_slug

DELIVERY = "Full Site Delivery"
FASTLY = "Fastly"
REGION_NAMES = (
    "North America",
    "South America",
    "South Korea",
    "Europe",
    "Australia",
    "Africa",
    "Asia",
    "India",
    "Mexico",
    "Saudi Arabia",
)
"""The vendor's own region names (fastly-py ``BillingRegion``); the last two are only known as keys."""
REGIONS_BY_KEY = {
    "usa": "North America",
    "europe": "Europe",
    "anzac": "Australia",
    "asia": "Asia",
    "asia_india": "India",
    "asia_southkorea": "South Korea",
    "africa_std": "Africa",
    "southamerica_std": "South America",
    "latam": "South America",
    "mexico": "Mexico",
    "saudi_arabia": "Saudi Arabia",
}
"""v2's region keys; the pairs of europe, asia, latam, mexico and saudi_arabia are inferred from the names."""

_SERVICE_PATTERNS = (
    (r"object storage", "Storage", "Object Storage"),
    (r"fanout|websocket|messag", "Integration", "Messaging"),
    (r"compute|\bwasm\b", "Compute", "Serverless Compute"),
    (r"\b(kv|config|secret) stores?\b", "Databases", "NoSQL Databases"),
    (r"\bwaf\b|firewall|ddos|\bbots?\b|threat|protection", "Security", "Threat Detection and Response"),
    (r"\btls\b|\bssl\b|certificate|security", "Security", "Other (Security)"),
    (r"observab|\blogs?\b|logging|insight", "Management and Governance", "Observability"),
    (r"support|professional services|training", "Management and Governance", "Support"),
    (r"\bai\b", "AI and Machine Learning", "Generative AI"),
    (r"delivery|\bcdn\b|image|stream|video|shield|bandwidth|requests", "Networking", "Content Delivery"),
)
_SERVICES_BY_PRODUCT_LINE = {
    "network services": ("Networking", "Content Delivery"),
    "compute": ("Compute", "Serverless Compute"),
    "security": ("Security", "Other (Security)"),
    "observability": ("Management and Governance", "Observability"),
}
_COUNTED_PATTERN = re.compile(r"[A-Z][A-Za-z]*( [A-Z][A-Za-z]*){0,3}")
_SHORTFALL_PATTERN = re.compile(r"shortfall|\bminimum\b|true-?\s?up", re.IGNORECASE)
_MEASURE_PATTERN = re.compile(r"\b((95th )?percentile|bandwidth|requests?)\b", re.IGNORECASE)
_OTHER_CATEGORY, _NETWORK_CATEGORY = ("Other", "Other (Other)"), ("Networking", "Other (Networking)")
TEN_THOUSAND_REQUESTS = "10000 Requests"


class FastlyService(NamedTuple):
    """A FOCUS ServiceName with its category and subcategory."""

    name: str
    category: str
    subcategory: str


@lru_cache(maxsize=1024)
def find_service(product_group: str, product_line: str = "") -> FastlyService:
    """Return the service of a product group; its own words decide the category before its product line does."""
    return _match_service(product_group, product_line, _OTHER_CATEGORY)


@lru_cache(maxsize=1024)
def find_v2_service(product_group: str, plan_name: str = "") -> FastlyService:
    """Return the service of a v2 line, whose plan is often named as a product line; what says nothing is networking."""
    return _match_service(product_group, plan_name, _NETWORK_CATEGORY)


def _match_service(product_group: str, product_line: str, default_category: tuple[str, str]) -> FastlyService:
    for pattern, category, subcategory in _SERVICE_PATTERNS:
        if re.search(pattern, product_group, re.IGNORECASE):
            return FastlyService(product_group, category, subcategory)
    return FastlyService(
        product_group or FASTLY,
        *_SERVICES_BY_PRODUCT_LINE.get(product_line.lower() if product_group else "", default_category),
    )


@lru_cache(maxsize=1024)
def find_product_group(product_name: str) -> str:
    """Return the product group that a v2 service name belongs to: the name without its region and its measure.

    What is left of ``Europe Bandwidth`` is nothing: that is delivery.
    """
    region = find_region(product_name)
    unprefixed_name = product_name[len(region) :] if region else product_name
    measure = _MEASURE_PATTERN.search(unprefixed_name)
    return (_strip_signs(unprefixed_name[: measure.start()]) if measure else unprefixed_name.strip()) or DELIVERY


def _strip_signs(text: str) -> str:
    """Return a text without blanks around it, and without what is no letter and no digit at its end."""
    end = next((index for index in range(len(text), 0, -1) if text[index - 1].isalnum() or text[index - 1] == "_"), 0)
    return text[:end].strip()


@lru_cache(maxsize=1024)
def find_region(text: str) -> str | None:
    """Return the region that a name begins with, or None."""
    return next((name for name in REGION_NAMES if re.match(rf"{name}\b", text, re.IGNORECASE)), None)


@lru_cache(maxsize=4096)
def is_shortfall(*texts: str) -> bool:
    """Tell whether a line's texts speak of what is missing to an agreed minimum."""
    return any(_SHORTFALL_PATTERN.search(text) for text in texts)


@lru_cache(maxsize=1024)
def is_delivery(product_group: str) -> bool:
    """Tell whether a product group is plain delivery, with its hyphen or without."""
    return make_slug(product_group) == make_slug(DELIVERY)


@lru_cache(maxsize=4096)
def find_unit(usage_type: str, product_group: str, bandwidth_unit: str = "GB") -> str:
    """Return the unit that a kind of usage is priced in; the vendor says it only for bandwidth and requests of delivery."""
    if re.search(r"bandwidth", usage_type, re.IGNORECASE):
        return bandwidth_unit
    counts_requests = is_delivery(product_group) and re.search(r"requests?\b", usage_type, re.IGNORECASE)
    return TEN_THOUSAND_REQUESTS if counts_requests else _name_units(usage_type)


def _name_units(usage_type: str) -> str:
    """Say what is counted where nobody says by how many: ``Message Units`` of ``Messages``."""
    region = find_region(usage_type) or ""
    counted = re.sub(r"s$", "", usage_type.removeprefix(region).strip()).title()
    return f"{counted} Units" if _COUNTED_PATTERN.fullmatch(counted) else "Units"
