"""CockroachDB Cloud's invoices as FOCUS charges.

One charge per line item and one per adjustment; totals and balances are checks, never charges. The judgement calls are
in this folder's README.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import cache
from typing import Any, NamedTuple

from billfold.model.bill import Bill, Charges, DetailIds, State
from billfold.model.focus import CostAndUsage
from billfold.model.money import ZERO, exact_sum
from billfold.model.period import Month, Period, instant
from billfold.model.pricing import adjustment, price, residual
from billfold.providers.cockroach.api import GetInvoice, GetOrganization, ListInvoices
from billfold.providers.cockroach.records import Cluster, CurrencyAmount, Invoice, InvoiceItem, LineItem, Organization
from billfold.providers.provider import Answer, Listing, Reading
from billfold.wire.codec import Maybe, given
from billfold.wire.operation import read

ISSUER = "Cockroach Labs"
CREDITS = "CRDB_CLOUD_CREDITS"
UNITS = {
    "HOURS": "Hours",
    "REQUEST_UNITS": "Request Units",
    "GIB": "GiB",
    "GIB_HOURS": "GiB-Hours",
    "VCPU_HOURS": "vCPU-Hours",
}
PLANS = {"DEDICATED": "ADVANCED", "SERVERLESS": "BASIC"}
HOSTS = {"GCP": "Google Cloud", "AWS": "Amazon Web Services", "AZURE": "Microsoft Azure"}
_DOUBLE = Context(prec=15, rounding=ROUND_HALF_EVEN)
_FINEST = Decimal("1E-12")


def wiped(number: Maybe[Decimal]) -> Decimal:
    """Wipe off float dust: a decimal sent as a 64-bit float is known to 15 significant digits; billfold keeps 12 decimals.

    Absent and null count as zero, as the vendor's own reader has it.
    """
    value = given(number, ZERO)
    if len(value.as_tuple().digits) > 15:
        value = value.normalize(_DOUBLE)
    return value if value.as_tuple().exponent >= -12 else value.quantize(_FINEST)  # type: ignore[operator]


class Line(NamedTuple):
    """The columns that vary from line to line."""

    BilledCost: Decimal
    ChargeCategory: str
    ChargeDescription: str | None
    ChargeFrequency: str
    ConsumedQuantity: Decimal | None
    ConsumedUnit: str | None
    ContractedCost: Decimal
    ContractedUnitPrice: Decimal | None
    EffectiveCost: Decimal
    HostProviderName: str | None
    InvoiceDetailId: str
    ListCost: Decimal
    ListUnitPrice: Decimal | None
    PricingCategory: str | None
    PricingCurrencyContractedUnitPrice: Decimal | None
    PricingCurrencyEffectiveCost: Decimal
    PricingCurrencyListUnitPrice: Decimal | None
    PricingQuantity: Decimal | None
    PricingUnit: str | None
    RegionId: str | None
    RegionName: str | None
    ResourceId: str | None
    ResourceName: str | None
    ResourceType: str | None
    ServiceName: str
    SkuId: str | None
    SkuMeter: str | None
    SkuPriceId: str | None
    SubAccountId: str | None
    SubAccountName: str | None
    SubAccountType: str | None
    Tags: str | None
    x_Details: str | None
    x_JsonPath: str
    x_ListedUnitPrice: Decimal | None


def bills(reading: Reading) -> Iterator[Bill]:
    """Yield a bill per invoice and currency; an invoice asked for by itself counts like a listed one."""
    organization = _organization(reading)
    for answer in reading.answers(ListInvoices):
        for index, invoice in enumerate(answer.op.items(read(answer.op, answer.response))):  # type: ignore[attr-defined]
            yield from _guarded(invoice, organization, reading, answer, f"$.invoices[{index}]")
    for answer in reading.answers(GetInvoice):
        yield from _guarded(read(answer.op, answer.response), organization, reading, answer, "$")


def _guarded(
    invoice: Invoice, organization: Organization, reading: Reading, answer: Answer, path: str
) -> Iterator[Bill]:
    """Yield an invoice's bills; one whose numbers cannot be reckoned with is parked, and the others are not lost."""
    try:
        made = list(_of_invoice(invoice, organization, reading, answer, path))
    except ArithmeticError as error:
        bare = Invoice(
            invoice_id=invoice.invoice_id,
            status=invoice.status,
            period_start=invoice.period_start,
            period_end=invoice.period_end,
        )
        words = f"its numbers cannot be reckoned with ({type(error).__name__})"
        made = list(_of_invoice(bare, organization, reading, answer, path))
        made = [bill._replace(problems=(words, *bill.problems)) for bill in made]
    yield from made


