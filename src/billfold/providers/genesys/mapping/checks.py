"""What the answers say beside the charges: whose account it is, which invoices there are, what contradicts them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from billfold.model.finding import Finding, make_finding
from billfold.model.finding_codes import FindingCode
from billfold.providers.genesys.api import (
    GetBillingContracts,
    GetBillingContractsInvoiceDocument,
    GetBillingContractsInvoices,
)
from billfold.providers.genesys.mapping.charges import (
    InvoiceReader,
    group_line_answers,
    read_contracts,
    read_listed_invoices,
    read_usages,
)
from billfold.providers.genesys.mapping.invoice_periods import (
    BillingCalendar,
    find_document_flaw,
    is_closed,
    iter_periods,
    parse_day,
)
from billfold.providers.genesys.mapping.wallets import compare_wallets
from billfold.providers.pages import iter_pages
from billfold.providers.periods import check_overlaps
from billfold.providers.provider import InvoiceListing, RunAnswers
from billfold.wire.codec import get_or


def find_identity(run_answers: RunAnswers) -> str | None:
    """Return the oldest contract's id: whoever sees it sees the same invoices."""
    contract_starts = [
        (get_or(contract.date_start, ""), contract_id) for contract_id, contract in read_contracts(run_answers).items()
    ]
    return min(contract_starts)[1] if contract_starts else None


def read_listing(run_answers: RunAnswers) -> InvoiceListing | None:
    """Say which invoices were listed, whether the list came to its end, and since when it reaches."""
    invoice_ids, listing = set[str](), None
    for page in iter_pages(run_answers, GetBillingContractsInvoices, payment_status=None, date_end=None):
        op = page.op
        assert isinstance(op, GetBillingContractsInvoices)
        invoice_ids |= {str(get_or(invoice.id, "")) for invoice in page.items}
        since = (
            datetime(op.date_start.year, op.date_start.month, op.date_start.day, tzinfo=UTC) if op.date_start else None
        )
        listing = InvoiceListing(frozenset(invoice_ids), page.has_end_mark, since)
    return listing


def check_answers(run_answers: RunAnswers) -> Iterator[Finding]:
    """Say which contracts have no periods, which documents are none, and which wallets the invoices contradict.

    The vendor gives documents as PDF, from its first bytes to its end mark.
    """
    yield from _check_periods(run_answers)
    for answer in run_answers.answers(GetBillingContractsInvoiceDocument):
        op, body = answer.op, answer.response.body
        assert isinstance(op, GetBillingContractsInvoiceDocument)
        if document_flaw := find_document_flaw(body):
            yield make_finding(FindingCode.DOCUMENT_UNREADABLE, f"its document {document_flaw}", str(op.invoice_id))
    yield from _check_wallets(run_answers)


def _check_periods(run_answers: RunAnswers) -> Iterator[Finding]:
    """Name the contracts that run and list no billing period: what is used under them is asked for by period."""
    pages = list(iter_pages(run_answers, GetBillingContracts))
    if any(not get_or(contract.id, "") for page in pages for contract in page.items):
        text = "is listed without its id: its estimate is missing"
        yield make_finding(FindingCode.ESTIMATE_MISSING, text, "a contract")
    fetch_times = [answer.fetched_at for answer in run_answers.answers(GetBillingContracts)]
    for contract_id, contract in read_contracts(run_answers).items():
        name = f"period from {{:%Y-%m-%d}} of contract {contract_id}"
        yield from check_overlaps((name.format(period.start), period) for period in iter_periods(contract))
        has_begun = (start := parse_day(contract.date_start)) is None or any(
            start <= fetched_at for fetched_at in fetch_times
        )
        if has_begun and get_or(contract.status, "") != "Inactive" and not any(iter_periods(contract)):
            text = "lists no billing periods: its estimate is missing"
            yield make_finding(FindingCode.ESTIMATE_MISSING, text, f"contract {contract_id}", contract=contract_id)


def _check_wallets(run_answers: RunAnswers) -> Iterator[Finding]:
    """Hold the wallets of closed periods against the invoices of their contract, where all of these were read."""
    calendar = BillingCalendar(read_contracts(run_answers).values())
    listed_invoices, line_answers = read_listed_invoices(run_answers), group_line_answers(run_answers)
    reader = InvoiceReader(calendar, {}, {}, {})
    for period, contract_usages in read_usages(run_answers, calendar, []).items():
        ended_invoices = [
            record for record in listed_invoices.values() if calendar.find_ended_period(record.invoice) == period
        ]
        for contract_usage in filter(
            lambda record: is_closed(record.detail) and get_or(record.detail.wallets, []), contract_usages
        ):
            contract_invoices = [
                record for record in ended_invoices if contract_usage.contract in calendar.contracts_of(record.invoice)
            ]
            is_only_contract = all(
                calendar.contracts_of(record.invoice) == [contract_usage.contract] for record in contract_invoices
            )
            if (
                contract_invoices
                and is_only_contract
                and all(get_or(record.invoice.id, "") in line_answers for record in contract_invoices)
            ):
                invoice_bills = [
                    reader.build_bill_safely(record, line_answers[str(record.invoice.id)])
                    for record in contract_invoices
                ]
                if not any(bill.has_wrong_findings for bill in invoice_bills):
                    yield from compare_wallets(contract_usage, period, invoice_bills)
