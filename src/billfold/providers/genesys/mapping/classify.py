"""What a line is, judged by its words: the vendor says neither a charge category nor a service family.

The rules are tried in order; which one decided stands in the charge's ``x_Details`` as ``CategoryRule``.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple


class Kind(NamedTuple):
    """A charge category, how often it is charged, and the rule that said so."""

    category: str
    frequency: str
    rule: str


_RULES = tuple(
    (re.compile(pattern, re.IGNORECASE), Kind(category, frequency, rule))
    for rule, pattern, category, frequency in (
        ("tax", r"\btax(es)?\b|\bvat\b|\bgst\b|\bhst\b", "Tax", "One-Time"),
        ("overage", r"\boverage\b", "Usage", "Usage-Based"),
        ("top-up", r"\btop[- ]?up\b", "Purchase", "One-Time"),
        ("service", r"\b(set-?up|implementation|professional services|training)\b", "Purchase", "One-Time"),
        ("prepay", r"\bpre-?pa(y|id)\b|\bcommit(ted|ment)\b|\bsubscription\b", "Purchase", "Recurring"),
    )
)
PLANNED = Kind("Purchase", "Recurring", "plan")
CREDIT = Kind("Credit", "One-Time", "credit")
OTHER = Kind("Usage", "Usage-Based", "default")
_AI = re.compile(r"\bAI\b|\bbots?\b|\bvirtual agent\b|\bcopilot\b", re.IGNORECASE)
_BOTS = re.compile(r"\bbots?\b|\bvirtual agent\b", re.IGNORECASE)
_UNITS = {
    "Day": "Days",
    "EA": "Units",
    "Each": "Units",
    "GB": "GB",
    "MillionCharacters": "1000000 Characters",
    "Person": "People",
    "PhoneNumber": "Phone Numbers",
    "RateTable": "Rate Tables",
    "Summary": "Summaries",
}


@lru_cache(maxsize=4096)
def kind(description: str, sku: str) -> Kind:
    """Judge a line by its description and SKU; what no rule knows is usage."""
    return next((found for pattern, found in _RULES if pattern.search(description) or pattern.search(sku)), OTHER)


@lru_cache(maxsize=4096)
def family(service: str) -> tuple[str, str]:
    """Return the FOCUS category and subcategory of a service."""
    if _AI.search(service):
        return "AI and Machine Learning", "Bots" if _BOTS.search(service) else "Generative AI"
    return "Business Applications", "Other (Business Applications)"


@lru_cache(maxsize=512)
def unit(word: str) -> str:
    """Write a unit of the vendor's as FOCUS has units: in the plural."""
    return _UNITS.get(word) or (f"{word}s" if word else "Units")