def identity(reading: Reading) -> str | None:
    """Return the organization's id, where the key may read it."""
    return given(_organization(reading).id, None)


def listing(reading: Reading) -> Listing | None:
    """Say which invoices were listed, and since when the list reaches."""
    found = None
    for answer in reading.answers(ListInvoices, status=None):
        op, page = answer.op, read(answer.op, answer.response)
        assert isinstance(op, ListInvoices)
        ids = frozenset(given(invoice.invoice_id, "") for invoice in given(page.invoices, []))
        found = Listing(ids, op.ended(page), op.start_time)
    return found


def _organization(reading: Reading) -> Organization:
    return next((read(a.op, a.response) for a in reading.answers(GetOrganization)), Organization())


def _of_invoice(
    invoice: Invoice, organization: Organization, reading: Reading, answer: Answer, path: str
) -> Iterator[Bill]:
    stated = {_currency(total): wiped(total.amount) for total in given(invoice.totals, [])}
    lines = list(_lines(invoice, path))
    problems = _problems(invoice)
    for currency in sorted({*stated, *(currency for currency, _ in lines)} or {"USD"}):
        common = _common(invoice, organization, reading, currency, answer.fetched_at)._replace(x_ArchiveSeq=answer.seq)
        mine = [line for spoken, line in lines if spoken == currency]
        yield Bill(
            state=State.DRAFT if invoice.status == "DRAFT" else State.ISSUED,
            invoice_id=given(invoice.invoice_id, None),
            period=Period(common.BillingPeriodStart, common.BillingPeriodEnd),  # type: ignore[arg-type]
            currency=currency,
            total=stated.get(currency),
            listed=len(mine),
            charges=_charges(common, mine, stated.get(currency), path),
            issuer=ISSUER,
            issued_on=common.BillingPeriodEnd if invoice.status != "DRAFT" else None,
            problems=problems,
        )


def _problems(invoice: Invoice) -> tuple[str, ...]:
    unknown = given(invoice.status, "FINALIZED") not in {"FINALIZED", "DRAFT"}
    found = [f"status {invoice.status!r} is not known: counted as issued"] if unknown else []
    found += [] if given(invoice.invoice_id, "") else ["the invoice has no id"]
    found += [] if given(invoice.status, "") else ["the invoice says no status"]
    found += [] if given(invoice.totals, []) else ["the invoice states no total"]
    found += [] if _period(invoice) else [f"its period {invoice.period_start} to {invoice.period_end} is none"]
    return tuple(found)


def _charges(common: CostAndUsage, lines: list[Line], stated: Decimal | None, path: str) -> Iterator[Charges]:
    if lines:
        yield Charges(common, lines)
    summed = exact_sum(line.PricingCurrencyEffectiveCost for line in lines)
    missing = residual(stated, summed, len(lines)) if stated is not None else None
    if missing:
        detail = DetailIds(common.InvoiceId or "").next("rounding", common.PricingCurrency)
        row = adjustment(common, missing, "the invoice's total less the sum of its lines")
        row = row._replace(PricingCurrencyEffectiveCost=missing, InvoiceDetailId=detail, x_JsonPath=f"{path}.totals")
        yield Charges.of([_unbilled(row) if common.PricingCurrency == CREDITS else row])


