"""What a line is, judged by its words: the vendor says neither a charge category nor a service family.

The rules are tried in order; which one decided stands in the charge's ``x_Details`` as ``CategoryRule``.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from billfold.providers.mapping import TAX_PATTERN


class LineCategory(NamedTuple):
    """A charge category, how often it is charged, and the rule that said so."""

    category: str
    frequency: str
    rule: str


_CATEGORY_RULES = tuple(
    (re.compile(pattern, re.IGNORECASE), LineCategory(category, frequency, rule))
    for rule, pattern, category, frequency in (
        ("tax", TAX_PATTERN.pattern, "Tax", "One-Time"),
        ("overage", r"\boverage\b", "Usage", "Usage-Based"),
        ("top-up", r"\btop[- ]?up\b", "Purchase", "One-Time"),
        ("service", r"\b(set-?up|implementation|professional services|training)\b", "Purchase", "One-Time"),
        ("prepay", r"\bpre-?pa(y|id)\b|\bcommit(ted|ment)\b|\bsubscription\b", "Purchase", "Recurring"),
    )
)
PLAN_CATEGORY = LineCategory("Purchase", "Recurring", "plan")
CREDIT_CATEGORY = LineCategory("Credit", "One-Time", "credit")
DEFAULT_CATEGORY = LineCategory("Usage", "Usage-Based", "default")
_AI_PATTERN = re.compile(r"\bAI\b|\bbots?\b|\bvirtual agent\b|\bcopilot\b", re.IGNORECASE)
_BOT_PATTERN = re.compile(r"\bbots?\b|\bvirtual agent\b", re.IGNORECASE)
_MESSAGE_PATTERN = re.compile(r"\bSMS\b|\bMMS\b|\bmessag|\bwhatsapp\b", re.IGNORECASE)
_VOICE_PATTERN = re.compile(r"\bvoice\b|\bBYOC\b|\bPSTN\b|\btelephony\b|\bcommunicate\b", re.IGNORECASE)
"""What carries conversations from and to others is Integration; what people work with is a business application."""
_UNIT_PLURALS = {
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
def classify_line(description: str, sku: str) -> LineCategory:
    """Judge a line by its description and SKU; what no rule knows is usage."""
    return next(
        (
            line_category
            for pattern, line_category in _CATEGORY_RULES
            if pattern.search(description) or pattern.search(sku)
        ),
        DEFAULT_CATEGORY,
    )


@lru_cache(maxsize=4096)
def classify_service(service: str) -> tuple[str, str]:
    """Return the FOCUS category and subcategory of a service."""
    if _AI_PATTERN.search(service):
        return "AI and Machine Learning", "Bots" if _BOT_PATTERN.search(service) else "Generative AI"
    if _MESSAGE_PATTERN.search(service):
        return "Integration", "Messaging"
    if _VOICE_PATTERN.search(service):
        return "Integration", "Other (Integration)"
    return "Business Applications", "Other (Business Applications)"


@lru_cache(maxsize=512)
def format_unit(vendor_unit: str) -> str:
    """Write a unit of the vendor's as FOCUS has units: in the plural."""
    return _UNIT_PLURALS.get(vendor_unit) or (f"{vendor_unit}s" if vendor_unit else "Units")
