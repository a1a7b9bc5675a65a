"""CockroachDB Cloud's invoices as FOCUS charges.

One charge per line item and one per adjustment; totals and balances are checks, never charges. The judgement calls are
in this folder's README.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal

from billfold.model.bill import Bill, Charges, DetailIds, State
from billfold.model.focus import CostAndUsage
from billfold.model.money import (
    EXACT_CONTEXT,
    NATIONAL_CURRENCIES,
    ZERO,
    describe_arithmetic_error,
    exact_sum,
    format_trimmed,
)
from billfold.model.period import Month, Period, parse_instant
from billfold.model.pricing import build_rounding, find_residual
from billfold.providers.cockroach.api import GetInvoice, GetOrganization, ListInvoices
from billfold.providers.cockroach.mapping.lines import DOLLARS, ISSUER, Line, currency_of, lines_of, wiped
from billfold.providers.cockroach.records import Cluster, CurrencyAmount, Invoice, Organization
from billfold.providers.provider import ArchivedAnswer, InvoiceListing, RunAnswers
from billfold.wire import codec
from billfold.wire.codec import get_or
from billfold.wire.operation import read_response

HALF_A_CENT = Decimal("0.005")
"""How far a cluster's total may be from its lines: both are sent as 64-bit floats."""


def read_bills(reading: RunAnswers) -> Iterator[Bill]:
    """Yield a bill per invoice and currency; an invoice asked for by itself counts like a listed one."""
    organization = _organization(reading)
    for answer in reading.answers(ListInvoices):
        for index, invoice in enumerate(answer.op.items(read_response(answer.op, answer.response))):  # type: ignore[attr-defined]
            yield from _guarded(invoice, organization, answer, f"$.invoices[{index}]")
    for answer in reading.answers(GetInvoice):
        invoice, enveloped = (
            read_response(answer.op, answer.response),
            codec.parse_json(answer.response.body).get("invoices"),
        )
        yield from _guarded(invoice, organization, answer, "$.invoices[0]" if enveloped else "$")


def _guarded(invoice: Invoice, organization: Organization, answer: ArchivedAnswer, path: str) -> Iterator[Bill]:
    """Yield an invoice's bills; one whose numbers cannot be reckoned with is parked, and the others are not lost."""
    try:
        made = list(_of_invoice(invoice, organization, answer, path))
    except ArithmeticError as error:
        bare = Invoice(
            invoice_id=invoice.invoice_id,
            status=invoice.status,
            period_start=invoice.period_start,
            period_end=invoice.period_end,
        )
        words = f"its numbers cannot be reckoned with ({describe_arithmetic_error(error)})"
        made = list(_of_invoice(bare, organization, answer, path))
        made = [bill._replace(problems=(words, *bill.problems)) for bill in made]
    yield from made


def find_identity(reading: RunAnswers) -> str | None:
    """Return the organization's id, where the key may read it."""
    return get_or(_organization(reading).id, None)


def read_listing(reading: RunAnswers) -> InvoiceListing | None:
    """Say which invoices were listed, and since when the list reaches."""
    found = None
    for answer in reading.answers(ListInvoices, status=None):
        op, page = answer.op, read_response(answer.op, answer.response)
        assert isinstance(op, ListInvoices)
        ids = frozenset(get_or(invoice.invoice_id, "") for invoice in get_or(page.invoices, []))
        found = InvoiceListing(ids, op.has_end_mark(page), op.start_time)
    return found


def _organization(reading: RunAnswers) -> Organization:
    return next((read_response(a.op, a.response) for a in reading.answers(GetOrganization)), Organization())


def _of_invoice(invoice: Invoice, organization: Organization, answer: ArchivedAnswer, path: str) -> Iterator[Bill]:
    stated = {currency_of(total): wiped(total.amount) for total in get_or(invoice.totals, [])}
    lines = list(lines_of(invoice, path))
    problems, apart = _problems(invoice), dict(_apart(invoice))
    for currency in sorted({*stated, *apart, *(currency for currency, _ in lines)} or {DOLLARS}):
        common = _common(invoice, organization, currency, answer.fetched_at)._replace(x_ArchiveSeq=answer.seq)
        mine = [line for spoken, line in lines if spoken == currency]
        state = _state(invoice, common, answer.fetched_at)
        yield Bill(
            state=state,
            invoice_id=get_or(invoice.invoice_id, None),
            period=Period(common.BillingPeriodStart, common.BillingPeriodEnd),  # type: ignore[arg-type]
            currency=currency,
            total=stated.get(currency),
            line_count=len(mine),
            charges=_charges(common, mine, stated.get(currency), path),
            issuer=ISSUER,
            issued_on=common.BillingPeriodEnd if state is State.ISSUED else None,
            problems=(*problems, *_foreign(currency), *apart.get(currency, ())),
        )


