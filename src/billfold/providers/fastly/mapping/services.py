"""Fastly's names for what it sells, as FOCUS words: service and category, region, kind of charge, unit."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

DELIVERY = "Full Site Delivery"
FASTLY = "Fastly"
REGIONS = (
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
KEYS = {
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

_BY_WORDS = (
    (r"object storage", "Storage", "Object Storage"),
    (r"compute|\bwasm\b", "Compute", "Serverless Compute"),
    (r"\b(kv|config|secret) stores?\b", "Databases", "NoSQL Databases"),
    (r"\bwaf\b|firewall|ddos|\bbots?\b|threat|protection", "Security", "Threat Detection and Response"),
    (r"\btls\b|\bssl\b|certificate|security", "Security", "Other (Security)"),
    (r"observab|\blogs?\b|logging|insight", "Management and Governance", "Observability"),
    (r"support|professional services|training", "Management and Governance", "Support"),
    (r"\bai\b", "AI and Machine Learning", "Generative AI"),
    (r"delivery|\bcdn\b|image|stream|video|shield|bandwidth|requests", "Networking", "Content Delivery"),
)
_BY_LINE = {
    "network services": ("Networking", "Content Delivery"),
    "compute": ("Compute", "Serverless Compute"),
    "security": ("Security", "Other (Security)"),
    "observability": ("Management and Governance", "Observability"),
}
_TAX = re.compile(r"\b(sales )?tax(es)?\b|\bvat\b|\bgst\b", re.IGNORECASE)
_SHORTFALL = re.compile(r"shortfall|\bminimum\b|true-?\s?up", re.IGNORECASE)
_MEASURE = re.compile(r"\W*\b((95th )?percentile|bandwidth|requests?)\b.*", re.IGNORECASE)
_NOWHERE, _NETWORK = ("Other", "Other (Other)"), ("Networking", "Other (Networking)")
TEN_THOUSAND = "10000 Requests"


class Service(NamedTuple):
    """A FOCUS ServiceName with its category and subcategory."""

    name: str
    category: str
    subcategory: str


@lru_cache(maxsize=1024)
def service(group: str, line: str = "") -> Service:
    """Return the service of a product group; its own words decide the category before its product line does."""
    return _service(group, line, _NOWHERE)


@lru_cache(maxsize=1024)
def old_service(group: str, plan: str = "") -> Service:
    """Return the service of a v2 line, whose plan is often named as a product line; what says nothing is networking."""
    return _service(group, plan, _NETWORK)


def _service(group: str, line: str, otherwise: tuple[str, str]) -> Service:
    for words, category, subcategory in _BY_WORDS:
        if re.search(words, group, re.IGNORECASE):
            return Service(group, category, subcategory)
    return Service(group or FASTLY, *_BY_LINE.get(line.lower() if group else "", otherwise))


@lru_cache(maxsize=1024)
def family(product: str) -> str:
    """Return the product group that a v2 service name belongs to: the name without its region and its measure.

    What is left of ``Europe Bandwidth`` is nothing: that is delivery.
    """
    region = region_of(product)
    rest = product[len(region) :] if region else product
    return _MEASURE.sub("", rest).strip() or DELIVERY


@lru_cache(maxsize=1024)
def region_of(text: str) -> str | None:
    """Return the region that a name begins with, or None."""
    return next((name for name in REGIONS if re.match(rf"{name}\b", text, re.IGNORECASE)), None)


@lru_cache(maxsize=4096)
def slug(*names: str) -> str:
    """Write names as one identifier: ``network-services/full-site-delivery``."""
    return "/".join(re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") for name in names)


@lru_cache(maxsize=4096)
def is_tax(*texts: str) -> bool:
    """Tell whether a line's texts speak of a tax."""
    return any(_TAX.search(text) for text in texts)


@lru_cache(maxsize=4096)
def is_shortfall(*texts: str) -> bool:
    """Tell whether a line's texts speak of what is missing to an agreed minimum."""
    return any(_SHORTFALL.search(text) for text in texts)


@lru_cache(maxsize=1024)
def is_delivery(group: str) -> bool:
    """Tell whether a product group is plain delivery, with its hyphen or without."""
    return slug(group) == slug(DELIVERY)


@lru_cache(maxsize=4096)
def unit(usage: str, group: str, bandwidth: str = "GB") -> str:
    """Return the unit that a kind of usage is priced in; the vendor says it only for bandwidth and requests of delivery."""
    if re.search(r"bandwidth", usage, re.IGNORECASE):
        return bandwidth
    counted = is_delivery(group) and re.search(r"requests?\b", usage, re.IGNORECASE)
    return TEN_THOUSAND if counted else "Units"
