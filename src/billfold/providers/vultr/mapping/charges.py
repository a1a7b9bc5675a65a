"""Vultr's invoices and pending charges as FOCUS charges: one for each line, in US dollars.

A list of lines is read once, page by page, so that a long invoice takes little memory; whether it came to its end and
what it sums to shows at its end. The judgement calls are in this folder's README.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache, partial

from billfold.model.bill import Bill, BillEnd, BillSource, Charges, DetailIds, State
from billfold.model.errors import IncompleteList, InvalidResponse
from billfold.model.finding import Finding, make_finding
from billfold.model.finding_codes import FindingCode
from billfold.model.focus import CostAndUsage
from billfold.model.period import Month, Period
from billfold.model.pricing import find_residual, note_rounding
from billfold.providers.mapping import build_bill_row, build_residual_row, describe_unfit, is_in_bounds, iter_new_bills
from billfold.providers.pages import AnswerPage, find_reply, iter_pages, read_page
from billfold.providers.provider import ArchivedAnswer, RunAnswers
from billfold.providers.vultr.api import (
    GetAccount,
    GetAccountBandwidth,
    GetInvoice,
    GetInvoiceItems,
    ListInvoices,
    ListPendingCharges,
)
from billfold.providers.vultr.mapping.line_tally import LineTally, find_latest
from billfold.providers.vultr.mapping.lines import ChargeBuilder, LineReader
from billfold.providers.vultr.mapping.text_fields import find_billed_month, make_fingerprint, read_time
from billfold.providers.vultr.records import Account, BandwidthPeriod, Invoice
from billfold.wire.codec import get_or
from billfold.wire.operation import salvage_response

VULTR = "Vultr"
CURRENCY = "USD"
CHARGES_PER_BATCH = 8192
"""Lines that are handed over at once."""
ChargesGenerator = Generator[Charges, None, BillEnd]


def read_bills(run_answers: RunAnswers) -> Iterator[Bill]:
    """Yield the estimate of the running month, and a bill for each invoice whose lines were read.

    Reading the charges of a bill raises ``IncompleteList`` where its list of lines stops before its end, and ``InvalidResponse``
    where there is no list: half of an invoice must not replace what is booked. An answer that cannot be read at all raises
    ``InvalidResponse``, but only after every other bill was yielded.
    """
    invalid_response = None
    account = find_reply(run_answers, GetAccount, Account())
    for answer in run_answers.answers(ListPendingCharges):
        try:
            running_month = _find_running_month(run_answers)
            stated_values = get_or(account.name, ""), str(get_or(account.pending_charges, None)), str(running_month)
            inputs = answer.response.body, stated_values
            yield from iter_new_bills(run_answers, inputs, partial(_build_estimate, answer, running_month, account))
        except InvalidResponse as error:
            invalid_response = error
    invoices = _find_invoices(run_answers)
    for invoice_id in dict.fromkeys(op.invoice_id for op in run_answers.requests(GetInvoiceItems)):
        try:
            yield _build_issued_bill(invoice_id, invoices.get(str(invoice_id)), run_answers, account)
        except InvalidResponse as error:  # its month stands only in its lines, and they cannot be read
            invalid_response = error
    if invalid_response:
        raise invalid_response


def _find_invoices(run_answers: RunAnswers) -> dict[str, Invoice]:
    invoices_by_id: dict[str, Invoice] = {}
    for answer in run_answers.answers(GetInvoice):
        invoice = salvage_response(answer.op, answer.response)
        invoices_by_id[str(get_or(invoice.id, ""))] = invoice
    for page in iter_pages(run_answers, ListInvoices):
        invoices = get_or(page.reply.billing_invoices, [])
        invoices_by_id.update({str(get_or(invoice.id, "")): invoice for invoice in invoices})
    return invoices_by_id


def _build_issued_bill(
    invoice_id: int | str, invoice: Invoice | None, run_answers: RunAnswers, account: Account
) -> Bill:
    invoice_key = str(invoice_id)
    findings = list[Finding]()
    read_pages = partial(iter_pages, run_answers, GetInvoiceItems, invoice_id=invoice_id)
    total, month = _read_total_and_month(invoice, read_pages, findings)
    common = _build_common_row(month, account)._replace(InvoiceId=invoice_key)
    return Bill(
        state=State.ISSUED,
        invoice_id=invoice_key,
        period=month.period,
        currency=CURRENCY,
        total=total,
        line_count=None,
        charges=_build_charges(common, read_pages(), None if findings else total),
        issuer=VULTR,
        fingerprint=make_fingerprint(invoice) if invoice else "",
        issued_on=_read_issue_date(invoice) if invoice else None,
        findings=tuple(findings),
        source=BillSource.FULL if invoice else BillSource.LINES_ONLY,
    )


def _check_total(amount: Decimal | None, findings: list[Finding]) -> Decimal | None:
    if amount is not None and not is_in_bounds(amount):
        findings.append(make_finding(FindingCode.TOTAL_MISSING, f"its amount is {describe_unfit(amount)}"))
        return None
    return amount


def _read_total_and_month(
    invoice: Invoice | None, read_pages: Callable[[], Iterator[AnswerPage]], findings: list[Finding]
) -> tuple[Decimal | None, Month]:
    """Return an invoice's total and the month that it bills, and note what is wrong with them."""
    if invoice is None:
        text = "no list names this invoice: its total and its date are not known"
        findings.append(make_finding(FindingCode.INVOICE_UNREAD, text))
        return None, _find_last_month(read_pages())
    total = _check_total(get_or(invoice.amount, None), findings)
    if total is None and not findings:
        findings.append(make_finding(FindingCode.TOTAL_MISSING, "the invoice states no amount"))
    try:
        return total, find_billed_month(invoice)
    except ValueError as error:
        findings.append(make_finding(FindingCode.DATE_UNREADABLE, f"its date cannot be read: {error}"))
        return total, _find_last_month(read_pages())


