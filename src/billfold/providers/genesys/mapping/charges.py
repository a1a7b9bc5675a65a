"""Genesys Cloud's invoices as FOCUS charges, and what no invoice bills yet as estimates.

Invoice lines are what is billed. A contract's charges and wallets of a period are an estimate until an invoice bills what
was used in it. Licence reports and trustee overviews are never charges. The judgement calls are in this folder's README.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial

from msgspec.structs import replace

from billfold.model.bill import Bill, BillSource, DerivedTax
from billfold.model.errors import ApiError, InvalidResponse
from billfold.model.finding import make_finding
from billfold.model.finding_codes import FindingCode
from billfold.model.money import describe_arithmetic_error
from billfold.model.period import Period
from billfold.providers.genesys.api import (
    GetBillingContract,
    GetBillingContractBillingperiod,
    GetBillingContracts,
    GetBillingContractsInvoiceLines,
    GetBillingContractsInvoices,
)
from billfold.providers.genesys.mapping.credit_memos import find_corrected_invoice
from billfold.providers.genesys.mapping.estimates import PeriodUsage, build_estimates, sum_overage
from billfold.providers.genesys.mapping.invoice_lines import list_items
from billfold.providers.genesys.mapping.invoice_periods import (
    BillingCalendar,
    iter_periods,
    read_period,
)
from billfold.providers.genesys.mapping.invoices import ListedInvoice, OverageCosts, build_bill, read_tax_claim
from billfold.providers.genesys.mapping.tax import TaxClaim, TaxEvidence
from billfold.providers.genesys.records import BillingContract, BillingInvoice
from billfold.providers.mapping import iter_new_bills
from billfold.providers.pages import AnswerPage, iter_pages, read_page
from billfold.providers.provider import ArchivedAnswer, RunAnswers
from billfold.wire.codec import UNSET, get_or
from billfold.wire.operation import salvage_response

LinesAnswer = ArchivedAnswer[GetBillingContractsInvoiceLines]


def read_bills(run_answers: RunAnswers) -> Iterator[Bill]:
    """Yield a bill for each invoice whose lines were read, then the estimates that none of these ends.

    Whether an invoice that was read before ends one is known to the ledger.

    Raises ``InvalidResponse`` after all that can be read.
    """
    calendar, errors = BillingCalendar(read_contracts(run_answers).values()), list[str]()
    listed_invoices, line_answers, usages_by_period = (
        read_listed_invoices(run_answers),
        group_line_answers(run_answers),
        read_usages(run_answers, calendar, errors),
    )
    replaced_estimates = set[str]()
    overage_costs = {
        (get_or(record.contract.id, ""), period): sum_overage(record)
        for period, period_usages in usages_by_period.items()
        for record in period_usages
    }
    reader = InvoiceReader(calendar, overage_costs, line_answers, listed_invoices, run_answers.list_derived_taxes)
    for invoice_id, record in listed_invoices.items():
        # An invoice whose lines were not asked for is in the books already; a saved list by itself has no contracts.
        if invoice_id in line_answers or not calendar.contracts or not get_or(record.invoice.id, ""):
            invoice_bill = reader.build_bill_safely(record, line_answers.get(invoice_id, []))
            replaced_estimates.update(invoice_bill.replaces_estimates or ())
            yield invoice_bill if invoice_id in line_answers else invoice_bill._replace(source=BillSource.INVOICE_ONLY)
    for invoice_id in [record for record in line_answers if record not in listed_invoices]:
        yield _build_orphan_bill(invoice_id, line_answers[invoice_id], reader)
    for period, contract_usages in usages_by_period.items():
        # Half an estimate is none: where a contract's part could not be read, those known before stay.
        if _contract_ids_in(calendar, period) <= {get_or(record.contract.id, "") for record in contract_usages}:
            for contract_usage in contract_usages:
                inputs = contract_usage.contract, contract_usage.detail, str(period)
                estimates = iter_new_bills(
                    run_answers, inputs, partial(_build_estimates_safely, period, contract_usage)
                )
                yield from (bill for bill in estimates if bill.key not in replaced_estimates)
    if errors:
        raise InvalidResponse("; ".join(errors))


def _contract_ids_in(calendar: BillingCalendar, period: Period) -> set[str]:
    """Return the contracts that have a period."""
    return {get_or(contract.id, "") for contract in calendar.contracts if period in iter_periods(contract)}


def read_contracts(run_answers: RunAnswers) -> dict[str, BillingContract]:
    """Return the contracts that were read, by id; a contract's own answer says more than the list's."""
    contracts: dict[str, BillingContract] = {}
    for page in iter_pages(run_answers, GetBillingContracts):
        contracts |= {get_or(contract.id, ""): contract for contract in get_or(page.reply.entities, [])}
    for answer in run_answers.answers(GetBillingContract):
        contract = salvage_response(answer.op, answer.response)
        contracts[get_or(contract.id, "")] = contract
    return {contract_id: contract for contract_id, contract in contracts.items() if contract_id}


def read_listed_invoices(run_answers: RunAnswers) -> dict[str, ListedInvoice]:
    """Return the invoices that were listed, by id."""
    listed_invoices: dict[str, ListedInvoice] = {}
    for answer in run_answers.answers(GetBillingContractsInvoices):
        page = read_page(answer)
        for index, invoice in enumerate(get_or(page.reply.entities, [])):
            listed_invoice = ListedInvoice(invoice, page.seq, f"{page.path}[{index}]", answer.fetched_at)
            listed_invoices[str(get_or(invoice.id, "")) or f"{page.seq}/{index}"] = listed_invoice
    return listed_invoices


def group_line_answers(run_answers: RunAnswers) -> dict[str, list[LinesAnswer]]:
    """Gather the pages of lines by invoice; their bodies are read one invoice at a time."""
    answers_by_invoice: dict[str, list[LinesAnswer]] = {}
    for answer in run_answers.answers(GetBillingContractsInvoiceLines):
        answers_by_invoice.setdefault(answer.op.invoice_id, []).append(answer)
    return answers_by_invoice


class InvoiceReader:
    """What makes the bill of each invoice of a run, with what all of them are held against."""

    def __init__(
        self,
        calendar: BillingCalendar,
        overages: OverageCosts,
        line_answers: Mapping[str, Sequence[LinesAnswer]],
        listed_invoices: Mapping[str, ListedInvoice],
        list_booked_taxes: Callable[[], Iterable[DerivedTax]] = tuple,
    ) -> None:
        self._calendar, self._overages = calendar, overages
        self._line_answers, self._listed_invoices = line_answers, listed_invoices
        self._tax_evidence = TaxEvidence(list_booked_taxes, self._iter_tax_claims)

    def build_bill_safely(self, listed: ListedInvoice, answers: Iterable[LinesAnswer]) -> Bill:
        """Make an invoice's bill; one whose lines cannot be read is kept, with that as its finding."""
        try:
            pages = [read_page(answer) for answer in answers]
            corrected_id = find_corrected_invoice(listed.invoice, list_items(pages), self._listed_invoices)
            return self._build_bill(listed, pages)._replace(corrects=corrected_id)
        except (ApiError, ValueError, ArithmeticError) as error:
            text = f"its lines cannot be read: {describe_arithmetic_error(error) or error}"
            findings = (make_finding(FindingCode.BILL_UNREADABLE, text),)
            return self._build_bill(listed, [])._replace(findings=findings)

    def _build_bill(self, listed: ListedInvoice, pages: Sequence[AnswerPage]) -> Bill:
        return build_bill(listed, pages, self._calendar, self._overages, self._tax_evidence)

    def _iter_tax_claims(self) -> Iterator[TaxClaim]:
        """Yield what the run's invoices may have of tax; one that cannot be read says nothing."""
        for invoice_id in filter(self._listed_invoices.__contains__, self._line_answers):
            with suppress(ApiError, ValueError, ArithmeticError):
                pages = [read_page(answer) for answer in self._line_answers[invoice_id]]
                listed = self._listed_invoices[invoice_id]
                if claim := read_tax_claim(listed, pages, self._calendar, self._overages):
                    yield claim


