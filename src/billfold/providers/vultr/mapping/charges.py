"""Vultr's invoices and pending charges as FOCUS charges: one for each line, in US dollars.

A list of lines is read once, page by page, so that a long invoice takes little memory; whether it came to its end and
what it sums to shows at its end. The judgement calls are in this folder's README.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any, NamedTuple

from billfold.model.bill import Bill, BillEnd, Charges, DetailIds, State
from billfold.model.errors import IncompleteList, InvalidResponse
from billfold.model.focus import CostAndUsage
from billfold.model.period import Month, Period
from billfold.model.pricing import build_rounding, find_residual
from billfold.providers.provider import ArchivedAnswer, RunAnswers
from billfold.providers.vultr.api import (
    GetAccount,
    GetAccountBandwidth,
    GetInvoice,
    GetInvoiceItems,
    ListInvoices,
    ListPendingCharges,
)
from billfold.providers.vultr.mapping.line_tally import Survey, latest
from billfold.providers.vultr.mapping.lines import Charged, Reader, in_bounds, unfit
from billfold.providers.vultr.mapping.text_fields import billed_month, mark, when
from billfold.providers.vultr.records import Account, BandwidthPeriod, Invoice, InvoiceItem
from billfold.wire.codec import get_or
from billfold.wire.operation import read_response
from billfold.wire.paging import PagedOperation

VULTR = "Vultr"
CURRENCY = "USD"
TOGETHER = 16_384
"""Lines that are handed over at once."""
Made = Generator[Charges, None, BillEnd]


class Page(NamedTuple):
    """Some lines, the question and the answer they came in, the answer's number, and the path of their list in it."""

    items: Sequence[InvoiceItem]
    op: PagedOperation[Any, InvoiceItem]
    said: Any
    seq: int
    path: str


def read_bills(reading: RunAnswers) -> Iterator[Bill]:
    """Yield the estimate of the running month, and a bill for each invoice whose lines were read.

    A bill whose lines were not read to their end raises ``IncompleteList`` when its charges are (``InvalidResponse`` where there is
    no list of them): half of an invoice must not take the place of what is booked. Pending charges that are no list raise
    ``InvalidResponse`` after all that can be read.
    """
    unread = None
    owner = next((read_response(a.op, a.response) for a in reading.answers(GetAccount)), Account())
    for answer in reading.answers(ListPendingCharges):
        try:
            yield from _estimate(answer, reading, owner)
        except InvalidResponse as error:
            unread = error
    invoices = _invoices(reading)
    for asked in dict.fromkeys(_invoice_of(op) for op in reading.requests(GetInvoiceItems)):
        try:
            yield _issued(asked, invoices.get(str(asked)), reading, owner)
        except InvalidResponse as error:  # not even their month can be told
            unread = error
    if unread:
        raise unread


def _invoice_of(op: Any) -> int | str:
    return op.invoice_id  # type: ignore[no-any-return]


def _invoices(reading: RunAnswers) -> dict[str, Invoice]:
    found: dict[str, Invoice] = {}
    for answer in reading.answers(GetInvoice):
        invoice = read_response(answer.op, answer.response)
        found[str(get_or(invoice.id, ""))] = invoice
    for answer in reading.answers(ListInvoices):
        page = read_response(answer.op, answer.response)
        found.update({str(get_or(invoice.id, "")): invoice for invoice in get_or(page.billing_invoices, [])})
    return found


def _issued(asked: int | str, invoice: Invoice | None, reading: RunAnswers, owner: Account) -> Bill:
    key = str(asked)
    problems = list[str]()
    total, month = _head(invoice, partial(_pages, reading, asked), problems)
    common = _common(month, owner)._replace(InvoiceId=key)
    return Bill(
        state=State.ISSUED,
        invoice_id=key,
        period=month.period,
        currency=CURRENCY,
        total=total,
        line_count=None,
        charges=_charges(common, _pages(reading, asked), None if problems else total),
        issuer=VULTR,
        fingerprint=mark(invoice) if invoice else "",
        issued_on=_date(invoice) if invoice else None,
        problems=tuple(problems),
        source_rank=0 if invoice else -1,
    )


def _pages(reading: RunAnswers, asked: int | str) -> Iterator[Page]:
    for answer in reading.answers(GetInvoiceItems, invoice_id=asked):
        yield _page(answer, "$.invoice_items")


def _page(answer: ArchivedAnswer, path: str) -> Page:
    op: Any = answer.op
    said = read_response(op, answer.response)
    return Page(op.items(said), op, said, answer.seq, path)


def _stated(amount: Decimal | None, problems: list[str]) -> Decimal | None:
    if amount is not None and not in_bounds(amount):
        problems.append(f"its amount is {unfit(amount)}")
        return None
    return amount


