"""An invoice or credit memo of Genesys Cloud as a bill: one charge a line, and what the lines do not say of its amount."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from billfold.model.bill import Bill, Charges, DetailIds, State, estimate_key
from billfold.model.focus import CostAndUsage
from billfold.model.money import EXACT_CONTEXT, ZERO, exact_product, exact_sum
from billfold.model.period import Month, Period
from billfold.model.pricing import build_adjustment, build_rounding, choose_price, rounding_tolerance
from billfold.providers.genesys.mapping import classify, lines
from billfold.providers.genesys.mapping.classify import Kind
from billfold.providers.genesys.mapping.commitments import Position, Share, applied, commitments, positions
from billfold.providers.genesys.mapping.credit_memos import is_credit_memo, unlike_credit
from billfold.providers.genesys.mapping.invoice_periods import DAY, Calendar, day, mark, name, spans
from billfold.providers.genesys.mapping.lines import PLATFORM, VENDOR, Line, Rates, What, When, Where
from billfold.providers.genesys.mapping.tax import is_tax
from billfold.providers.genesys.records import BillingContract, BillingInvoice, BillingInvoiceItem, BillingProduct
from billfold.wire.codec import get_or

NO_CURRENCY = "XXX"
NAMED = 5
"""Contracts that are named one by one."""

Overages = Mapping[tuple[str, Period], Decimal]
"""What was used beyond what was bought, by contract and period, out of the periods' own details."""


class Page(NamedTuple):
    """The lines of one answer, its number in the archive, and whether it was the last page."""

    items: Sequence[BillingInvoiceItem]
    seq: int
    last: bool


def items_of(pages: Iterable[Page]) -> list[BillingInvoiceItem]:
    """Return the lines of all pages."""
    return [item for page in pages for item in page.items]


class Listed(NamedTuple):
    """An invoice as it stands in the list: with the answer's number, its place there, and when it was read."""

    invoice: BillingInvoice
    seq: int
    path: str
    read_at: datetime


@dataclass
class _Context:
    """What is the same for all lines of an invoice."""

    invoice: BillingInvoice
    period: Period
    rates: Rates
    is_credit: bool
    problems: list[str]
    ids: DetailIds
    positions: list[Position]
    about: tuple[tuple[str, str], ...]
    seen: set[str] = field(default_factory=set)


def bill(listed: Listed, pages: Sequence[Page], calendar: Calendar, overages: Overages) -> Bill:
    """Make the bill of an invoice; whatever cannot be trusted about it becomes a problem, not an exception."""
    invoice = listed.invoice
    by, contracts = calendar.joined(invoice)
    period, problems = _period(listed, pages, calendar)
    problems += [*_problems(invoice, pages), *unlike_credit(invoice, items_of(pages))]
    common = _common(listed, period, contracts)
    ids = DetailIds(common.InvoiceId or "")
    known = positions(contracts)
    rates, is_credit = lines.rates(contracts), is_credit_memo(invoice)
    context = _Context(invoice, period, rates, is_credit, problems, ids, known, _about(by, contracts))
    made = [(page.seq, _lines(page, context)) for page in pages]
    batches = [Charges(common._replace(x_ArchiveSeq=seq), found) for seq, found in made if found]
    overage = overages.get((get_or(contracts[0].id, ""), period)) if len(contracts) == 1 else None
    all_lines = [one for _, found in made for one in found]
    beside = _missing(listed, all_lines, common, ids, overage)
    whole = bool(beside) or exact_sum(one.BilledCost for one in all_lines) == get_or(invoice.amount, None)
    used = {one.ChargePeriodStart for one in all_lines if one.ChargeCategory == "Usage"}
    ended = calendar.ended(invoice)
    if ended and (problems or not whole):  # it may bill more than was read
        used |= {one.start for one in (period, ended) if one.end <= ended.end}
    return Bill(
        state=State.ISSUED,
        invoice_id=common.InvoiceId,
        period=period,
        currency=common.BillingCurrency or NO_CURRENCY,
        total=get_or(invoice.amount, None),
        line_count=sum(len(found) for _, found in made),
        charges=[*batches, *beside],
        issuer=VENDOR,
        fingerprint=calendar.mark(invoice),
        issued_on=day(invoice.date_invoiced),
        due_on=_due(invoice),
        terms=get_or(invoice.payment_terms, None),
        purchase_order=get_or(invoice.customer_po_number, None),
        commitments=commitments(contracts, listed.read_at),
        problems=tuple(dict.fromkeys(problems)),
        replaces_estimates=() if is_credit else _settles(used, contracts, common) if contracts else None,
    )


