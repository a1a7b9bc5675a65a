"""Reads what Vultr says in words only: times in several spellings, what a description is about, the mark of a listing."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any, NamedTuple

from billfold.model.period import Month, parse_instant
from billfold.providers.vultr.records import Invoice
from billfold.wire.codec import get_or

_MONTH_FIRST = re.compile(r"(\d{2})-(\d{2})-(\d{4})(.*)", re.DOTALL)
_ZONELESS = re.compile(r"[\d-]{10}[T ][\d:.]+")
_YEARS = range(1990, 2990)


@lru_cache(maxsize=16_384)
def when(text: str) -> datetime:
    """Read a time of the vendor's, in UTC; raises ``ValueError`` for what is none.

    Spellings seen: ``2026-09-01T00:00:00+00:00`` (today's), ``09-01-2021T00:00:00+00:00`` (month first),
    ``2021-08-31 20:00:00`` (without a zone: midnight UTC in the vendor's Eastern time), a day alone (UTC).
    """
    found = _MONTH_FIRST.fullmatch(text.strip())
    said = f"{found[3]}-{found[1]}-{found[2]}{found[4]}" if found else text.strip()
    try:
        read = parse_instant(said)
        if _ZONELESS.fullmatch(said):
            read = read.replace(tzinfo=_eastern()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text[:40]!r} is no time") from error
    if read.year not in _YEARS:
        raise ValueError(f"{text[:40]!r} is no time of this age")
    return read


@cache
def _eastern() -> tzinfo:
    """Return the vendor's zone before 2017, which an example of 2021 without a zone still has."""
    from zoneinfo import ZoneInfo  # of every thousand times none is so old

    return ZoneInfo("America/New_York")


def billed_month(invoice: Invoice) -> Month:
    """Return the month that an invoice bills: the one before its date. Raises ``ValueError`` for a date that is none."""
    return Month.of(when(get_or(invoice.date, ""))).add_months(-1)


def mark(invoice: Invoice) -> str:
    """Return the mark of an invoice's listing: a short hash of its id, date and amount.

    Not of ``balance``: that is the account's, and said of old invoices as well it would make all of them look changed.
    """
    amount = get_or(invoice.amount, None)
    said = (get_or(invoice.id, ""), get_or(invoice.date, ""), "" if amount is None else _spelled(amount))
    return hashlib.sha256("\x1f".join(map(str, said)).encode()).hexdigest()[:16]


def _spelled(amount: Decimal) -> str:
    if not amount.is_finite():
        return str(amount)
    return str(amount.normalize()) if amount else "0"


class Thing(NamedTuple):
    """What a description names: an address or a name, a label, and the size of an instance."""

    id: str | None
    name: str | None
    size: str


NOTHING = Thing(None, None, "")
_thing: Any = tuple.__new__
"""Makes a named tuple without the detour over its names: there may be a million of them."""


def thing(description: str) -> Thing:
    """Read ``1.1.1.1 (8192 MB) [label]`` or ``Load Balancer (name)``; nothing where the text has neither form."""
    text, label = description, None
    if text.endswith("]"):
        head, bracket, said = text[:-1].partition(" [")
        if bracket:
            text, label = head, said
    if not text.endswith(")"):
        return NOTHING
    head, bracket, inner = text[:-1].partition(" (")
    if not bracket or not inner:
        return NOTHING
    if " " not in head and ("." in head or ":" in head):
        found: Thing = _thing(Thing, (head, label, inner))
        return found
    return Thing(inner, label or inner, "")