def _head(
    invoice: Invoice | None, pages: Callable[[], Iterator[Page]], problems: list[str]
) -> tuple[Decimal | None, Month]:
    """Return an invoice's total and the month that it bills, and note what is wrong with them."""
    if invoice is None:
        problems.append("no list names this invoice: its total and its date are not known")
        return None, _last_month(pages())
    total = _stated(get_or(invoice.amount, None), problems)
    problems += [] if total is not None else ["the invoice states no amount"]
    try:
        return total, billed_month(invoice)
    except ValueError as error:
        problems.append(f"its date cannot be read: {error}")
        return total, _last_month(pages())


def _last_month(pages: Iterable[Page]) -> Month:
    """Return the month of the latest line; of no time where the lines say none."""
    end = latest([item for page in pages for item in page.items], "end_date")
    return Month.of(end - timedelta(microseconds=1)) if end else Month.of(datetime.fromtimestamp(0, UTC))


def _date(invoice: Invoice) -> datetime | None:
    try:
        return when(get_or(invoice.date, ""))
    except ValueError:
        return None


def _estimate(answer: ArchivedAnswer, reading: RunAnswers, owner: Account) -> Iterator[Bill]:
    page = _page(answer, "$.pending_charges")
    began = latest(page.items, "start_date")
    month = Month.of(began) if began else _running(reading)
    if month is None:
        return
    problems = list[str]()
    total = _stated(get_or(owner.pending_charges, None), problems)
    yield Bill(
        state=State.ESTIMATE,
        invoice_id=None,
        period=month.period,
        currency=CURRENCY,
        total=total,
        line_count=None,
        charges=_charges(_common(month, owner), iter([page]), None if problems else total),
        issuer=VULTR,
        problems=tuple(problems),
    )


def _running(reading: RunAnswers) -> Month | None:
    """Return the running month by the vendor's own clock; pending charges do not say it where there are none."""
    for answer in reading.answers(GetAccountBandwidth):
        bandwidth = read_response(answer.op, answer.response)
        start = get_or(get_or(bandwidth.current_month_to_date, BandwidthPeriod()).timestamp_start, None)
        if start is not None and 0 <= start < 32_000_000_000:
            return Month.of(datetime.fromtimestamp(int(start), UTC))
    return None


def _common(month: Month, owner: Account) -> CostAndUsage:
    return CostAndUsage(
        BillingAccountName=get_or(owner.name, "") or None,
        BillingAccountType="Account",
        BillingCurrency=CURRENCY,
        BillingPeriodStart=month.start,
        BillingPeriodEnd=month.end,
        HostProviderName=VULTR,
        InvoiceIssuerName=VULTR,
        PricingCurrency=CURRENCY,
        ServiceProviderName=VULTR,
    )


def _charges(common: CostAndUsage, pages: Iterator[Page], total: Decimal | None) -> Made:
    """Yield the charges of a list of lines, and what is missing between them and the stated total if it can be rounding."""
    period = Period(common.BillingPeriodStart, common.BillingPeriodEnd)  # type: ignore[arg-type]
    ids = DetailIds(common.InvoiceId) if common.InvoiceId else None
    reader, survey, ready = Reader(period, ids), Survey(), Charged()
    for page in pages:
        before = len(ready.places)
        flaws = reader.read(page.items, page.seq, _paths(page.path, len(page.items)), ready)
        survey.add(len(page.items), [ready.kinds[place].BilledCost for place in ready.places[before:]], flaws)
        survey.turn(page.op, page.said)
        if len(ready.lines) >= TOGETHER:
            yield ready.charges(common)
            ready = Charged()
        last = page
    if survey.more:
        raise IncompleteList(f"its lines were not read to their end ({survey.count} read, {survey.stated} stated)")
    yield ready.charges(common)
    problems = tuple(survey.problems())
    missing = find_residual(total, survey.summed, survey.count) if total is not None and not problems else None
    if missing:
        yield Charges.of([_rounding(common, missing, ids, last)])
    return BillEnd(survey.count, problems)


@lru_cache(maxsize=64)
def _paths(path: str, count: int) -> list[str]:
    return [f"{path}[{index}]" for index in range(count)]


def _rounding(common: CostAndUsage, missing: Decimal, ids: DetailIds | None, last: Page) -> CostAndUsage:
    row = build_rounding(common, missing, "the total that the vendor states less the sum of its lines")
    return row._replace(
        ChargePeriodStart=common.BillingPeriodStart,
        ChargePeriodEnd=common.BillingPeriodEnd,
        InvoiceDetailId=ids.next_id("rounding") if ids else None,
        PricingCurrencyEffectiveCost=missing,
        ServiceCategory="Other",
        ServiceName=VULTR,
        ServiceSubcategory="Other (Other)",
        x_ArchiveSeq=last.seq,
        x_JsonPath=last.path,
    )
