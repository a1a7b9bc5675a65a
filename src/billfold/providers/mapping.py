"""What the mappings of all vendors share: the words of a tax."""

from __future__ import annotations

import re
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
