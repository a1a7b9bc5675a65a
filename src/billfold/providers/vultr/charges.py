"""Vultr's invoices and pending charges as FOCUS charges: one for each line, in US dollars.

A list of lines is read twice: once to see that it came to its end and what it sums to, once for its charges, so that a
long invoice takes little memory. The judgement calls are in this folder's README.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from billfold.model.bill import Bill, Charges, DetailIds, State
from billfold.model.errors import Endless
from billfold.model.focus import CostAndUsage
from billfold.model.period import Month, Period
from billfold.model.pricing import adjustment, residual
from billfold.providers.provider import Answer, Reading
from billfold.providers.vultr.api import (
    GetAccount,
    GetAccountBandwidth,
    GetInvoice,
    GetInvoiceItems,
    ListInvoices,
    ListPendingCharges,
)
from billfold.providers.vultr.lines import Line, Place, flaw, in_bounds, line
from billfold.providers.vultr.records import Account, BandwidthPeriod, Invoice, InvoiceItem
from billfold.providers.vultr.survey import Survey, surveys
from billfold.providers.vultr.words import billed_month, mark, when
from billfold.wire.codec import given
from billfold.wire.operation import read

VULTR = "Vultr"
CURRENCY = "USD"
TOGETHER = 5000
"""Lines that are handed over at once."""


class Page(NamedTuple):
    """Some lines, the number of the answer they came in, and the path of their list in it."""

    items: Sequence[InvoiceItem]
    seq: int
    path: str


def bills(reading: Reading) -> Iterator[Bill]:
    """Yield the estimate of the running month, and a bill for each invoice whose lines were read to their end.

    Raises ``Endless`` at the very end, after all bills, where the lines of an invoice were not: half of an invoice
    must not take the place of what is booked.
    """
    owner = next((read(a.op, a.response) for a in reading.answers(GetAccount)), Account())
    for answer in reading.answers(ListPendingCharges):
        yield from _estimate(answer, reading, owner)
    invoices, cut = _invoices(reading), list[str]()
    for asked, survey in surveys(reading).items():
        if survey.more:
            cut.append(f"the lines of invoice {asked} ({survey.count} read, {survey.stated} stated)")
        else:
            yield _issued(asked, survey, invoices.get(str(asked)), reading, owner)
    if cut:
        raise Endless(f"not read to the end: {', '.join(cut)}")


def _invoices(reading: Reading) -> dict[str, Invoice]:
    found: dict[str, Invoice] = {}
    for answer in reading.answers(GetInvoice):
        invoice = read(answer.op, answer.response)
        found[str(given(invoice.id, ""))] = invoice
    for answer in reading.answers(ListInvoices):
        page = read(answer.op, answer.response)
        found.update({str(given(invoice.id, "")): invoice for invoice in given(page.billing_invoices, [])})
    return found


def _issued(asked: int | str, survey: Survey, invoice: Invoice | None, reading: Reading, owner: Account) -> Bill:
    key = str(asked)
    problems = list(survey.problems())
    total, month = _head(invoice, survey, problems)
    common = _common(month, reading, owner)._replace(InvoiceId=key)
    missing = residual(total, survey.summed, survey.count) if total is not None and not problems else None
    pages = (
        Page(given(read(answer.op, answer.response).invoice_items, []), answer.seq, "$.invoice_items")
        for answer in reading.answers(GetInvoiceItems, invoice_id=asked)
    )
    return Bill(
        state=State.ISSUED,
        invoice_id=key,
        period=month.period,
        currency=CURRENCY,
        total=total,
        listed=survey.count,
        charges=_charges(common, pages, missing, clean=not survey.flaws),
        issuer=VULTR,
        mark=mark(invoice) if invoice else "",
        issued_on=_date(invoice) if invoice else None,
        problems=tuple(problems),
    )


def _stated(amount: Decimal | None, problems: list[str]) -> Decimal | None:
    if amount is not None and not in_bounds(amount):
        problems.append("its amount is out of all bounds")
        return None
    return amount


def _head(invoice: Invoice | None, survey: Survey, problems: list[str]) -> tuple[Decimal | None, Month]:
    """Return an invoice's total and the month that it bills, and note what is wrong with them."""
    lines = _last_month(survey) or Month.of(datetime.fromtimestamp(0, UTC))
    if invoice is None:
        problems.append("no list names this invoice: its total and its date are not known")
        return None, lines
    total = _stated(given(invoice.amount, None), problems)
    problems += [] if total is not None else ["the invoice states no amount"]
    try:
        return total, billed_month(invoice)
    except ValueError as error:
        problems.append(f"its date cannot be read: {error}")
        return total, lines


