"""Genesys Cloud's invoices as FOCUS charges, and what no invoice bills yet as estimates.

Invoice lines are what is billed. A contract's charges and wallets of a period are an estimate until an invoice bills what
was used in it. Licence reports and trustee overviews are never charges. The judgement calls are in this folder's README.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from billfold.model.bill import Bill
from billfold.model.errors import ApiError, InvalidResponse
from billfold.model.money import describe_arithmetic_error
from billfold.model.period import Period
from billfold.providers.genesys.api import (
    GetBillingContract,
    GetBillingContractBillingperiod,
    GetBillingContracts,
    GetBillingContractsInvoiceDocument,
    GetBillingContractsInvoiceLines,
    GetBillingContractsInvoices,
)
from billfold.providers.genesys.mapping.credit_memos import corrected
from billfold.providers.genesys.mapping.estimates import Used, estimate, overage
from billfold.providers.genesys.mapping.invoice_periods import Calendar, day, flaw, is_closed, span, spans
from billfold.providers.genesys.mapping.invoices import Listed, Overages, Page, bill, items_of
from billfold.providers.genesys.mapping.wallets import unlike
from billfold.providers.genesys.records import BillingContract, BillingInvoice
from billfold.providers.provider import ArchivedAnswer, InvoiceListing, RunAnswers
from billfold.wire.codec import get_or
from billfold.wire.operation import read_response


def read_bills(reading: RunAnswers) -> Iterator[Bill]:
    """Yield a bill for each invoice whose lines were read, then the estimates that none of these ends.

    Whether an invoice that was read before ends one is known to the ledger.

    Raises ``InvalidResponse`` after all that can be read.
    """
    calendar, unread = Calendar(_contracts(reading).values()), list[str]()
    listed, pages, used = _listed(reading), _answers(reading), _used(reading, calendar, unread)
    settled = set[str]()
    overages = {(get_or(one.contract.id, ""), period): overage(one) for period, all_ in used.items() for one in all_}
    for invoice_id, one in listed.items():
        # An invoice whose lines were not asked for is in the books already; a saved list by itself has no contracts.
        if invoice_id in pages or not calendar.contracts or not get_or(one.invoice.id, ""):
            made = _bill(one, pages.get(invoice_id, []), calendar, overages, listed)
            settled.update(made.replaces_estimates or ())
            yield made if invoice_id in pages else made._replace(source_rank=-1)
    for invoice_id in [one for one in pages if one not in listed]:
        yield _orphan(invoice_id, pages[invoice_id], calendar)
    for period, parts in used.items():
        # Half an estimate is none: where a contract's part could not be read, those known before stay.
        if _running(calendar, period) <= {get_or(one.contract.id, "") for one in parts}:
            for part in parts:
                yield from (bill for bill in estimate(period, part) if bill.key not in settled)
    if unread:
        raise InvalidResponse("; ".join(unread))


def _running(calendar: Calendar, period: Period) -> set[str]:
    """Return the contracts that have a period."""
    return {get_or(contract.id, "") for contract in calendar.contracts if period in spans(contract)}


def find_identity(reading: RunAnswers) -> str | None:
    """Return the oldest contract's id: whoever sees it sees the same invoices."""
    known = [(get_or(one.date_start, ""), found) for found, one in _contracts(reading).items()]
    return min(known)[1] if known else None


def read_listing(reading: RunAnswers) -> InvoiceListing | None:
    """Say which invoices were listed, whether the list came to its end, and since when it reaches."""
    ids, found = set[str](), None
    for answer in reading.answers(GetBillingContractsInvoices, payment_status=None, date_end=None):
        op, page = answer.op, read_response(answer.op, answer.response)
        assert isinstance(op, GetBillingContractsInvoices)
        ids |= {str(get_or(invoice.id, "")) for invoice in op.items(page)}
        since = (
            datetime(op.date_start.year, op.date_start.month, op.date_start.day, tzinfo=UTC) if op.date_start else None
        )
        found = InvoiceListing(frozenset(ids), op.has_end_mark(page), since)
    return found


def check_answers(reading: RunAnswers) -> Iterator[str]:
    """Say which contracts have no periods, which documents are none, and which wallets the invoices contradict.

    The vendor gives documents as PDF, from its first bytes to its end mark.
    """
    yield from _without_periods(reading)
    for answer in reading.answers(GetBillingContractsInvoiceDocument):
        op, body = answer.op, answer.response.body
        assert isinstance(op, GetBillingContractsInvoiceDocument)
        if wrong := flaw(body):
            yield f"invoice {op.invoice_id}: its document {wrong}"
    yield from _contradicted(reading)


