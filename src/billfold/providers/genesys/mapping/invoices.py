"""An invoice or credit memo of Genesys Cloud as a bill: one charge a line, and what the lines do not say of its amount."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import chain
from typing import NamedTuple

from billfold.model.bill import Bill, Charges, DetailIds, State, estimate_key
from billfold.model.finding import Finding, make_finding
from billfold.model.finding_codes import FindingCode
from billfold.model.focus import CostAndUsage
from billfold.model.money import EXACT_CONTEXT, NO_CURRENCY, exact_sum, format_trimmed
from billfold.model.payment_terms import find_due_date
from billfold.model.period import Month, Period
from billfold.model.pricing import find_residual, note_rounding
from billfold.providers.currencies import check_currency, read_currency
from billfold.providers.genesys.mapping import lines
from billfold.providers.genesys.mapping.commitments import (
    list_commitments,
    list_positions,
)
from billfold.providers.genesys.mapping.credit_memos import check_credit_signs, is_credit_memo
from billfold.providers.genesys.mapping.invoice_lines import InvoiceContext, build_lines, list_items
from billfold.providers.genesys.mapping.invoice_periods import (
    BillingCalendar,
    fingerprint_invoice,
    iter_periods,
    parse_day,
    read_customer,
)
from billfold.providers.genesys.mapping.lines import (
    VENDOR_NAME,
    GenesysLine,
)
from billfold.providers.genesys.mapping.tax import TaxClaim, TaxEvidence, TaxRate, claim_tax
from billfold.providers.genesys.records import BillingContract, BillingInvoice
from billfold.providers.mapping import build_residual_row, describe_missing
from billfold.providers.pages import AnswerPage
from billfold.wire.codec import get_or

MAX_NAMED_CONTRACTS = 5
"""Contracts that are named one by one."""

OverageCosts = Mapping[tuple[str, Period], Decimal]
"""What was used beyond what was bought, by contract and period, out of the periods' own details."""


class ListedInvoice(NamedTuple):
    """An invoice as it stands in the list: with the answer's number, its place there, and when it was read."""

    invoice: BillingInvoice
    seq: int
    path: str
    read_at: datetime


def build_bill(
    listed: ListedInvoice,
    pages: Sequence[AnswerPage],
    calendar: BillingCalendar,
    overages: OverageCosts,
    tax_evidence: TaxEvidence,
) -> Bill:
    """Make the bill of an invoice; whatever cannot be trusted about it becomes a finding, not an exception."""
    invoice = listed.invoice
    contracts = calendar.match_contracts(invoice)[1]
    period, findings = _find_period(listed, pages, calendar)
    findings += [*_check_invoice(invoice, pages), *check_credit_signs(invoice, list_items(pages))]
    common_row = _build_common_row(listed, period, contracts)
    detail_ids = DetailIds(common_row.InvoiceId or "")
    context = _build_context(invoice, period, calendar, findings, detail_ids)
    page_lines = [(page.seq, build_lines(page, context)) for page in pages]
    batches = [Charges.of(rows, common_row._replace(x_ArchiveSeq=seq)) for seq, rows in page_lines if rows]
    all_lines = list(chain.from_iterable(rows for _, rows in page_lines))
    claim = _claim_tax(common_row, invoice, all_lines, _find_overage(contracts, period, overages))
    tax_rate = claim and tax_evidence.find_rate(claim)
    residual_charges = _build_residual_charges(listed, all_lines, common_row, detail_ids, tax_rate)
    usage_starts = _find_usage_starts(context, all_lines, bool(residual_charges), calendar.find_ended_period(invoice))
    return Bill(
        state=State.ISSUED,
        invoice_id=common_row.InvoiceId,
        period=period,
        currency=common_row.BillingCurrency or NO_CURRENCY,
        total=lines.find_amount(invoice.amount),
        line_count=len(all_lines),
        charges=[*batches, *residual_charges],
        issuer=VENDOR_NAME,
        fingerprint=calendar.fingerprint_of(invoice),
        issued_on=parse_day(invoice.date_invoiced),
        due_on=find_due_date(parse_day(invoice.date_invoiced), get_or(invoice.payment_terms, None)),
        terms=get_or(invoice.payment_terms, "").strip() or None,
        purchase_order=get_or(invoice.customer_po_number, None),
        commitments=list_commitments(contracts, listed.read_at),
        findings=(*findings, *_note_rounding(residual_charges, common_row)),
        replaces_estimates=_list_replaced_estimates(context, usage_starts, contracts, common_row),
    )


