"""What the mappings of all vendors share: the words of a tax, the bounds of numbers, ids made of names."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache

TAX_WORDS = (
    # Vultr, docs.vultr.com/support/platform/billing/does-vultr-collect-vat-or-sales-tax: "taxes such as VAT, sales tax"
    "tax",
    "taxes",
    "vat",
    # Vultr, www.vultr.com/resources/faq/taxes/canada: "Vultr charges" GST, HST, QST and PST
    "gst",
    "hst",
    "pst",
    "qst",
)
"""What taxes are called in the texts of lines: no vendor's API has a field that says so. Each is a tax at every vendor."""
TAX_PATTERN = re.compile(rf"(?<![^\W\d_])(?:{'|'.join(TAX_WORDS)})(?![^\W\d_])", re.IGNORECASE)
"""Any of the words with no letter on either side: ``VAT19`` and ``TAX_US`` are taxes, a taxi is none."""


@lru_cache(maxsize=4096)
def is_tax(*texts: str) -> bool:
    """Tell whether any of a line's texts speaks of a tax."""
    return any(TAX_PATTERN.search(text) for text in texts)


def is_in_bounds(number: Decimal) -> bool:
    """Tell whether a number can be reckoned with: neither astronomically large nor small."""
    return number.is_finite() and -25 < number.adjusted() < 14


def describe_unfit(number: Decimal) -> str:
    """Say what is wrong with a number that is not in bounds."""
    return "out of all bounds" if number.is_finite() else f"no number: {number}"


@lru_cache(maxsize=4096)
def make_slug(*names: str) -> str:
    """Write names as one identifier: ``network-services/full-site-delivery``."""
    return "/".join(re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") for name in names)
