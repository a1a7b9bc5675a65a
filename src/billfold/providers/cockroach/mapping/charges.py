"""CockroachDB Cloud's invoices as FOCUS charges.

One charge per line item and one per adjustment; totals and balances are checks, never charges. The judgement calls are
in this folder's README.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator, Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial

from billfold.model.bill import Bill, BillEnd, Charges, DetailIds, State
from billfold.model.finding import Finding, make_finding
from billfold.model.finding_codes import FindingCode
from billfold.model.focus import CostAndUsage
from billfold.model.money import (
    EXACT_CONTEXT,
    NATIONAL_CURRENCIES,
    NO_MONEY_CODES,
    ZERO,
    describe_arithmetic_error,
    exact_sum,
    format_trimmed,
)
from billfold.model.period import Month, Period, parse_instant
from billfold.model.pricing import find_residual, note_rounding
from billfold.providers.cockroach.api import GetInvoice, GetOrganization, ListInvoices
from billfold.providers.cockroach.mapping.lines import (
    CREDIT_CODES,
    DOLLAR_CODE,
    ISSUER_NAME,
    PLATFORM_NAME,
    CockroachLine,
    currency_of,
    iter_lines,
    remove_float_dust,
    spread_amount,
)
from billfold.providers.cockroach.records import Cluster, CurrencyAmount, Invoice, Organization
from billfold.providers.currencies import check_currency
from billfold.providers.mapping import build_bill_row, build_residual_row, iter_new_bills
from billfold.providers.pages import find_reply, read_page
from billfold.providers.periods import round_up_end
from billfold.providers.provider import ArchivedAnswer, RunAnswers
from billfold.wire import codec
from billfold.wire.codec import get_or
from billfold.wire.operation import salvage_response

TOTAL_TOLERANCE = Decimal("0.005")
"""How far a cluster's total may be from its lines: both are sent as 64-bit floats."""


def read_bills(run_answers: RunAnswers) -> Iterator[Bill]:
    """Yield a bill per invoice and currency; an invoice asked for by itself counts like a listed one."""
    organization = find_organization(run_answers)
    for list_answer in run_answers.answers(ListInvoices):
        page = read_page(list_answer)
        for index, invoice in enumerate(page.items):
            yield from _iter_bills(run_answers, invoice, organization, list_answer, f"{page.path}[{index}]")
    for answer in run_answers.answers(GetInvoice):
        invoice, wrapped_invoices = (
            salvage_response(answer.op, answer.response),
            codec.parse_json(answer.response.body).get("invoices"),
        )
        path = "$.invoices[0]" if wrapped_invoices else "$"
        yield from _iter_bills(run_answers, invoice, organization, answer, path)


def _iter_bills(
    run_answers: RunAnswers, invoice: Invoice, organization: Organization, answer: ArchivedAnswer, path: str
) -> Iterator[Bill]:
    """Yield an invoice's bills, unless they are known."""
    period = read_invoice_period(invoice)
    time = period.end > answer.fetched_at if period else str(Month.of(answer.fetched_at))
    build_bills = partial(_build_bills_guarded, invoice, organization, answer, path)
    return iter_new_bills(run_answers, (invoice, organization, time), build_bills)


def _build_bills_guarded(invoice: Invoice, organization: Organization, answer: ArchivedAnswer, path: str) -> list[Bill]:
    """Make an invoice's bills; one whose numbers cannot be reckoned with is parked, and the others are not lost."""
    try:
        return list(_build_bills(invoice, organization, answer, path))
    except ArithmeticError as error:
        bare_invoice = Invoice(
            invoice_id=invoice.invoice_id,
            status=invoice.status,
            period_start=invoice.period_start,
            period_end=invoice.period_end,
        )
        text = f"its numbers cannot be reckoned with ({describe_arithmetic_error(error)})"
        finding = make_finding(FindingCode.VALUE_UNUSABLE, text)
        bills = list(_build_bills(bare_invoice, organization, answer, path))
        return [bill._replace(findings=(finding, *bill.findings)) for bill in bills]


def find_organization(run_answers: RunAnswers) -> Organization:
    """Return the organization that the key belongs to; an empty one where the key may not read it."""
    return find_reply(run_answers, GetOrganization, Organization())