def read_tax_claim(
    listed: ListedInvoice, pages: Sequence[AnswerPage], calendar: BillingCalendar, overages: OverageCosts
) -> TaxClaim | None:
    """Return what an invoice has beyond its lines, if it may be tax; most add up without their lines being made."""
    invoice = listed.invoice
    if exact_sum(lines.read_amount(item.amount) for item in list_items(pages)) == lines.find_amount(invoice.amount):
        return None
    contracts = calendar.match_contracts(invoice)[1]
    period, findings = _find_period(listed, pages, calendar)
    common_row = _build_common_row(listed, period, contracts)
    context = _build_context(invoice, period, calendar, findings, DetailIds(""))
    invoice_lines = [line for page in pages for line in build_lines(page, context)]
    return _claim_tax(common_row, invoice, invoice_lines, _find_overage(contracts, period, overages))


def _find_overage(contracts: Sequence[BillingContract], period: Period, overages: OverageCosts) -> Decimal | None:
    return overages.get((get_or(contracts[0].id, ""), period)) if len(contracts) == 1 else None


def _claim_tax(
    common_row: CostAndUsage, invoice: BillingInvoice, invoice_lines: Sequence[GenesysLine], overage: Decimal | None
) -> TaxClaim | None:
    stated_total = lines.find_amount(invoice.amount)
    if stated_total is None or not invoice_lines:
        return None
    residual = EXACT_CONTEXT.subtract(stated_total, exact_sum(line.BilledCost for line in invoice_lines))
    return claim_tax(common_row.InvoiceId or "", common_row.BillingAccountId or "", residual, invoice_lines, overage)


def _build_context(
    invoice: BillingInvoice, period: Period, calendar: BillingCalendar, findings: list[Finding], detail_ids: DetailIds
) -> InvoiceContext:
    """Gather what all lines of an invoice are read with: its contracts' prices and positions, and how they were found."""
    matched_by, contracts = calendar.match_contracts(invoice)
    return InvoiceContext(
        invoice,
        period,
        lines.collect_rates(contracts),
        is_credit_memo(invoice),
        findings,
        detail_ids,
        list_positions(contracts),
        _describe_contracts(matched_by, contracts),
    )


def _find_usage_starts(
    context: InvoiceContext, invoice_lines: Sequence[GenesysLine], has_residual: bool, ended_period: Period | None
) -> set[datetime | None]:
    """Return when what the invoice bills was used; of an invoice that was not read whole, also the period that it ends."""
    usage_starts: set[datetime | None] = {
        item.ChargePeriodStart for item in invoice_lines if item.ChargeCategory == "Usage"
    }
    stated_total = lines.find_amount(context.invoice.amount)
    is_whole = has_residual or exact_sum(item.BilledCost for item in invoice_lines) == stated_total
    if ended_period and (context.findings or not is_whole):  # it may bill more than was read
        usage_starts |= {item.start for item in (context.period, ended_period) if item.end <= ended_period.end}
    return usage_starts


def _list_replaced_estimates(
    context: InvoiceContext,
    usage_starts: Collection[datetime | None],
    contracts: Sequence[BillingContract],
    common_row: CostAndUsage,
) -> tuple[str, ...] | None:
    """Return the estimates that an invoice ends: of the periods in which it bills what was used from these times on.

    What is bought beforehand ends none: the use of its period is billed by another invoice; nor does a credit memo. None
    (all of its period) where it is not known of which contract it is.
    """
    if context.is_credit or not contracts:
        return () if context.is_credit else None
    return tuple(
        estimate_key(period, common_row.BillingCurrency or NO_CURRENCY, get_or(contract.id, ""))
        for contract in contracts
        for period in iter_periods(contract)
        if any(start and period.start <= start < period.end for start in usage_starts)
    )


def _find_period(
    listed: ListedInvoice, pages: Sequence[AnswerPage], calendar: BillingCalendar
) -> tuple[Period, list[Finding]]:
    starts = [start for page in pages for item in page.items if (start := parse_day(item.date_start))]
    billed_period = calendar.find_billed_period(listed.invoice, min(starts, default=None))
    if billed_period is None or parse_day(listed.invoice.date_invoiced) is None:
        text = f"its date {get_or(listed.invoice.date_invoiced, None)!r} is no day"
        return billed_period or Month.of(listed.read_at).period, [make_finding(FindingCode.DATE_UNREADABLE, text)]
    return billed_period, []