def _without_periods(reading: RunAnswers) -> Iterator[str]:
    """Name the contracts that run and list no billing period: what is used under them is asked for by period."""
    times = [answer.fetched_at for answer in reading.answers(GetBillingContracts)]
    for contract_id, one in _contracts(reading).items():
        begun = (start := day(one.date_start)) is None or any(start <= when for when in times)
        if begun and get_or(one.status, "") != "Inactive" and not any(spans(one)):
            yield f"contract {contract_id} lists no billing periods: its estimate is missing"


def _contradicted(reading: RunAnswers) -> Iterator[str]:
    """Hold the wallets of closed periods against the invoices of their contract, where all of these were read."""
    calendar = Calendar(_contracts(reading).values())
    listed, pages = _listed(reading), _answers(reading)
    for period, parts in _used(reading, calendar, []).items():
        ended = [one for one in listed.values() if calendar.ended(one.invoice) == period]
        for part in filter(lambda one: is_closed(one.detail) and get_or(one.detail.wallets, []), parts):
            mine = [one for one in ended if part.contract in calendar.contracts_of(one.invoice)]
            alone = all(calendar.contracts_of(one.invoice) == [part.contract] for one in mine)
            if mine and alone and all(get_or(one.invoice.id, "") in pages for one in mine):
                made = [_bill(one, pages[str(one.invoice.id)], calendar, {}) for one in mine]
                if not any(bill.problems for bill in made):
                    yield from unlike(part, period, made)


def _contracts(reading: RunAnswers) -> dict[str, BillingContract]:
    found: dict[str, BillingContract] = {}
    for answer in reading.answers(GetBillingContracts):
        found |= {get_or(one.id, ""): one for one in get_or(read_response(answer.op, answer.response).entities, [])}
    for answer in reading.answers(GetBillingContract):
        one = read_response(answer.op, answer.response)
        found[get_or(one.id, "")] = one
    return {contract_id: one for contract_id, one in found.items() if contract_id}


def _listed(reading: RunAnswers) -> dict[str, Listed]:
    found: dict[str, Listed] = {}
    for answer in reading.answers(GetBillingContractsInvoices):
        for index, invoice in enumerate(get_or(read_response(answer.op, answer.response).entities, [])):
            place = Listed(invoice, answer.seq, f"$.entities[{index}]", answer.fetched_at)
            found[str(get_or(invoice.id, "")) or f"{answer.seq}/{index}"] = place
    return found


def _answers(reading: RunAnswers) -> dict[str, list[ArchivedAnswer]]:
    """Gather the pages of lines by invoice; their bodies are read one invoice at a time."""
    found: dict[str, list[ArchivedAnswer]] = {}
    for answer in reading.answers(GetBillingContractsInvoiceLines):
        found.setdefault(answer.op.invoice_id, []).append(answer)  # type: ignore[attr-defined]
    return found


def _bill(
    listed: Listed, answers: Iterable[ArchivedAnswer], calendar: Calendar, overages: Overages, known: Iterable[str] = ()
) -> Bill:
    try:
        pages = [_page(answer) for answer in answers]
        taken_from = corrected(listed.invoice, items_of(pages), known)
        return bill(listed, pages, calendar, overages)._replace(corrects=taken_from)
    except (ApiError, ValueError, ArithmeticError) as error:
        made = bill(listed, [], calendar, overages)
        return made._replace(problems=(f"its lines cannot be read: {describe_arithmetic_error(error) or error}",))


def _page(answer: ArchivedAnswer) -> Page:
    page = read_response(answer.op, answer.response)
    return Page(answer.op.items(page), answer.seq, answer.op.has_end_mark(page))  # type: ignore[attr-defined]


def _orphan(invoice_id: str, answers: list[ArchivedAnswer], calendar: Calendar) -> Bill:
    """Make a bill of lines whose invoice was not read: nothing is known of its amount, so that it is parked."""
    invoice = BillingInvoice(id=invoice_id, date_invoiced=answers[0].fetched_at.date().isoformat())
    made = _bill(Listed(invoice, answers[0].seq, "$", answers[0].fetched_at), answers, calendar, {})
    return made._replace(issued_on=None, problems=("the invoice itself was not read", *made.problems), source_rank=-1)


def _used(reading: RunAnswers, calendar: Calendar, unread: list[str]) -> dict[Period, list[Used]]:
    """Gather the details by period; one that does not say its days is of no period, which is noted."""
    known = {get_or(one.id, ""): one for one in calendar.contracts}
    found: dict[Period, list[Used]] = {}
    for answer in reading.answers(GetBillingContractBillingperiod):
        detail, op = read_response(answer.op, answer.response), answer.op
        assert isinstance(op, GetBillingContractBillingperiod)
        if period := span(detail):
            contract = known.get(op.contract_id, BillingContract(id=op.contract_id))
            found.setdefault(period, []).append(Used(contract, detail, answer))
        else:
            unread.append(f"period {op.billing_period_id} of contract {op.contract_id}: its detail says no days")
    return found
