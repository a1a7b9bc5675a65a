"""Terms of payment: when an invoice is due by them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

NOT_STATED = "Not stated"
"""What stands for terms that neither the vendor nor the configuration names."""
_NET_PATTERN = re.compile(
    r"\s*(?:net|n)[\s/-]*(\d{1,3})(?:[\s-]*days?)?\.?\s*|\s*(\d{1,3})[\s-]*days?(?:\s*net)?\.?\s*", re.IGNORECASE
)
_RECEIPT_PATTERN = re.compile(r"\s*(?:due|payable)\s+(?:up)?on\s+receipt\.?\s*", re.IGNORECASE)


def read_net_days(terms: str | None) -> int | None:
    """Return after how many days an invoice is due: 30 for ``Net 30``, ``NET30`` or ``30 days``; None for other terms."""
    if match := _NET_PATTERN.fullmatch(terms or ""):
        return int(match[1] or match[2])
    return 0 if _RECEIPT_PATTERN.fullmatch(terms or "") else None


def find_due_date(issued_on: datetime | None, terms: str | None) -> datetime | None:
    """Return when an invoice is due; None where its date or its terms do not say."""
    net_days = read_net_days(terms)
    if issued_on is None or net_days is None:
        return None
    try:
        return issued_on + timedelta(days=net_days)
    except OverflowError:
        return None
