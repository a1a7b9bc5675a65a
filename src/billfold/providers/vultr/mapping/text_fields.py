"""Reads what Vultr says in words only: times in several spellings, what a description is about, a listing's hash."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from functools import cache, lru_cache
from typing import NamedTuple, cast

from billfold.model.period import Month, parse_instant
from billfold.providers.mapping import is_in_bounds
from billfold.providers.vultr.records import Invoice
from billfold.wire.codec import get_or

_MONTH_FIRST_PATTERN = re.compile(r"(\d{2})-(\d{2})-(\d{4})(.*)", re.DOTALL)
_ZONELESS_PATTERN = re.compile(r"[\d-]{10}[T ][\d:.]+")
_CREDIBLE_YEARS = range(1990, 2990)


@lru_cache(maxsize=16_384)
def read_time(text: str) -> datetime:
    """Read a time of the vendor's, in UTC; raises ``ValueError`` for what is none.

    Spellings seen: ``2026-09-01T00:00:00+00:00`` (today's), ``09-01-2021T00:00:00+00:00`` (month first),
    ``2021-08-31 20:00:00`` (without a zone: midnight UTC in the vendor's Eastern time), a day alone (UTC).
    """
    month_first = _MONTH_FIRST_PATTERN.fullmatch(text.strip())
    time_text = f"{month_first[3]}-{month_first[1]}-{month_first[2]}{month_first[4]}" if month_first else text.strip()
    try:
        time = parse_instant(time_text)
        if _ZONELESS_PATTERN.fullmatch(time_text):
            time = time.replace(tzinfo=_vendor_zone()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text[:40]!r} is no time") from error
    if time.year not in _CREDIBLE_YEARS:
        raise ValueError(f"{text[:40]!r} is no time of this age")
    return time


@cache
def _vendor_zone() -> tzinfo:
    """Return the vendor's zone before 2017, which an example of 2021 without a zone still has."""
    from zoneinfo import ZoneInfo  # of every thousand times none is so old

    return ZoneInfo("America/New_York")


def find_billed_month(invoice: Invoice) -> Month:
    """Return the month that an invoice bills: the one before its date. Raises ``ValueError`` for a date that is none."""
    return Month.of(read_time(get_or(invoice.date, ""))).add_months(-1)


def make_fingerprint(invoice: Invoice) -> str:
    """Return the fingerprint of an invoice's listing: a short hash of its id, date and amount.

    Not of ``balance``: that is the account's, and said of old invoices as well it would make all of them look changed.
    """
    amount = get_or(invoice.amount, None)
    listing_fields = (
        get_or(invoice.id, ""),
        get_or(invoice.date, ""),
        "" if amount is None else _normalize_amount(amount),
    )
    return hashlib.sha256("\x1f".join(map(str, listing_fields)).encode()).hexdigest()[:16]


def _normalize_amount(amount: Decimal) -> str:
    if not amount.is_finite() or not is_in_bounds(amount):
        return str(amount)  # it is what it is: reckoned with, it would stop all that are listed with it
    return str(amount.normalize()) if amount else "0"


class NamedResource(NamedTuple):
    """What a description names: an address or a name, the size of an instance (None for no resource at all), a label."""

    id: str | None
    size: str | None
    name: str | None


NO_RESOURCE = NamedResource(None, None, None)
_INSTANCE_PATTERN = re.compile(r"(?=[^ .:()\[\]]*+[.:])([^ ()\[\]]++) \(([^()\[\]]++)\)(?: \[([^\[\]]*+)\])?")
"""``1.1.1.1 (8192 MB) [label]``, as nearly all lines of a long invoice say."""


def list_resources(descriptions: Iterable[str]) -> list[NamedResource]:
    """Return what each of many descriptions names; those that have the usual form are plain tuples."""
    find_instance = _INSTANCE_PATTERN.fullmatch
    return [
        cast("NamedResource", instance.groups()) if (instance := find_instance(text)) else resource_of(text)
        for text in descriptions
    ]


def resource_of(description: str) -> NamedResource:
    """Read ``1.1.1.1 (8192 MB) [label]`` or ``Load Balancer (name)``; nothing where the text has neither form."""
    text, label = description, None
    if text.endswith("]"):
        before_bracket, separator, label_text = text[:-1].partition(" [")
        if separator:
            text, label = before_bracket, label_text
    if not text.endswith(")"):
        return NO_RESOURCE
    before_bracket, separator, parenthesis = text[:-1].partition(" (")
    if not separator or not parenthesis:
        return NO_RESOURCE
    if " " not in before_bracket and ("." in before_bracket or ":" in before_bracket):
        return NamedResource(before_bracket, parenthesis, label)
    return NamedResource(parenthesis, "", label or parenthesis)