def _last_month(survey: Survey) -> Month | None:
    return Month.of(survey.latest - timedelta(microseconds=1)) if survey.latest else None


def _date(invoice: Invoice) -> datetime | None:
    try:
        return when(given(invoice.date, ""))
    except ValueError:
        return None


def _estimate(answer: Answer, reading: Reading, owner: Account) -> Iterator[Bill]:
    page, survey = read(answer.op, answer.response), Survey()
    items = given(page.pending_charges, [])
    survey.take(items)
    survey.turn(ListPendingCharges(), page)
    month = _last_month(survey) or _running(reading)
    if month is None:
        return
    problems = list(survey.problems())
    total = _stated(given(owner.pending_charges, None), problems)
    missing = residual(total, survey.summed, survey.count) if total is not None and not problems else None
    pages = iter([Page(items, answer.seq, "$.pending_charges")])
    yield Bill(
        state=State.ESTIMATE,
        invoice_id=None,
        period=month.period,
        currency=CURRENCY,
        total=total,
        listed=survey.count,
        charges=_charges(_common(month, reading, owner), pages, missing, clean=not survey.flaws),
        issuer=VULTR,
        problems=tuple(problems),
    )


def _running(reading: Reading) -> Month | None:
    """Return the running month by the vendor's own clock; pending charges do not say it where there are none."""
    for answer in reading.answers(GetAccountBandwidth):
        bandwidth = read(answer.op, answer.response)
        start = given(given(bandwidth.current_month_to_date, BandwidthPeriod()).timestamp_start, None)
        if start is not None and 0 <= start < 32_000_000_000:
            return Month.of(datetime.fromtimestamp(int(start), UTC))
    return None


def _common(month: Month, reading: Reading, owner: Account) -> CostAndUsage:
    return CostAndUsage(
        BillingAccountId=reading.account,
        BillingAccountName=given(owner.name, "") or reading.account,
        BillingAccountType="Account",
        BillingCurrency=CURRENCY,
        BillingPeriodStart=month.start,
        BillingPeriodEnd=month.end,
        HostProviderName=VULTR,
        InvoiceIssuerName=VULTR,
        PricingCurrency=CURRENCY,
        ServiceProviderName=VULTR,
    )


def _charges(common: CostAndUsage, pages: Iterator[Page], missing: Decimal | None, *, clean: bool) -> Iterator[Charges]:
    period = Period(common.BillingPeriodStart, common.BillingPeriodEnd)  # type: ignore[arg-type]
    ready: list[Line] = []
    ids, last = common.InvoiceId and DetailIds(common.InvoiceId), Page((), 0, "$")
    for last in pages:
        for index, item in enumerate(last.items):
            if clean or not flaw(item):
                place = Place(ids or None, last.seq, f"{last.path}[{index}]")
                ready.append(line(item, place, period))
        if len(ready) >= TOGETHER:
            yield Charges(common, ready)
            ready = []
    if ready:
        yield Charges(common, ready)
    if missing:
        yield Charges.of([_rounding(common, missing, last)])


def _rounding(common: CostAndUsage, missing: Decimal, last: Page) -> CostAndUsage:
    row = adjustment(common, missing, "Rounding: the total that the vendor states less the sum of its lines")
    return row._replace(
        ChargePeriodStart=common.BillingPeriodStart,
        ChargePeriodEnd=common.BillingPeriodEnd,
        InvoiceDetailId=common.InvoiceId and DetailIds(common.InvoiceId).next("rounding"),
        PricingCurrencyEffectiveCost=missing,
        ServiceCategory="Other",
        ServiceName=VULTR,
        ServiceSubcategory="Other (Other)",
        x_ArchiveSeq=last.seq,
        x_JsonPath=last.path,
    )
