"""What the answers say beside the charges: whose account it is, which invoices there are, whether their sums agree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

from billfold.model.bill import BillSource, State
from billfold.model.errors import InvalidResponse
from billfold.model.finding import Finding, make_finding
from billfold.model.finding_codes import FindingCode
from billfold.model.period import Period
from billfold.providers.fastly.api import ListInvoices
from billfold.providers.fastly.mapping.bill_header import is_unfinished, parse_time, read_period
from billfold.providers.fastly.mapping.charges import READERS, find_token_customer
from billfold.providers.fastly.mapping.lines import read_text
from billfold.providers.fastly.mapping.v2 import STATES_BY_STATUS
from billfold.providers.fastly.mapping.v2_items import V2Bill
from billfold.providers.fastly.mapping.v2_sums import find_contradictions
from billfold.providers.fastly.records_v2 import BillingResponse, BillingStatus, BillingTotal
from billfold.providers.pages import iter_pages
from billfold.providers.periods import check_overlaps, close_period
from billfold.providers.provider import ArchivedAnswer, InvoiceListing, RunAnswers
from billfold.wire.codec import get_or


def find_identity(run_answers: RunAnswers) -> str | None:
    """Return the customer that the token belongs to, or that the invoices are for."""
    return find_token_customer(run_answers) or next(
        (customer_id for customer_id in _iter_customer_ids(run_answers) if customer_id), None
    )


def _iter_customer_ids(run_answers: RunAnswers) -> Iterator[str]:
    for reader in READERS:
        for answer in run_answers.answers(reader.operation_type):
            for record, _path in reader.find_records(answer):
                yield read_text(record.customer_id)


def read_listing(run_answers: RunAnswers) -> InvoiceListing | None:
    """Say which invoices were listed; the list reaches back to the oldest of them."""
    invoice_ids, start_times, is_complete, has_pages = set(), [], False, False
    for page in iter_pages(run_answers, ListInvoices, billing_start_date=None, billing_end_date=None):
        is_complete, has_pages = page.has_end_mark, True
        for invoice in get_or(page.reply.data, []):
            invoice_ids.add(str(get_or(invoice.invoice_id, "")))
            start_times += [start_time] if (start_time := parse_time(read_text(invoice.billing_start_date))) else []
    return InvoiceListing(frozenset(invoice_ids), is_complete, min(start_times, default=None)) if has_pages else None


def check_answers(run_answers: RunAnswers) -> Iterator[Finding]:
    """Yield a finding for what the list says against itself, and for each v2 sum that is not what it is said to be."""
    yield from _check_invoice_list(run_answers)
    findings = {
        (finding.subject, finding.text): finding
        for record, answer in iter_v2_records(run_answers)
        for finding in _check_sums(record, answer)
    }
    yield from findings.values()


def _check_invoice_list(run_answers: RunAnswers) -> Iterator[Finding]:
    """Yield a finding where the list holds fewer invoices than it states, or two that overlap."""
    periods_by_customer = defaultdict[str, list[tuple[str, Period]]](list)
    stated_count, invoice_ids = None, set()
    for page in iter_pages(run_answers, ListInvoices, billing_start_date=None, billing_end_date=None):
        stated_count = page.stated_total
        for invoice in get_or(page.reply.data, []):
            invoice_id = str(get_or(invoice.invoice_id, ""))
            invoice_ids.add(invoice_id)
            days = parse_time(read_text(invoice.billing_start_date)), parse_time(read_text(invoice.billing_end_date))
            if days[0] and days[1]:
                named_period = f"invoice {invoice_id}", close_period(days[0], days[1])
                periods_by_customer[read_text(invoice.customer_id)].append(named_period)
    for named_periods in periods_by_customer.values():
        yield from check_overlaps(named_periods)
    if stated_count is not None and len(invoice_ids) != stated_count:
        text = f"states {stated_count} and holds {len(invoice_ids)}"
        counts = {"stated": stated_count, "held": len(invoice_ids)}
        yield make_finding(FindingCode.COUNT_MISMATCH, text, "list of invoices", **counts)


def iter_v2_records(run_answers: RunAnswers) -> Iterator[tuple[V2Bill, ArchivedAnswer]]:
    """Yield the v2 bills; an answer that cannot be read is told of where it is booked."""
    for reader in [reader for reader in READERS if reader.source is not BillSource.FULL]:
        for answer in run_answers.answers(reader.operation_type):
            with suppress(InvalidResponse):
                yield from (
                    (record, answer) for record, _path in reader.find_records(answer) if isinstance(record, V2Bill)
                )


def _check_sums(record: V2Bill, answer: ArchivedAnswer) -> Iterator[Finding]:
    status = read_text(get_or(record.status, BillingStatus()).status)
    period, findings = read_period(read_text(record.start_time), read_text(record.end_time), answer.fetched_at)
    is_over = not findings and not is_unfinished(period, answer)
    is_final = (
        is_over and isinstance(record, BillingResponse) and STATES_BY_STATUS.get(status, State.ISSUED) is State.ISSUED
    )
    subject = (
        str(get_or(record.invoice_id, "invoice without an id"))
        if is_final
        else f"month from {read_text(record.start_time)[:10]}"
    )
    for contradiction in find_contradictions(get_or(record.total, BillingTotal()), is_final=is_final):
        yield replace(contradiction, subject=subject)