def _state(invoice: Invoice, common: CostAndUsage, fetched_at: datetime) -> State:
    """Tell a draft from an issued invoice; older answers say no status."""
    if said := get_or(invoice.status, ""):
        return State.DRAFT if said == "DRAFT" else State.ISSUED
    # GUESS: without a status, an invoice whose period had not ended when it was read is a draft
    return State.DRAFT if common.BillingPeriodEnd and common.BillingPeriodEnd > fetched_at else State.ISSUED


def _problems(invoice: Invoice) -> tuple[str, ...]:
    unknown = (get_or(invoice.status, "") or "FINALIZED") not in {"FINALIZED", "DRAFT"}
    found = [f"status {invoice.status!r} is not known: counted as issued"] if unknown else []
    found += [] if get_or(invoice.invoice_id, "") else ["the invoice has no id"]
    found += [] if get_or(invoice.totals, []) else ["the invoice states no total"]
    found += [] if _period(invoice) else [f"its period {invoice.period_start} to {invoice.period_end} is none"]
    return tuple(found)


def _apart(invoice: Invoice) -> Iterator[tuple[str, list[str]]]:
    """Yield by currency what is wrong between clusters' totals and the sums of their lines."""
    found = defaultdict[str, list[str]](list)
    for item in get_or(invoice.invoice_items, []):
        stated = _summed(get_or(item.totals, []))
        summed = _summed(get_or(line.total, CurrencyAmount()) for line in get_or(item.line_items, []))
        for currency in {**stated, **summed} if stated else ():
            total, lines = stated.get(currency, ZERO), summed.get(currency, ZERO)
            if abs(EXACT_CONTEXT.subtract(total, lines)) > HALF_A_CENT:
                name = get_or(get_or(item.cluster, Cluster()).name, "") or "a cluster without a name"
                found[currency].append(
                    f"the lines of {name} sum to {format_trimmed(lines)} {currency}, its total is {format_trimmed(total)}"
                )
    yield from found.items()


def _summed(amounts: Iterable[CurrencyAmount]) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for amount in amounts:
        currency = currency_of(amount)
        found[currency] = exact_sum((found.get(currency, ZERO), wiped(amount.amount)))
    return found


def _foreign(currency: str) -> Iterator[str]:
    """Name another country's money: credits of any name are none, and what they pay costs no dollars."""
    if currency != DOLLARS and currency.upper() in NATIONAL_CURRENCIES:
        yield f"it is in {currency}, and the vendor documents {DOLLARS} and credits only"


def _charges(common: CostAndUsage, lines: list[Line], stated: Decimal | None, path: str) -> Iterator[Charges]:
    if lines:
        yield Charges(common, lines)
    summed = exact_sum(line.PricingCurrencyEffectiveCost for line in lines)  # GUESS: totals include adjustments
    missing = find_residual(stated, summed, len(lines)) if stated is not None else None
    if missing:
        detail = DetailIds(common.InvoiceId or "").next_id("rounding", common.PricingCurrency)
        row = build_rounding(common, missing, "the invoice's total less the sum of its lines")
        row = row._replace(PricingCurrencyEffectiveCost=missing, InvoiceDetailId=detail, x_JsonPath=f"{path}.totals")
        yield Charges.of([row if common.PricingCurrency == DOLLARS else _unbilled(row)])


def _unbilled(row: CostAndUsage) -> CostAndUsage:
    return row._replace(BilledCost=ZERO, EffectiveCost=ZERO, ListCost=ZERO, ContractedCost=ZERO)


def _common(invoice: Invoice, organization: Organization, currency: str, fetched_at: datetime) -> CostAndUsage:
    start, end = _period(invoice) or Month.of(fetched_at).period
    folders = get_or(invoice.folder_resources, [])
    owner = get_or(organization.id, "") or next((o for f in folders if (o := get_or(f.organization_id, ""))), "")
    return CostAndUsage(
        BillingAccountId=owner or None,
        BillingAccountName=get_or(organization.name, "") or None,
        BillingAccountType="Organization",
        BillingCurrency=DOLLARS,
        BillingPeriodStart=start,
        BillingPeriodEnd=end,
        ChargePeriodStart=start,
        ChargePeriodEnd=end,
        InvoiceId=get_or(invoice.invoice_id, None),
        InvoiceIssuerName=ISSUER,
        HostProviderName=ISSUER,
        PricingCurrency=currency,
        ServiceCategory="Databases",
        ServiceName="CockroachDB Cloud",
        ServiceProviderName=ISSUER,
        ServiceSubcategory="Relational Databases",
    )


def _period(invoice: Invoice) -> Period | None:
    try:
        period = Period(parse_instant(get_or(invoice.period_start, "")), parse_instant(get_or(invoice.period_end, "")))
    except ValueError:
        return None
    return period if period.start < period.end else None
