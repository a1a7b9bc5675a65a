"""What the lists say beside the charges: whose account it is, which invoices there are, whether the history agrees."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any, TypeGuard

from billfold.model.money import EXACT_CONTEXT, format_decimal
from billfold.model.period import Month
from billfold.providers.provider import InvoiceListing, RunAnswers
from billfold.providers.vultr.api import ListBillingHistory, ListInvoices
from billfold.providers.vultr.mapping.lines import in_bounds
from billfold.providers.vultr.mapping.text_fields import billed_month, when
from billfold.providers.vultr.records import Billing, Invoice
from billfold.wire.codec import get_or
from billfold.wire.operation import read_response
from billfold.wire.paging import PagedOperation

TOLD = 3
"""How many findings of one sort are told one by one."""


def find_identity(reading: RunAnswers) -> str | None:
    """Return the number of the account's first invoice: the API names no account, and numbers invoices across them all.

    None where the list of invoices did not come to its end, or is empty.
    """
    invoices, last = _whole(reading, ListInvoices)
    numbers = [int(key) for one in invoices if (key := str(get_or(one.id, ""))).isdecimal()]
    return f"first invoice {min(numbers)}" if numbers and last and _ended(*last) else None


def read_listing(reading: RunAnswers) -> InvoiceListing | None:
    """Say which invoices were listed; the list reaches back to the account's beginning."""
    invoices, last = _whole(reading, ListInvoices)
    if last is None:
        return None
    months = dict[str, Month]()
    for one in invoices:
        with suppress(ValueError):  # one without a date is read whatever it is of
            months[str(get_or(one.id, ""))] = billed_month(one)
    return InvoiceListing(frozenset(str(get_or(one.id, "")) for one in invoices), _ended(*last), months=months)


def check_answers(reading: RunAnswers) -> Iterator[str]:
    """Say where the list of invoices and the billing history do not agree with themselves or with each other."""
    invoices, first = _whole(reading, ListInvoices)
    rows, second = _whole(reading, ListBillingHistory)
    for name, found, last in (("invoices", invoices, first), ("billing history", rows, second)):
        stated = last[0].stated_total(last[1]) if last else None
        if stated is not None and stated != len(found):
            yield f"the list of {name} has {len(found)} entries, the vendor counts {stated}"
    if first and second and _ended(*first) and _ended(*second):
        yield from _few(_unlike(invoices, rows))
        yield from _few(_leaps(rows))


def _whole(
    reading: RunAnswers, kind: type[PagedOperation[Any, Any]]
) -> tuple[list[Any], tuple[PagedOperation[Any, Any], Any] | None]:
    found, last = list[Any](), None
    for answer in reading.answers(kind):
        op: Any = answer.op
        page = read_response(op, answer.response)
        found.extend(op.items(page))
        last = op, page
    return found, last


def _ended(op: PagedOperation[Any, Any], page: Any) -> bool:
    return op.has_end_mark(page)


def _few(findings: Iterator[str]) -> Iterator[str]:
    every = list(findings)
    yield from every[:TOLD]
    if len(every) > TOLD:
        yield f"{len(every) - TOLD} more like these"


def _unlike(invoices: list[Invoice], rows: list[Billing]) -> Iterator[str]:
    """Compare the history's rows of type invoice, which have the id and the amount of their invoice, with the list.

    An invoice newer than every row was issued between the two questions.
    """
    billed = {str(row.id): row for row in rows if row.type == "invoice"}
    listed = {str(invoice.id): invoice for invoice in invoices}
    newest = max(billed, key=_order, default="")
    for key in sorted({*billed, *listed}, key=_order):
        if key not in listed:
            yield f"invoice {key} is in the billing history, but not in the list of invoices"
        elif key not in billed and _order(key) < _order(newest):
            yield f"invoice {key} is listed, but not in the billing history"
        elif key in billed and billed[key].amount != listed[key].amount:
            yield f"invoice {key} is {_said(listed[key].amount)} in the list, {_said(billed[key].amount)} in the history"


def _order(key: str) -> tuple[int, str]:
    return len(key), key


def _leaps(rows: list[Billing]) -> Iterator[str]:
    """Look for rows that do not move the balance by their amount; in which direction is not documented for every type."""
    for older, row in pairwise(_oldest_first(rows)):
        if _known(older.balance) and _known(row.balance) and _known(row.amount):
            moved = abs(EXACT_CONTEXT.subtract(row.balance, older.balance))
            if abs(row.amount) != moved:
                yield f"the balance moves by {format_decimal(moved)} at history row {row.id}, which is {_said(row.amount)}"


def _oldest_first(rows: list[Billing]) -> list[Billing]:
    """Order a history by time, and rows of the same second as the list has them, whichever way it runs.

    Nothing where a row has no time: its place is not known, nor who its neighbours are.
    """
    dated = [(at, row) for row in rows if (at := _at(row))]
    if len(dated) < len(rows):
        return []
    if dated and dated[0][0] > dated[-1][0]:
        dated.reverse()
    return [row for _, row in sorted(dated, key=lambda one: one[0])]


def _at(row: Billing) -> datetime | None:
    try:
        return when(get_or(row.date, ""))
    except ValueError:
        return None


def _known(number: object) -> TypeGuard[Decimal]:
    return isinstance(number, Decimal) and in_bounds(number)


def _said(amount: object) -> str:
    return format_decimal(amount) if _known(amount) else "without an amount"