def _settles(
    used: Collection[datetime | None], contracts: Iterable[BillingContract], common: CostAndUsage
) -> tuple[str, ...]:
    """Return the estimates that an invoice ends: of the periods in which it bills what was used from these times on.

    What is bought beforehand ends none: the use of its period is billed by another invoice.
    """
    return tuple(
        estimate_key(one, common.BillingCurrency or NO_CURRENCY, get_or(contract.id, ""))
        for contract in contracts
        for one in spans(contract)
        if any(start and one.start <= start < one.end for start in used)
    )


def _period(listed: Listed, pages: Sequence[Page], calendar: Calendar) -> tuple[Period, list[str]]:
    starts = [start for page in pages for item in page.items if (start := day(item.date_start))]
    found = calendar.billed(listed.invoice, min(starts, default=None))
    if found is None or day(listed.invoice.date_invoiced) is None:
        told = f"its date {get_or(listed.invoice.date_invoiced, None)!r} is no day"
        return found or Month.of(listed.read_at).period, [told]
    return found, []


def _problems(invoice: BillingInvoice, pages: Sequence[Page]) -> list[str]:
    checks = (
        (not get_or(invoice.id, ""), "the invoice has no id"),
        (not isinstance(invoice.amount, Decimal), "the invoice states no amount"),
        (not get_or(invoice.currency_iso_code, ""), "the invoice states no currency"),
        (not pages, "its lines were not read"),
        (bool(pages) and not pages[-1].last, "its lines were not read to their end"),
    )
    return [words for wrong, words in checks if wrong]


def _due(invoice: BillingInvoice) -> datetime | None:
    issued, terms = day(invoice.date_invoiced), get_or(invoice.payment_terms, "")
    net = re.fullmatch(r"\s*net\s*(\d{1,3})(\s*days)?\s*", terms, re.IGNORECASE)
    return issued + timedelta(days=int(net[1])) if issued and net else None


def _common(listed: Listed, period: Period, contracts: Iterable[BillingContract]) -> CostAndUsage:
    invoice = listed.invoice
    customer = name(invoice.bill_to_customer)
    if not customer[0]:
        customer = next((found for one in contracts if (found := name(one.bill_to_customer))[0]), ("", ""))
    currency = get_or(invoice.currency_iso_code, "") or NO_CURRENCY
    return lines.common(customer, period, currency, listed.seq)._replace(
        ChargePeriodStart=period.start,
        ChargePeriodEnd=period.end,
        InvoiceId=str(get_or(invoice.id, "")) or f"without id {mark(invoice)}",
    )


def _lines(page: Page, context: _Context) -> list[Line]:
    return [_line(item, context, f"$.entities[{index}]") for index, item in enumerate(page.items)]


def _line(item: BillingInvoiceItem, context: _Context, path: str) -> Line:
    product = get_or(item.product, BillingProduct())
    service = get_or(product.name, "") or PLATFORM
    description = get_or(item.description, "") or service
    cost, quantity = lines.money(item.amount), get_or(item.quantity, ZERO)
    if not isinstance(item.amount, Decimal):
        context.problems.append(f"line {path} has no amount")
    when = _when(item, context)
    kind, correction = _judged(item, product, description, when, context)
    currency = get_or(context.invoice.currency_iso_code, "")
    rate = lines.rate_on(when.start, context.rates.get((service, kind.category, currency), ()))
    if kind is classify.OTHER:
        kind, rate = _planned(item, service, currency, when, context) or (kind, rate)
    priced = choose_price(cost, quantity, rate.price if rate else None)
    unit = classify.unit(get_or(item.unit_of_measure, "") or get_or(product.unit_of_measure, ""))
    sku, organization = lines.sku_of(product, service), lines.organization(item.organization)
    what = What(kind, service, sku, lines.price_id(sku, kind.category, rate), unit, organization)
    if (kind.category, kind.frequency) == ("Purchase", "Recurring") and cost >= 0:
        whose = frozenset(organization[:1] if organization else ())
        what = what._replace(applied=applied(Share(service, quantity, unit, *when, whose), context.positions))
    native = str(get_or(item.id, "")) or None
    details = _details(item, product, kind, rate, context)
    where = Where(path, native, _detail(native, item, context), details, correction)
    return lines.line(what, cost, priced, quantity or priced.quantity, description, when, where)