def _build_bills(invoice: Invoice, organization: Organization, answer: ArchivedAnswer, path: str) -> Iterator[Bill]:
    stated_totals = {currency_of(total): remove_float_dust(total.amount) for total in get_or(invoice.totals, [])}
    lines = list(iter_lines(invoice, path))
    invoice_findings, sum_findings = tuple(_check_invoice(invoice)), dict(_find_cluster_differences(invoice))
    for currency in sorted({*stated_totals, *sum_findings, *(currency for currency, _ in lines)} or {DOLLAR_CODE}):
        common = _build_common_row(invoice, organization, currency, answer.fetched_at)._replace(x_ArchiveSeq=answer.seq)
        currency_lines = [line for line_currency, line in lines if line_currency == currency]
        state = _find_state(invoice, common, answer.fetched_at)
        yield Bill(
            state=state,
            invoice_id=get_or(invoice.invoice_id, None),
            period=Period(common.BillingPeriodStart, common.BillingPeriodEnd),  # type: ignore[arg-type]
            currency=currency,
            total=stated_totals.get(currency),
            line_count=len(currency_lines),
            charges=_build_charges(common, currency_lines, stated_totals.get(currency), path),
            issuer=ISSUER_NAME,
            issued_on=common.BillingPeriodEnd if state is State.ISSUED else None,
            findings=(
                *invoice_findings,
                *_check_currency(currency),
                *_check_stated_total(invoice, currency, currency_lines),
                *sum_findings.get(currency, ()),
            ),
        )


def _find_state(invoice: Invoice, common: CostAndUsage, fetched_at: datetime) -> State:
    """Tell a draft from an issued invoice; older answers say no status."""
    if status := get_or(invoice.status, ""):
        return State.DRAFT if status == "DRAFT" else State.ISSUED
    # GUESS: without a status, an invoice whose period had not ended when it was read is a draft
    return State.DRAFT if common.BillingPeriodEnd and common.BillingPeriodEnd > fetched_at else State.ISSUED


def _check_invoice(invoice: Invoice) -> Iterator[Finding]:
    if (get_or(invoice.status, "") or "FINALIZED") not in {"FINALIZED", "DRAFT"}:
        text = f"status {invoice.status!r} is not known: counted as issued"
        yield make_finding(FindingCode.STATUS_UNKNOWN, text, status=invoice.status)
    if not get_or(invoice.invoice_id, ""):
        yield make_finding(FindingCode.ID_MISSING, "the invoice has no id")
    if not get_or(invoice.totals, []):
        yield make_finding(FindingCode.TOTAL_MISSING, "the invoice states no total")
    if not read_invoice_period(invoice):
        text = (
            f"its period {get_or(invoice.period_start, 'nothing')} to {get_or(invoice.period_end, 'nothing')} is none"
        )
        yield make_finding(FindingCode.DATE_UNREADABLE, text)


def _find_cluster_differences(invoice: Invoice) -> Iterator[tuple[str, list[Finding]]]:
    """Yield by currency what is wrong between clusters' totals and the sums of their lines."""
    findings_by_currency = defaultdict[str, list[Finding]](list)
    for item in get_or(invoice.invoice_items, []):
        stated_totals = _sum_by_currency(get_or(item.totals, []))
        line_sums = _sum_by_currency(get_or(line.total, CurrencyAmount()) for line in get_or(item.line_items, []))
        for currency in {**stated_totals, **line_sums} if stated_totals else ():
            total, line_sum = stated_totals.get(currency, ZERO), line_sums.get(currency, ZERO)
            if abs(EXACT_CONTEXT.subtract(total, line_sum)) > TOTAL_TOLERANCE:
                cluster_name = get_or(get_or(item.cluster, Cluster()).name, "") or "a cluster without a name"
                sums = {"sum": format_trimmed(line_sum), "stated": format_trimmed(total)}
                text = f"the lines of {cluster_name} sum to {sums['sum']} {currency}, its total is {sums['stated']}"
                findings_by_currency[currency].append(
                    make_finding(FindingCode.TOTAL_MISMATCH, text, **sums, currency=currency, cluster=cluster_name)
                )
    yield from findings_by_currency.items()