def _check_invoice(invoice: BillingInvoice, pages: Sequence[AnswerPage]) -> Iterator[Finding]:
    if not get_or(invoice.id, ""):
        yield make_finding(FindingCode.ID_MISSING, "the invoice has no id")
    if lines.find_amount(invoice.amount) is None:
        text = f"the invoice states no amount{describe_missing(invoice.amount)}"
        yield make_finding(FindingCode.TOTAL_MISSING, text)
    yield from check_currency(invoice.currency_iso_code)
    if not pages:
        yield make_finding(FindingCode.LINES_INCOMPLETE, "its lines were not read")
    elif not pages[-1].has_end_mark:
        yield make_finding(FindingCode.LINES_INCOMPLETE, "its lines were not read to their end")


def _note_rounding(residual_charges: Iterable[Charges], common_row: CostAndUsage) -> Iterator[Finding]:
    for charges in residual_charges:
        for category, cost in charges.iter_values("ChargeCategory", "BilledCost"):
            if category == "Adjustment":
                yield note_rounding(cost, common_row.BillingCurrency or NO_CURRENCY)


def _build_common_row(listed: ListedInvoice, period: Period, contracts: Iterable[BillingContract]) -> CostAndUsage:
    invoice = listed.invoice
    customer = read_customer(invoice.bill_to_customer)
    if not customer[0]:
        customer = next(
            (
                contract_customer
                for contract in contracts
                if (contract_customer := read_customer(contract.bill_to_customer))[0]
            ),
            ("", ""),
        )
    currency = read_currency(invoice.currency_iso_code) or NO_CURRENCY
    return lines.build_common_row(customer, period, currency, listed.seq)._replace(
        ChargePeriodStart=period.start,
        ChargePeriodEnd=period.end,
        InvoiceId=str(get_or(invoice.id, "")) or f"without id {fingerprint_invoice(invoice)}",
    )


def _describe_contracts(matched_by: str, contracts: Sequence[BillingContract]) -> tuple[tuple[str, str], ...]:
    """Say to which contracts an invoice was taken to belong, by what, and for whom they are."""
    contract_numbers = [get_or(contract.external_number, "") or get_or(contract.id, "") for contract in contracts]
    remaining_note = (
        f" and {len(contract_numbers) - MAX_NAMED_CONTRACTS} others"
        if len(contract_numbers) > MAX_NAMED_CONTRACTS
        else ""
    )
    end_customers = {read_customer(contract.end_customer)[0] for contract in contracts}
    return (
        ("ContractNumber", ", ".join(contract_numbers[:MAX_NAMED_CONTRACTS]) + remaining_note),
        ("ContractBy", matched_by if contract_numbers else ""),
        ("EndCustomer", end_customers.pop() if len(end_customers) == 1 else ""),
    )


def _build_residual_charges(
    listed: ListedInvoice,
    invoice_lines: Sequence[GenesysLine],
    common_row: CostAndUsage,
    detail_ids: DetailIds,
    tax_rate: TaxRate | None,
) -> list[Charges]:
    """Make the one flagged row for what the amount says beyond its lines: tax, or rounding; none where it is neither."""
    stated_total = lines.find_amount(listed.invoice.amount)
    if stated_total is None or not invoice_lines:
        return []
    line_sum = exact_sum(line.BilledCost for line in invoice_lines)
    residual, category = EXACT_CONTEXT.subtract(stated_total, line_sum), "Tax" if tax_rate else "Adjustment"
    currency = common_row.BillingCurrency or NO_CURRENCY
    if not tax_rate and find_residual(stated_total, line_sum, len(invoice_lines), currency) is None:
        return []
    detail_id, path = detail_ids.next_id(category, "residual"), f"{listed.path}.amount"
    row = build_residual_row(common_row, residual, "the invoice's amount", detail_id, path, category=category)
    if tax_rate:
        facts = ("TaxRate", format_trimmed(tax_rate.rate)), ("TaxBase", tax_rate.base)
        row = row._replace(x_Details=lines.format_details(*facts))
    return [Charges.of([row])]