def _when(item: BillingInvoiceItem, context: _Context) -> When:
    """Return the days of a line: its service, else the day of its transaction, else the invoice's period."""
    for text in (item.date_start, item.date_end, item.date_transacted):
        if get_or(text, "") and day(text) is None:
            context.problems.append(f"{text!r} is no day")
    start, last = day(item.date_start), day(item.date_end)
    if start and last and start <= last:
        return When(start, last + DAY)
    one = start or last or day(item.date_transacted)
    return When(one, one + DAY) if one else When(*context.period)


def _judged(
    item: BillingInvoiceItem, product: BillingProduct, description: str, when: When, context: _Context
) -> tuple[Kind, bool]:
    """Judge a line, and tell whether it corrects a closed period: a refund keeps its category (FOCUS), a gift has none."""
    sku = get_or(product.sku, "")
    kind = classify.kind(description, sku)
    if lines.money(item.amount) >= 0 or kind.category == "Tax":
        return kind, False
    if context.is_credit and sku:
        issued = day(context.invoice.date_invoiced)
        return kind, issued is not None and when.end <= issued
    return classify.CREDIT, False


def _planned(
    item: BillingInvoiceItem, service: str, currency: str, when: When, context: _Context
) -> tuple[Kind, lines.Rate] | None:
    """Tell a position of the plan by its price, where its words say nothing."""
    rate = lines.rate_on(when.start, context.rates.get((service, "Purchase", currency), ()))
    quantity = get_or(item.quantity, ZERO)
    if rate and rate.price and quantity and exact_product(rate.price, quantity) == item.amount:
        return classify.PLANNED, rate
    return None


def _detail(native: str | None, item: BillingInvoiceItem, context: _Context) -> str:
    """Return the line's own id, which must be the only one of its kind on the invoice."""
    if native is None:
        return context.ids.next_id(get_or(item.description, ""), item.date_start, item.date_end)
    if native in context.seen:
        context.problems.append(f"line {native} is listed twice")
    context.seen.add(native)
    return native


def _details(
    item: BillingInvoiceItem, product: BillingProduct, kind: Kind, rate: lines.Rate | None, context: _Context
) -> str | None:
    invoice = context.invoice
    return lines.details(
        ("CategoryRule", kind.rule),
        ("CustomerPoNumber", get_or(invoice.customer_po_number, "")),
        ("InvoiceType", get_or(invoice.customer_invoice_type, "")),
        ("ShipToCustomer", name(invoice.ship_to_customer)[0]),
        ("SoldToCustomer", name(invoice.sold_to_customer)[0]),
        ("DateTransacted", get_or(item.date_transacted, "")),
        ("ProductId", get_or(product.id, "")),
        ("UnitOfMeasure", get_or(item.unit_of_measure, "")),
        ("DiscountAmount", rate.discount if rate else ""),
        *context.about,
    )


def _about(by: str, contracts: Sequence[BillingContract]) -> tuple[tuple[str, str], ...]:
    """Say to which contracts an invoice was taken to belong, by what, and for whom they are."""
    numbers = [get_or(one.external_number, "") or get_or(one.id, "") for one in contracts]
    rest = f" and {len(numbers) - NAMED} others" if len(numbers) > NAMED else ""
    ends = {name(one.end_customer)[0] for one in contracts}
    return (
        ("ContractNumber", ", ".join(numbers[:NAMED]) + rest),
        ("ContractBy", by if numbers else ""),
        ("EndCustomer", ends.pop() if len(ends) == 1 else ""),
    )


def _missing(
    listed: Listed, made: Sequence[Line], common: CostAndUsage, ids: DetailIds, overage: Decimal | None
) -> list[Charges]:
    """Make the one flagged row for what the amount says beyond its lines: tax, or rounding; none where it is neither."""
    stated = get_or(listed.invoice.amount, None)
    if stated is None or not made:
        return []
    missing = EXACT_CONTEXT.subtract(stated, exact_sum(one.BilledCost for one in made))
    if is_tax(missing, made, overage):
        row = build_adjustment(common, missing, "Tax: the invoice's amount less the sum of its lines")
        row = row._replace(ChargeCategory="Tax")
    elif missing and abs(missing) <= rounding_tolerance(len(made)):
        row = build_rounding(common, missing, "the invoice's amount less the sum of its lines")
    else:
        return []
    row = row._replace(
        PricingCurrencyEffectiveCost=missing, InvoiceDetailId=ids.next_id(row.ChargeCategory, "residual")
    )
    return [Charges.of([row._replace(x_JsonPath=f"{listed.path}.amount")])]