def _sum_by_currency(amounts: Iterable[CurrencyAmount]) -> dict[str, Decimal]:
    sums_by_currency: dict[str, Decimal] = {}
    for amount in amounts:
        currency = currency_of(amount)
        sums_by_currency[currency] = exact_sum((sums_by_currency.get(currency, ZERO), remove_float_dust(amount.amount)))
    return sums_by_currency


def _check_currency(currency: str) -> Iterator[Finding]:
    """Name what is no currency, and another country's money: only what credits pay costs no dollars."""
    yield from check_currency(currency, CREDIT_CODES)
    if currency != DOLLAR_CODE and currency in NATIONAL_CURRENCIES - NO_MONEY_CODES:
        text = f"it is in {currency}, and the vendor documents {DOLLAR_CODE} and credits only"
        yield make_finding(FindingCode.CURRENCY_UNKNOWN, text, currency=currency)


def _check_stated_total(invoice: Invoice, currency: str, lines: Sequence[CockroachLine]) -> Iterator[Finding]:
    """Say where a currency has several totals, or costs and none."""
    amounts = [
        remove_float_dust(total.amount) for total in get_or(invoice.totals, []) if currency_of(total) == currency
    ]
    if len(amounts) > 1:
        listed_amounts = " and ".join(map(format_trimmed, amounts))
        text = f"it states {len(amounts)} totals in {currency}: {listed_amounts}"
        yield make_finding(FindingCode.TOTAL_REPEATED, text, currency=currency, stated=listed_amounts)
    line_sum = exact_sum(line.PricingCurrencyEffectiveCost for line in lines)
    if get_or(invoice.totals, []) and not amounts and line_sum:
        text = f"its lines cost {format_trimmed(line_sum)} {currency}, and it states no total in that currency"
        yield make_finding(FindingCode.TOTAL_MISSING, text, sum=format_trimmed(line_sum), currency=currency)


def _build_charges(
    common: CostAndUsage, lines: list[CockroachLine], stated_total: Decimal | None, path: str
) -> Generator[Charges, None, BillEnd]:
    if lines:
        yield Charges.of(lines, common)
    line_sum = exact_sum(line.PricingCurrencyEffectiveCost for line in lines)  # GUESS: totals include adjustments
    if residual := find_residual(stated_total, line_sum, len(lines), common.PricingCurrency or DOLLAR_CODE):
        detail_id = DetailIds(common.InvoiceId or "").next_id("rounding", common.PricingCurrency)
        row = build_residual_row(common, residual, "the invoice's total", detail_id, f"{path}.totals")
        currency = common.PricingCurrency or DOLLAR_CODE
        yield Charges.of([row._replace(**spread_amount(residual, currency))])
        return BillEnd(len(lines), (note_rounding(residual, currency),))
    return BillEnd(len(lines))


def _build_common_row(
    invoice: Invoice, organization: Organization, currency: str, fetched_at: datetime
) -> CostAndUsage:
    period = read_invoice_period(invoice) or Month.of(fetched_at).period
    folders = get_or(invoice.folder_resources, [])
    organization_id = get_or(organization.id, "") or next(
        (folder_organization for folder in folders if (folder_organization := get_or(folder.organization_id, ""))), ""
    )
    return build_bill_row(ISSUER_NAME, "Organization", period, DOLLAR_CODE)._replace(
        BillingAccountId=organization_id or None,
        BillingAccountName=get_or(organization.name, "") or None,
        ChargePeriodStart=period.start,
        ChargePeriodEnd=period.end,
        InvoiceId=get_or(invoice.invoice_id, None),
        PricingCurrency=currency,
        ServiceCategory="Databases",
        ServiceName=PLATFORM_NAME,
        ServiceSubcategory="Relational Databases",
    )


def read_invoice_period(invoice: Invoice) -> Period | None:
    """Return the time that an invoice bills; None where it says none."""
    try:
        start, end = parse_instant(get_or(invoice.period_start, "")), parse_instant(get_or(invoice.period_end, ""))
        period = Period(start, round_up_end(end))
    except ValueError:
        return None
    return period if period.start < period.end else None
