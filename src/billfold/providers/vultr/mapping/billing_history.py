"""The vendor's lists as they were answered, and the rows of its billing history in the order that they happened."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple, TypeGuard

from billfold.providers.mapping import is_in_bounds
from billfold.providers.pages import iter_pages
from billfold.providers.provider import RunAnswers
from billfold.providers.vultr.mapping.text_fields import read_time
from billfold.providers.vultr.records import Billing
from billfold.wire.codec import get_or
from billfold.wire.paging import PagedOperation


class VendorList(NamedTuple):
    """A list as its pages have it; ``has_more`` says that the last one leads on, ``is_whole`` that it is known to be all."""

    items: list[Any]
    stated_count: int | None
    has_more: bool
    is_whole: bool


def read_list(run_answers: RunAnswers, operation_type: type[PagedOperation[Any, Any]]) -> VendorList | None:
    """Read a list out of all its pages; None where it was not asked for."""
    items, page = list[Any](), None
    for page in iter_pages(run_answers, operation_type):
        items.extend(page.items)
    if page is None:
        return None
    has_more = page.op.next_operation(page.reply) is not None
    is_whole = page.has_end_mark or (not has_more and page.stated_total == len(items))
    return VendorList(items, page.stated_total, has_more, is_whole)


def sort_by_time(rows: list[Billing]) -> list[Billing]:
    """Order a history by time, and rows of the same second as the list has them, whichever way it runs.

    Nothing where a row has no time: its place is not known, nor who its neighbours are.
    """
    dated_rows = [(row_time, row) for row in rows if (row_time := read_row_time(row))]
    if len(dated_rows) < len(rows):
        return []
    if dated_rows and dated_rows[0][0] > dated_rows[-1][0]:
        dated_rows.reverse()
    return [row for _, row in sorted(dated_rows, key=lambda dated_row: dated_row[0])]


def read_row_time(row: Billing) -> datetime | None:
    """Return when a row of the history happened; None where it does not say."""
    try:
        return read_time(get_or(row.date, ""))
    except ValueError:
        return None


def is_valid_amount(amount: object) -> TypeGuard[Decimal]:
    """Tell whether a value is an amount that can be reckoned with."""
    return isinstance(amount, Decimal) and is_in_bounds(amount)
