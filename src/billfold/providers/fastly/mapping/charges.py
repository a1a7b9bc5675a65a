"""Fastly's invoices and estimates as FOCUS charges: v3 in full, and v2 where its answers were saved in time.

One charge per line; totals are checks, never charges. The judgement calls are in this folder's README.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any, NamedTuple

from billfold.model.bill import Bill, DetailIds, State
from billfold.model.errors import Unreadable
from billfold.model.money import ZERO
from billfold.model.period import Month
from billfold.providers.fastly.api import (
    GetInvoice,
    GetInvoiceById,
    GetInvoiceByIdFile,
    GetInvoiceByInvoiceId,
    GetInvoiceFile,
    GetInvoiceMtd,
    GetMonthToDateInvoice,
    GetTokenSelf,
    ListInvoices,
)
from billfold.providers.fastly.mapping import v2, v2_csv
from billfold.providers.fastly.mapping.bill_header import Envelope, Source, bill, period, unfinished, when
from billfold.providers.fastly.mapping.lines import Item, Line, details, line, number, text
from billfold.providers.fastly.mapping.services import Service, service, slug, unit
from billfold.providers.fastly.records import (
    BillingEstimateResponse,
    Invoice,
    Invoicelineitems,
    Mtdinvoice,
    Mtdlineitems,
)
from billfold.providers.provider import Answer, Reading
from billfold.wire.codec import Record, given
from billfold.wire.operation import Kind, read

Found = Iterator[tuple[Record, str]]
"""Bills in an answer, each with its JSON path there."""


def bills(reading: Reading) -> Iterator[Bill]:
    """Yield a bill for every invoice and estimate that was answered; raises ``Unreadable`` after all that can be read."""
    owner, unread = owned(reading), []
    for kind, find, make in READERS:
        for answer in reading.answers(kind):
            try:
                for found, path in find(answer):
                    yield _careful(make, found, Source(answer, path, owner))._replace(grade=_grade(kind))
            except Unreadable as error:
                unread.append(error)
    if unread:
        raise unread[0]


def _grade(kind: Kind) -> int:
    """Rank the sources of an invoice: v3 says more of it than v2 did, and v2 as JSON more than as CSV."""
    return 0 if "/v3/" in kind.path else -2 if kind.reply is bytes else -1


def _careful(make: Callable[[Any, Source], Bill], found: Record, source: Source) -> Bill:
    """Make a bill; where even that fails, one that says so, so that the other bills are not lost."""
    try:
        return make(found, source)
    except (ValueError, ArithmeticError) as error:
        estimate = isinstance(found, Mtdinvoice | BillingEstimateResponse)
        key = None if estimate else str(given(getattr(found, "invoice_id", None), "unknown"))
        state = State.ESTIMATE if estimate else State.ISSUED
        span, why = Month.of(source.answer.fetched_at).period, (f"it cannot be read: {error}",)
        return bill(Envelope(state, key, "", span, "USD", None, source.path, None, why), [], source, 0)


def _listed(answer: Answer) -> Found:
    for index, invoice in enumerate(answer.op.items(read(answer.op, answer.response))):  # type: ignore[attr-defined]
        yield invoice, f"$.data[{index}]"


def _alone(answer: Answer) -> Found:
    yield read(answer.op, answer.response), "$"


def posted(invoice: Invoice, source: Source) -> Bill:
    """Make the bill of a v3 invoice: issued where its period is over, else a draft."""
    span, problems = period(text(invoice.billing_start_date), text(invoice.billing_end_date), source.answer.fetched_at)
    # NOTE: the list has "current and past months" (the vendor's announcement of 2024-07): what runs on is no invoice yet.
    state = State.DRAFT if not problems and unfinished(span, source.answer) else State.ISSUED
    key, amount = str(given(invoice.invoice_id, "")), number(invoice.monthly_transaction_amount)
    currency = text(invoice.currency_code).upper()
    problems += [] if key else ["the invoice has no id"]
    problems += [] if amount is not None else ["the invoice has no total"]
    problems += [] if currency else ["the invoice names no currency: USD is assumed"]
    entries = given(invoice.transaction_line_items, [])
    about = (("Api", "v3"), ("StatementNumber", text(invoice.statement_number)))
    made = _lines(entries, key or "unknown", source.path, about, problems)
    path = f"{source.path}.monthly_transaction_amount"
    on = when(text(invoice.invoice_posted_on)) if invoice.invoice_posted_on else None
    return bill(
        Envelope(
            state,
            key or "unknown",
            text(invoice.customer_id),
            span,
            currency or "USD",
            amount,
            path,
            on,
            tuple(problems),
        ),
        made,
        source,
        len(entries),
    )


def running(invoice: Mtdinvoice, source: Source) -> Bill:
    """Make the estimate of the running month; its currency goes without saying: USD."""
    span, problems = period(text(invoice.billing_start_date), text(invoice.billing_end_date), source.answer.fetched_at)
    amount = number(invoice.monthly_transaction_amount)
    problems += [] if amount is not None else ["the estimate has no total"]
    entries = given(invoice.transaction_line_items, [])
    if amount is None and not entries:
        raise Unreadable("the month to date has neither a total nor lines: it is no estimate")
    made = _lines(entries, None, source.path, (("Api", "v3"),), problems)
    path = f"{source.path}.monthly_transaction_amount"
    customer = text(invoice.customer_id)
    return bill(
        Envelope(State.ESTIMATE, None, customer, span, "USD", amount, path, None, tuple(problems)),
        made,
        source,
        len(entries),
    )


def _lines(
    entries: Sequence[Mtdlineitems], key: str | None, path: str, about: tuple[tuple[str, str], ...], problems: list[str]
) -> list[Line]:
    made, ids = [], DetailIds(key) if key else None
    for index, entry in enumerate(entries):
        if (amount := number(entry.amount)) is None:
            problems.append(f"line {index + 1} has no amount")
        where = f"{path}.transaction_line_items[{index}]"
        made.append(line(_item(entry, amount or ZERO, about, where), ids))
    return made


class Product(NamedTuple):
    """What is the same for all lines of a product in a region."""

    service: Service
    region: str | None
    unit: str
    sku: str


@lru_cache(maxsize=4096)
def _product(name: str, group: str, family: str, region: str, usage: str) -> Product:
    sku = slug(family or "fastly", group or "other", name or usage or "other")
    return Product(service(group, family), region or None, unit(usage, group), sku)


def _item(entry: Mtdlineitems, amount: Decimal, about: tuple[tuple[str, str], ...], path: str) -> Item:
    name, group, family = text(entry.product_name), text(entry.product_group), text(entry.product_line)
    coupon = text(entry.credit_coupon_code) if isinstance(entry, Invoicelineitems) else ""
    usage = text(entry.usage_type)
    product = _product(name, group, family, text(entry.region), usage)
    return Item(
        description=text(entry.description),
        product=name,
        service=product.service,
        region=product.region,
        usage=usage,
        unit=product.unit,
        units=number(entry.units),
        rate=number(entry.rate),
        amount=amount,
        coupon=coupon,
        sku=product.sku,
        details=details(*about, ("ProductLine", family), ("ProductName", name), ("CreditCouponCode", coupon)),
        path=path,
    )


def owned(reading: Reading) -> str | None:
    """Return the customer whose the token is, or None where that was not answered."""
    return next((text(read(a.op, a.response).customer_id) for a in reading.answers(GetTokenSelf)), None) or None


READERS: tuple[tuple[Kind, Callable[[Answer], Found], Callable[[Any, Source], Bill]], ...] = (
    (GetMonthToDateInvoice, _alone, running),
    (ListInvoices, _listed, posted),
    (GetInvoiceByInvoiceId, _alone, posted),
    (GetInvoiceMtd, _alone, partial(v2.invoice, estimate=True)),
    (GetInvoice, _alone, v2.invoice),
    (GetInvoiceById, _alone, v2.invoice),
    (GetInvoiceFile, v2_csv.tables, v2.invoice),
    (GetInvoiceByIdFile, v2_csv.tables, v2.invoice),
)
"""Which operation's answers hold bills, where in them, and what makes a bill of each."""