def _build_estimates_safely(period: Period, usage: PeriodUsage) -> list[Bill]:
    """Make the estimates of a contract's period; where that fails, one that says so, so that the other bills are not lost."""
    try:
        return list(build_estimates(period, usage))
    except (ValueError, ArithmeticError) as error:
        text = f"its numbers cannot be reckoned with: {describe_arithmetic_error(error) or error}"
        bare_usage = usage._replace(detail=replace(usage.detail, charges=UNSET, wallets=UNSET))
        finding = make_finding(FindingCode.VALUE_UNUSABLE, text)
        return [bill._replace(findings=(finding,)) for bill in build_estimates(period, bare_usage)]


def _build_orphan_bill(invoice_id: str, answers: list[LinesAnswer], reader: InvoiceReader) -> Bill:
    """Make a bill of lines whose invoice was not read: nothing is known of its amount, so that it is parked."""
    invoice = BillingInvoice(id=invoice_id, date_invoiced=answers[0].fetched_at.date().isoformat())
    listed = ListedInvoice(invoice, answers[0].seq, "$", answers[0].fetched_at)
    orphan_bill = reader.build_bill_safely(listed, answers)
    finding = make_finding(FindingCode.INVOICE_UNREAD, "the invoice itself was not read")
    findings = (finding, *orphan_bill.findings)
    return orphan_bill._replace(issued_on=None, findings=findings, source=BillSource.LINES_ONLY)


def read_usages(
    run_answers: RunAnswers, calendar: BillingCalendar, errors: list[str]
) -> dict[Period, list[PeriodUsage]]:
    """Gather the details by period; one that does not say its days is of no period, which is noted."""
    contracts_by_id = {get_or(listed_contract.id, ""): listed_contract for listed_contract in calendar.contracts}
    usages_by_period: dict[Period, list[PeriodUsage]] = {}
    for answer in run_answers.answers(GetBillingContractBillingperiod):
        detail, op = salvage_response(answer.op, answer.response), answer.op
        if period := read_period(detail):
            contract = contracts_by_id.get(op.contract_id, BillingContract(id=op.contract_id))
            usages_by_period.setdefault(period, []).append(PeriodUsage(contract, detail, answer))
        else:
            errors.append(f"period {op.billing_period_id} of contract {op.contract_id}: its detail says no days")
    return usages_by_period