def _find_last_month(pages: Iterable[AnswerPage]) -> Month:
    """Return the month of the latest line; of no time where the lines say none."""
    latest_end = find_latest([item for page in pages for item in page.items], "end_date")
    return Month.of(latest_end - timedelta(microseconds=1)) if latest_end else Month.of(datetime.fromtimestamp(0, UTC))


def _read_issue_date(invoice: Invoice) -> datetime | None:
    try:
        return read_time(get_or(invoice.date, ""))
    except ValueError:
        return None


def _build_estimate(
    answer: ArchivedAnswer[ListPendingCharges], running_month: Month | None, account: Account
) -> Iterator[Bill]:
    page = read_page(answer)
    latest_start = find_latest(page.items, "start_date")
    month = Month.of(latest_start) if latest_start else running_month
    if month is None:
        return
    findings = list[Finding]()
    total = _check_total(get_or(account.pending_charges, None), findings)
    yield Bill(
        state=State.ESTIMATE,
        invoice_id=None,
        period=month.period,
        currency=CURRENCY,
        total=total,
        line_count=None,
        charges=_build_charges(_build_common_row(month, account), iter([page]), None if findings else total),
        issuer=VULTR,
        findings=tuple(findings),
    )


def _find_running_month(run_answers: RunAnswers) -> Month | None:
    """Return the running month by the vendor's own clock; pending charges do not say it where there are none."""
    for answer in run_answers.answers(GetAccountBandwidth):
        bandwidth = salvage_response(answer.op, answer.response)
        start = get_or(get_or(bandwidth.current_month_to_date, BandwidthPeriod()).timestamp_start, None)
        if start is not None and 0 <= start < 32_000_000_000:
            return Month.of(datetime.fromtimestamp(int(start), UTC))
    return None


def _build_common_row(month: Month, account: Account) -> CostAndUsage:
    row = build_bill_row(VULTR, "Account", month.period, CURRENCY)
    return row._replace(BillingAccountName=get_or(account.name, "") or None)


def _build_charges(common: CostAndUsage, pages: Iterator[AnswerPage], total: Decimal | None) -> ChargesGenerator:
    """Yield the charges of a list of lines, and what is missing between them and the stated total if it can be rounding."""
    period = Period(common.BillingPeriodStart, common.BillingPeriodEnd)  # type: ignore[arg-type]
    detail_ids = DetailIds(common.InvoiceId) if common.InvoiceId else None
    reader, tally, builder = LineReader(period, detail_ids), LineTally(), ChargeBuilder()
    for page in pages:
        placed_count = len(builder.shared_index)
        unusable_lines = reader.read_lines(page.items, page.seq, _list_paths(page.path, len(page.items)), builder)
        tally.add_lines(
            len(page.items),
            [builder.shared_rows[row_index].BilledCost for row_index in builder.shared_index[placed_count:]],
            unusable_lines,
        )
        tally.note_page(page)
        if len(builder.shared_index) >= CHARGES_PER_BATCH:
            yield builder.build_charges(common)
            builder = builder.start_next()
        last_page = page
    if tally.has_more:
        raise IncompleteList(f"its lines were not read to their end ({tally.count} read, {tally.stated_count} stated)")
    yield builder.build_charges(common)
    findings = list(tally.check_lines())
    stated_total = None if findings else total
    # NOTE: an estimate's total is another answer than its lines, and what runs is charged by the hour.
    if residual := find_residual(stated_total, tally.line_sum, tally.count, is_moving=detail_ids is None):
        findings.append(note_rounding(residual, CURRENCY))
        detail_id = detail_ids.next_id("rounding") if detail_ids else None
        row = build_residual_row(common, residual, "the total that the vendor states", detail_id, last_page.path)
        yield Charges.of([row._replace(x_ArchiveSeq=last_page.seq)])
    return BillEnd(tally.count, tuple(findings))


@lru_cache(maxsize=64)
def _list_paths(path: str, count: int) -> list[str]:
    return [f"{path}[{index}]" for index in range(count)]
