"""The lines of an invoice of Genesys Cloud as charges: what each is, when it was used, which plan prices it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from billfold.model.bill import DetailIds
from billfold.model.finding import Finding, make_finding
from billfold.model.finding_codes import FindingCode
from billfold.model.money import ZERO, exact_product
from billfold.model.period import Period
from billfold.model.pricing import choose_price
from billfold.providers.currencies import read_currency
from billfold.providers.genesys.mapping import classify, lines
from billfold.providers.genesys.mapping.classify import LineCategory
from billfold.providers.genesys.mapping.commitments import (
    CommitmentShare,
    PlanPosition,
    format_applied,
)
from billfold.providers.genesys.mapping.invoice_periods import (
    ONE_DAY,
    parse_day,
    read_customer,
)
from billfold.providers.genesys.mapping.lines import (
    PLATFORM_NAME,
    GenesysLine,
    LineSource,
    LineSubject,
    Rates,
)
from billfold.providers.genesys.records import BillingInvoice, BillingInvoiceItem, BillingProduct
from billfold.providers.mapping import classify_reduction, describe_missing
from billfold.providers.pages import AnswerPage
from billfold.providers.periods import close_period
from billfold.wire.codec import get_or


def list_items(pages: Iterable[AnswerPage]) -> list[BillingInvoiceItem]:
    """Return the lines of all pages."""
    return [item for page in pages for item in page.items]


@dataclass
class InvoiceContext:
    """What is the same for all lines of an invoice."""

    invoice: BillingInvoice
    period: Period
    rates: Rates
    is_credit: bool
    findings: list[Finding]
    detail_ids: DetailIds
    positions: list[PlanPosition]
    contract_facts: tuple[tuple[str, str], ...]
    native_ids: set[str] = field(default_factory=set)


def build_lines(page: AnswerPage, context: InvoiceContext) -> list[GenesysLine]:
    """Make a charge of each line of a page that can be one; what cannot is a finding of its invoice."""
    return [_build_line(item, context, f"{page.path}[{index}]") for index, item in enumerate(page.items)]


def _build_line(item: BillingInvoiceItem, context: InvoiceContext, path: str) -> GenesysLine:
    product = get_or(item.product, BillingProduct())
    service = get_or(product.name, "") or PLATFORM_NAME
    description = get_or(item.description, "") or service
    cost, quantity = lines.read_amount(item.amount), get_or(item.quantity, ZERO)
    if lines.find_amount(item.amount) is None:
        text = f"line {path} has no amount{describe_missing(item.amount)}"
        context.findings.append(make_finding(FindingCode.AMOUNT_MISSING, text, line=path))
    service_time = _find_service_time(item, context)
    line_category, is_correction = _classify_item(item, product, description, service_time, context)
    currency = read_currency(context.invoice.currency_iso_code)
    rate = lines.find_rate(service_time.start, context.rates.get((service, line_category.category, currency), ()))
    if line_category is classify.DEFAULT_CATEGORY:
        line_category, rate = _match_plan_rate(item, service, currency, service_time, context) or (line_category, rate)
    price = choose_price(cost, quantity, rate.price if rate else None)
    unit = classify.format_unit(get_or(item.unit_of_measure, "") or get_or(product.unit_of_measure, ""))
    sku = lines.price_sku(lines.sku_of(product, service), unit, line_category.category)
    organization = lines.read_organization(item.organization)
    subject = LineSubject(line_category, service, sku, organization)
    if (line_category.category, line_category.frequency) == ("Purchase", "Recurring") and cost >= 0:
        organization_ids = frozenset(organization[:1] if organization else ())
        subject = subject._replace(
            applied=format_applied(
                CommitmentShare(service, quantity, unit, *service_time, organization_ids), context.positions
            )
        )
    native_id = str(get_or(item.id, "")) or None
    detail_text = _format_details(item, product, line_category, rate, context)
    source = LineSource(path, native_id, _resolve_detail_id(native_id, item, context), detail_text, is_correction)
    return lines.build_line(subject, cost, price, quantity or price.quantity, description, service_time, source)


def _find_service_time(item: BillingInvoiceItem, context: InvoiceContext) -> Period:
    """Return the days of a line: its service, else the day of its transaction, else the invoice's period."""
    for text in (item.date_start, item.date_end, item.date_transacted):
        if get_or(text, "") and parse_day(text) is None:
            context.findings.append(make_finding(FindingCode.DATE_UNREADABLE, f"{text!r} is no day"))
    first_day, last_day = parse_day(item.date_start), parse_day(item.date_end)
    if first_day and last_day and first_day <= last_day:
        return close_period(first_day, last_day)
    single_day = first_day or last_day or parse_day(item.date_transacted)
    return Period(single_day, single_day + ONE_DAY) if single_day else context.period


def _classify_item(
    item: BillingInvoiceItem,
    product: BillingProduct,
    description: str,
    service_time: Period,
    context: InvoiceContext,
) -> tuple[LineCategory, bool]:
    """Judge a line, and tell whether it corrects a closed period: a refund keeps its category (FOCUS), a gift has none."""
    sku = get_or(product.sku, "")
    line_category = classify.classify_line(description, sku)
    if lines.read_amount(item.amount) >= 0 or line_category.category == "Tax":
        return line_category, False
    if context.is_credit and sku:
        issued_on = parse_day(context.invoice.date_invoiced)
        return line_category, issued_on is not None and service_time.end <= issued_on
    return classify.CREDIT_CATEGORY._replace(category=classify_reduction(description)), False


def _match_plan_rate(
    item: BillingInvoiceItem, service: str, currency: str, service_time: Period, context: InvoiceContext
) -> tuple[LineCategory, lines.PlanRate] | None:
    """Tell a position of the plan by its price, where its words say nothing."""
    rate = lines.find_rate(service_time.start, context.rates.get((service, "Purchase", currency), ()))
    quantity = get_or(item.quantity, ZERO)
    if rate and rate.price and quantity and exact_product(rate.price, quantity) == item.amount:
        return classify.PLAN_CATEGORY, rate
    return None


def _resolve_detail_id(native_id: str | None, item: BillingInvoiceItem, context: InvoiceContext) -> str:
    """Return the line's own id, which must be the only one of its kind on the invoice."""
    if native_id is None:
        return context.detail_ids.next_id(get_or(item.description, ""), item.date_start, item.date_end)
    if native_id in context.native_ids:
        text = f"line {native_id} is listed twice"
        context.findings.append(make_finding(FindingCode.LINE_REPEATED, text, line=native_id))
    context.native_ids.add(native_id)
    return native_id


def _format_details(
    item: BillingInvoiceItem,
    product: BillingProduct,
    line_category: LineCategory,
    rate: lines.PlanRate | None,
    context: InvoiceContext,
) -> str | None:
    invoice = context.invoice
    return lines.format_details(
        ("CategoryRule", line_category.rule),
        ("CustomerPoNumber", get_or(invoice.customer_po_number, "")),
        ("InvoiceType", get_or(invoice.customer_invoice_type, "")),
        ("ShipToCustomer", read_customer(invoice.ship_to_customer)[0]),
        ("SoldToCustomer", read_customer(invoice.sold_to_customer)[0]),
        ("DateTransacted", get_or(item.date_transacted, "")),
        ("ProductId", get_or(product.id, "")),
        ("UnitOfMeasure", get_or(item.unit_of_measure, "")),
        ("PlanItem", rate.item_number if rate else ""),
        ("DiscountAmount", rate.discount if rate else ""),
        *context.contract_facts,
    )
