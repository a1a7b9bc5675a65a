"""Fastly's invoices and estimates as FOCUS charges: v3 in full, and v2 where its answers were saved in time.

One charge per line; totals are checks, never charges. The judgement calls are in this folder's README.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any, NamedTuple

from billfold.model.bill import Bill, BillSource, DetailIds, State
from billfold.model.errors import InvalidResponse
from billfold.model.finding import Finding, make_finding
from billfold.model.finding_codes import FindingCode
from billfold.model.money import ZERO
from billfold.model.period import Month, Period
from billfold.providers.currencies import check_currency, read_currency
from billfold.providers.fastly.api import GetInvoiceByInvoiceId, GetMonthToDateInvoice, GetTokenSelf, ListInvoices
from billfold.providers.fastly.api_v2 import (
    GetInvoice,
    GetInvoiceById,
    GetInvoiceByIdFile,
    GetInvoiceFile,
    GetInvoiceMtd,
)
from billfold.providers.fastly.mapping import v2, v2_csv
from billfold.providers.fastly.mapping.bill_header import (
    BillHeader,
    Source,
    build_bill,
    is_unfinished,
    note_missing_amount,
    parse_time,
    read_period,
)
from billfold.providers.fastly.mapping.lines import (
    FastlyLine,
    Item,
    build_line,
    format_details,
    read_number,
    read_text,
)
from billfold.providers.fastly.mapping.price_tiers import name_tiers
from billfold.providers.fastly.mapping.services import FastlyService, find_service, find_unit
from billfold.providers.fastly.mapping.v2_items import V2Bill
from billfold.providers.fastly.records import Invoice, Invoicelineitems, Mtdinvoice, Mtdlineitems, TokenSelf
from billfold.providers.fastly.records_v2 import BillingEstimateResponse
from billfold.providers.mapping import describe_missing, iter_new_bills, make_slug
from billfold.providers.pages import find_reply, read_page
from billfold.providers.provider import ArchivedAnswer, RunAnswers
from billfold.wire.codec import Maybe, get_or
from billfold.wire.operation import OperationType, salvage_response

BillRecord = Invoice | Mtdinvoice | V2Bill
LocatedRecords = Iterator[tuple[BillRecord, str]]
"""Bills in an answer, each with its JSON path there."""


def read_bills(run_answers: RunAnswers) -> Iterator[Bill]:
    """Yield a bill for every invoice and estimate that was answered; raises ``InvalidResponse`` after all that can be read."""
    token_customer_id, errors = find_token_customer(run_answers), []
    for reader in READERS:
        for answer in run_answers.answers(reader.operation_type):
            try:
                for record, path in reader.find_records(answer):
                    yield from _iter_bills(run_answers, reader, record, Source(answer, path, token_customer_id))
            except InvalidResponse as error:
                errors.append(error)
    if errors:
        raise errors[0]


def _iter_bills(run_answers: RunAnswers, reader: BillReader, record: BillRecord, source: Source) -> Iterator[Bill]:
    """Yield the bill of a record; one of the current API, which each collection is told again, only unless it is known."""

    def build_bills() -> Iterator[Bill]:
        yield _build_bill_safely(reader.build_bill, record, source)._replace(source=reader.source)

    if not isinstance(record, Invoice | Mtdinvoice):
        return build_bills()
    period, findings = _read_invoice_period(record, source.answer)
    time = str(Month.of(source.answer.fetched_at)) if findings else is_unfinished(period, source.answer)
    return iter_new_bills(run_answers, (record, source.customer_id, time), build_bills)


def _read_invoice_period(invoice: Invoice | Mtdinvoice, answer: ArchivedAnswer) -> tuple[Period, list[Finding]]:
    start, end = read_text(invoice.billing_start_date), read_text(invoice.billing_end_date)
    return read_period(start, end, answer.fetched_at)


def _build_bill_safely(make_bill: Callable[[Any, Source], Bill], record: BillRecord, source: Source) -> Bill:
    """Make a bill; where even that fails, one that says so, so that the other bills are not lost."""
    try:
        return make_bill(record, source)
    except (ValueError, ArithmeticError) as error:
        is_estimate = isinstance(record, Mtdinvoice | BillingEstimateResponse)
        invoice_id = None if is_estimate else str(get_or(record.invoice_id, "unknown"))
        state = State.ESTIMATE if is_estimate else State.ISSUED
        period = Month.of(source.answer.fetched_at).period
        findings = (make_finding(FindingCode.BILL_UNREADABLE, f"it cannot be read: {error}"),)
        return build_bill(
            BillHeader(state, invoice_id, "", period, "USD", None, source.path, None, findings), [], source, 0
        )


def _find_listed_records(answer: ArchivedAnswer[ListInvoices]) -> LocatedRecords:
    page = read_page(answer)
    for index, invoice in enumerate(page.items):
        yield invoice, f"{page.path}[{index}]"


def _find_single_record(answer: ArchivedAnswer) -> LocatedRecords:
    yield salvage_response(answer.op, answer.response), "$"


def build_invoice_bill(invoice: Invoice, source: Source) -> Bill:
    """Make the bill of a v3 invoice: issued where its period is over, else a draft."""
    period, findings = _read_invoice_period(invoice, source.answer)
    # NOTE: the list has "current and past months" (the vendor's announcement of 2024-07): what runs on is no invoice yet.
    state = State.DRAFT if not findings and is_unfinished(period, source.answer) else State.ISSUED
    invoice_id, total = str(get_or(invoice.invoice_id, "")), read_number(invoice.monthly_transaction_amount)
    findings += [*_check_header(invoice_id, invoice.monthly_transaction_amount), *check_currency(invoice.currency_code)]
    line_items = get_or(invoice.transaction_line_items, [])
    shared_details = (("Api", "v3"), ("StatementNumber", read_text(invoice.statement_number)))
    lines = _build_lines(line_items, invoice_id or "unknown", source.path, shared_details, findings)
    total_path = f"{source.path}.monthly_transaction_amount"
    issued_on = parse_time(read_text(invoice.invoice_posted_on)) if invoice.invoice_posted_on else None
    return build_bill(
        BillHeader(
            state,
            invoice_id or "unknown",
            read_text(invoice.customer_id),
            period,
            read_currency(invoice.currency_code) or "USD",
            total,
            total_path,
            issued_on,
            tuple(findings),
        ),
        lines,
        source,
        len(line_items),
    )


def _check_header(invoice_id: str, amount: Maybe[Decimal]) -> Iterator[Finding]:
    if not invoice_id:
        yield make_finding(FindingCode.ID_MISSING, "the invoice has no id")
    if read_number(amount) is None:
        yield make_finding(FindingCode.TOTAL_MISSING, f"the invoice has no total{describe_missing(amount)}")


def build_estimate_bill(invoice: Mtdinvoice, source: Source) -> Bill:
    """Make the estimate of the running month; its currency goes without saying: USD."""
    period, findings = _read_invoice_period(invoice, source.answer)
    total = read_number(invoice.monthly_transaction_amount)
    if total is None:
        text = f"the estimate has no total{describe_missing(invoice.monthly_transaction_amount)}"
        findings.append(make_finding(FindingCode.TOTAL_MISSING, text))
    line_items = get_or(invoice.transaction_line_items, [])
    if total is None and not line_items:
        raise InvalidResponse("the month to date has neither a total nor lines: it is no estimate")
    lines = _build_lines(line_items, None, source.path, (("Api", "v3"),), findings)
    total_path = f"{source.path}.monthly_transaction_amount"
    customer_id = read_text(invoice.customer_id)
    return build_bill(
        BillHeader(State.ESTIMATE, None, customer_id, period, "USD", total, total_path, None, tuple(findings)),
        lines,
        source,
        len(line_items),
    )


def _build_lines(
    line_items: Sequence[Mtdlineitems],
    invoice_id: str | None,
    path: str,
    shared_details: tuple[tuple[str, str], ...],
    findings: list[Finding],
) -> list[FastlyLine]:
    items, detail_ids = [], DetailIds(invoice_id) if invoice_id else None
    for index, line_item in enumerate(line_items):
        if (amount := read_number(line_item.amount)) is None:
            findings.append(note_missing_amount(index + 1, describe_missing(line_item.amount)))
        line_path = f"{path}.transaction_line_items[{index}]"
        items.append(_build_item(line_item, amount or ZERO, shared_details, line_path))
    return [build_line(item, detail_ids) for item in name_tiers(items)]


class ProductColumns(NamedTuple):
    """What is the same for all lines of a product in a region."""

    service: FastlyService
    region: str | None
    unit: str
    sku: str


@lru_cache(maxsize=4096)
def _describe_product(
    product_name: str, product_group: str, product_line: str, region: str, usage_type: str
) -> ProductColumns:
    sku = make_slug(product_line or "fastly", product_group or "other", product_name or usage_type or "other")
    return ProductColumns(
        find_service(product_group, product_line), region or None, find_unit(usage_type, product_group), sku
    )


def _build_item(
    line_item: Mtdlineitems, amount: Decimal, shared_details: tuple[tuple[str, str], ...], path: str
) -> Item:
    product_name, product_group, product_line = (
        read_text(line_item.product_name),
        read_text(line_item.product_group),
        read_text(line_item.product_line),
    )
    coupon = read_text(line_item.credit_coupon_code) if isinstance(line_item, Invoicelineitems) else ""
    usage_type = read_text(line_item.usage_type)
    product = _describe_product(product_name, product_group, product_line, read_text(line_item.region), usage_type)
    return Item(
        description=read_text(line_item.description),
        product=product_name,
        service=product.service,
        region=product.region,
        usage=usage_type,
        unit=product.unit,
        units=read_number(line_item.units),
        rate=read_number(line_item.rate),
        amount=amount,
        coupon=coupon,
        sku=product.sku,
        details=format_details(
            *shared_details, ("ProductLine", product_line), ("ProductName", product_name), ("CreditCouponCode", coupon)
        ),
        path=path,
    )


def find_token_customer(run_answers: RunAnswers) -> str | None:
    """Return the customer whose the token is, or None where that was not answered."""
    return read_text(find_reply(run_answers, GetTokenSelf, TokenSelf()).customer_id) or None


class BillReader(NamedTuple):
    """Which operation's answers hold bills, where in them, what makes a bill of each, and how much that says."""

    operation_type: OperationType
    find_records: Callable[[ArchivedAnswer[Any]], LocatedRecords]
    build_bill: Callable[[Any, Source], Bill]
    source: BillSource = BillSource.FULL


READERS = (
    BillReader(GetMonthToDateInvoice, _find_single_record, build_estimate_bill),
    BillReader(ListInvoices, _find_listed_records, build_invoice_bill),
    BillReader(GetInvoiceByInvoiceId, _find_single_record, build_invoice_bill),
    BillReader(GetInvoiceMtd, _find_single_record, partial(v2.build_v2_bill, is_estimate=True), BillSource.OLDER_API),
    BillReader(GetInvoice, _find_single_record, v2.build_v2_bill, BillSource.OLDER_API),
    BillReader(GetInvoiceById, _find_single_record, v2.build_v2_bill, BillSource.OLDER_API),
    BillReader(GetInvoiceFile, v2_csv.read_csv_invoice, v2.build_v2_bill, BillSource.OLDER_FILE),
    BillReader(GetInvoiceByIdFile, v2_csv.read_csv_invoice, v2.build_v2_bill, BillSource.OLDER_FILE),
)