def _unbilled(row: CostAndUsage) -> CostAndUsage:
    return row._replace(BilledCost=ZERO, EffectiveCost=ZERO, ListCost=ZERO, ContractedCost=ZERO)


def _currency(amount: CurrencyAmount) -> str:
    return given(amount.currency, "") or "USD"


def _common(
    invoice: Invoice, organization: Organization, reading: Reading, currency: str, fetched_at: datetime
) -> CostAndUsage:
    start, end = _period(invoice) or Month.of(fetched_at).period
    folders = given(invoice.folder_resources, [])
    owner = given(organization.id, "") or next((o for f in folders if (o := given(f.organization_id, ""))), "")
    return CostAndUsage(
        BillingAccountId=owner or reading.account,
        BillingAccountName=given(organization.name, "") or reading.account,
        BillingAccountType="Organization",
        BillingCurrency="USD",
        BillingPeriodStart=start,
        BillingPeriodEnd=end,
        ChargePeriodStart=start,
        ChargePeriodEnd=end,
        InvoiceId=given(invoice.invoice_id, None),
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
        period = Period(instant(given(invoice.period_start, "")), instant(given(invoice.period_end, "")))
    except ValueError:
        return None
    return period if period.start < period.end else None


def _lines(invoice: Invoice, path: str) -> Iterator[tuple[str, Line]]:
    names = _names(invoice)
    ids = DetailIds(given(invoice.invoice_id, ""))
    for i, item in enumerate(given(invoice.invoice_items, [])):
        about = _of_cluster(item, names)
        for j, line in enumerate(given(item.line_items, [])):
            total = given(line.total, CurrencyAmount())
            detail = ids.next(about.get("ResourceId"), line.description)
            where = f"{path}.invoice_items[{i}].line_items[{j}]"
            yield _currency(total), _usage(line, total, about, detail, where)
    for k, extra in enumerate(given(invoice.adjustments, [])):
        amount = given(extra.amount, CurrencyAmount())
        detail = ids.next(None, extra.name)
        yield _currency(amount), _adjusting(given(extra.name, ""), amount, detail, f"{path}.adjustments[{k}]")


def _names(invoice: Invoice) -> dict[str, str]:
    """Return the names of folders by their ids: each is named by itself, or in the path of what lies in it."""
    found: dict[str, str] = {}
    for one in given(invoice.folder_resources, []):
        found |= {given(step.id, ""): given(step.name, "") for step in given(one.path, [])}
    own = {given(one.resource_id, ""): given(one.name, "") for one in given(invoice.folder_resources, [])}
    return found | {key: name for key, name in own.items() if name}


def _of_cluster(item: InvoiceItem, folders: dict[str, str]) -> dict[str, Any]:
    cluster = given(item.cluster, Cluster())
    regions = [given(region.name, "") for region in given(cluster.regions, [])]
    cloud, folder = given(cluster.cloud_provider, ""), given(cluster.parent_id, "root") or "root"
    plan = PLANS.get(given(cluster.plan, ""), given(cluster.plan, ""))
    one = regions[0] if len(regions) == 1 else None
    sub = folder if folder != "root" else None
    labels = given(cluster.labels, {})
    return {
        "HostProviderName": HOSTS.get(cloud, cloud) or ISSUER,
        "RegionId": one,
        "RegionName": one,
        "ResourceId": given(cluster.id, None),
        "ResourceName": given(cluster.name, None),
        "ResourceType": "Cluster" if given(cluster.id, None) else None,
        "ServiceName": f"CockroachDB {plan.capitalize()}" if plan else "CockroachDB Cloud",
        "SubAccountId": sub,
        "SubAccountName": (folders.get(folder) or folder) if sub else None,
        "SubAccountType": "Folder" if sub else None,
        "Tags": json.dumps(labels, sort_keys=True) if labels else None,
        "x_Details": json.dumps({"CloudProvider": cloud, "Plan": plan, "Regions": ",".join(regions)}),
    }


@cache
def _sku(service: str, host: str, description: str) -> str:
    return "/".join(re.sub(r"[^a-z0-9]+", "-", word.lower()).strip("-") for word in (service, host, description))


def _usage(line: LineItem, total: CurrencyAmount, about: dict[str, Any], detail: str, path: str) -> Line:
    amount, quantity, rate = wiped(total.amount), given(line.quantity, ZERO), given(line.unit_cost, None)
    paid = ZERO if _currency(total) == CREDITS else amount
    virtual, billed = price(amount, quantity, rate), price(paid, quantity, rate)
    unit = given(line.quantity_unit, "")
    sku = _sku(about["ServiceName"], about["HostProviderName"], given(line.description, ""))
    return Line(
        BilledCost=paid,
        ChargeCategory="Usage",
        ChargeDescription=given(line.description, None),
        ChargeFrequency="Usage-Based",
        ConsumedQuantity=billed.quantity,
        ConsumedUnit=UNITS.get(unit, unit) or "Units",
        ContractedCost=paid,
        ContractedUnitPrice=billed.unit,
        EffectiveCost=paid,
        InvoiceDetailId=detail,
        ListCost=paid,
        ListUnitPrice=billed.unit,
        PricingCategory="Standard",
        PricingCurrencyContractedUnitPrice=virtual.unit,
        PricingCurrencyEffectiveCost=amount,
        PricingCurrencyListUnitPrice=virtual.unit,
        PricingQuantity=billed.quantity,
        PricingUnit=UNITS.get(unit, unit) or "Units",
        SkuId=sku,
        SkuMeter=given(line.description, None),
        SkuPriceId=f"{sku}@{rate}",
        x_JsonPath=path,
        x_ListedUnitPrice=virtual.listed,
        **about,
    )


def _adjusting(name: str, amount: CurrencyAmount, detail: str, path: str) -> Line:
    money = wiped(amount.amount)
    paid = ZERO if _currency(amount) == CREDITS else money
    category = _category(name, money)
    bought = category == "Purchase"
    sku = _sku("CockroachDB Cloud", ISSUER, name) if bought else None
    return Line(
        BilledCost=paid,
        ChargeCategory=category,
        ChargeDescription=name or None,
        ChargeFrequency="Recurring" if bought else "One-Time",
        ConsumedQuantity=None,
        ConsumedUnit=None,
        ContractedCost=paid,
        ContractedUnitPrice=paid if bought else None,
        EffectiveCost=paid,
        HostProviderName=ISSUER,
        InvoiceDetailId=detail,
        ListCost=paid,
        ListUnitPrice=paid if bought else None,
        PricingCategory="Standard" if bought else None,
        PricingCurrencyContractedUnitPrice=money if bought else None,
        PricingCurrencyEffectiveCost=money,
        PricingCurrencyListUnitPrice=money if bought else None,
        PricingQuantity=Decimal(1) if bought else None,
        PricingUnit="Units" if bought else None,
        RegionId=None,
        RegionName=None,
        ResourceId=None,
        ResourceName=None,
        ResourceType=None,
        ServiceName="CockroachDB Cloud",
        SkuId=sku,
        SkuMeter=name if bought else None,
        SkuPriceId=f"{sku}@{money}" if bought else None,
        SubAccountId=None,
        SubAccountName=None,
        SubAccountType=None,
        Tags=None,
        x_Details=None,
        x_JsonPath=path,
        x_ListedUnitPrice=None,
    )


def _category(name: str, amount: Decimal) -> str:
    if re.search(r"\btax\b|\bvat\b|\bgst\b", name, re.IGNORECASE):
        return "Tax"
    if amount < 0:
        return "Credit"
    return "Purchase" if re.search(r"support", name, re.IGNORECASE) else "Adjustment"
