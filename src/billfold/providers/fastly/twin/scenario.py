"""An invented Fastly customer: the true bills of any month, as a function of seed and time.

Usage grows by the day and is billed in cents; a month is posted on the first of the next one, with what is only known
then: a discount by coupon, what is missing to the agreed minimum, sales tax.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import lru_cache
from typing import NamedTuple

from billfold.model.bill import Bill, Charges, State
from billfold.model.focus import CostAndUsage
from billfold.model.money import exact_sum
from billfold.model.period import Month
from billfold.providers.fastly.twin.catalog import (
    CHANGED_PACKAGES,
    DELIVERY,
    METERED_PRODUCTS,
    NETWORK,
    PACKAGES,
    MeteredProduct,
    Package,
)
from billfold.providers.restatements import restate_bill
from billfold.providers.twin_api import TwinAccount

CENT = Decimal("0.01")
_ROUNDING_CONTEXT = Context(prec=60, rounding=ROUND_HALF_EVEN)
PARENT_PAY, EURO = "parent-pay", "euro"
SPIKE, QUIET_MONTH, PLAN_CHANGE, UNPAID_INVOICE = "spike", "quiet-month", "plan-change", "unpaid-invoice"
"""Events: a month has three times the traffic, or so little that the minimum is not met; more packages from a month on, at
other prices; a month's invoice stays outstanding."""
COUPON_CODE = "PARTNER5"
MONTHS_BEFORE_TAX = 6
"""Months after which sales tax is charged."""
_ID_CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class ScenarioLine(NamedTuple):
    """A line of a bill as the story has it; ``tier_number`` counts the price steps of one product from 1."""

    description: str
    name: str
    product_group: str
    product_line: str
    region: str
    usage: str
    units: Decimal
    rate: Decimal
    amount: Decimal
    category: str
    frequency: str
    coupon: str = ""
    tier_number: int = 0
    tier_name: str = ""

    @property
    def is_traffic(self) -> bool:
        """Whether it is measured plain delivery: what v2 calls incurred, and shows by region."""
        return self.product_group == DELIVERY and bool(self.usage)


def round_amount(amount: Decimal, quantum: Decimal = CENT) -> Decimal:
    """Round half to even: an amount to cents, if nothing else is said."""
    # GUESS: how the vendor's biller rounds.
    return amount.quantize(quantum, context=_ROUNDING_CONTEXT)


def make_id(account: TwinAccount, *key_parts: object) -> str:
    """Return an id of 22 letters and digits, as the vendor makes them."""
    rng = account.random_for("id", *key_parts)
    return "".join(rng.choice(_ID_CHARACTERS) for _ in range(22))


@lru_cache(maxsize=64)
def customer_id_of(account: TwinAccount) -> str:
    """Return the customer's id."""
    return make_id(account, "customer")


@lru_cache(maxsize=4096)
def invoice_id_of(account: TwinAccount, month: Month) -> str:
    """Return the id of a month's invoice: digits, growing from month to month."""
    base_number = 4_000_000 + account.random_for("invoices").randint(0, 400_000) * 10 + account.seed_number * 10_000_000
    month_index = (month.year - 2000) * 12 + month.number
    return str(base_number + month_index * 1313 + account.random_for("invoice", month).randint(1, 1000))


def currency_of(account: TwinAccount, *, is_posted: bool = True) -> str:
    """Return the currency of a customer's invoices; a month to date is always in US dollars."""
    return "EUR" if is_posted and account.account_type == EURO else "USD"


def estimate_id_of(account: TwinAccount, month: Month) -> str:
    """Return the id of a month to date: letters and digits, where an invoice has digits only."""
    return make_id(account, "month to date", month)


@lru_cache(maxsize=64)
def compute_minimum(account: TwinAccount) -> Decimal:
    """Return the agreed minimum of a month's delivery: about three quarters of an ordinary one, in full hundreds."""
    delivery_products = [product for product in METERED_PRODUCTS if product.is_delivery]
    ordinary_cost = exact_sum(
        [line.amount for product in delivery_products for line in _make_usage_lines(product, product.daily_units * 30)]
    )
    return round_amount(ordinary_cost * 3 / 400, Decimal(1)) * 100


def is_quiet(account: TwinAccount, month: Month) -> bool:
    """Tell whether little was going on in a month: every sixth one, or as the account's story has it."""
    if account.events:
        return account.has_event(QUIET_MONTH, month)
    return (month.year * 12 + month.number + account.random_for("quiet").randint(0, 5)) % 6 == 0


def is_discounted(account: TwinAccount, month: Month) -> bool:
    """Tell whether a coupon was redeemed in a month: every third one."""
    return (month.year * 12 + month.number + account.random_for("discount").randint(0, 2)) % 3 == 0


@lru_cache(maxsize=1024)
def make_lines(account: TwinAccount, month: Month, until: datetime) -> tuple[ScenarioLine, ...]:
    """Return the lines of a month as they stand at a midnight, restated where the account's story has it."""
    lines = _make_original_lines(account, month, until)
    if account.restatement is None or account.restatement[1] != month:
        return lines
    lines_by_description = {line.description: line for line in lines}
    rows = [
        row
        for charges in restate_bill(account, make_bill(account, month, until)).charges
        for row in charges.iter_rows()
    ]
    return tuple(
        lines_by_description[row.ChargeDescription or ""]._replace(amount=row.BilledCost or CENT * 0) for row in rows
    )


@lru_cache(maxsize=1024)
def _make_original_lines(account: TwinAccount, month: Month, until: datetime) -> tuple[ScenarioLine, ...]:
    """Make the lines of a month; the whole month's end brings what comes last."""
    days = (until - month.start) // timedelta(days=1)
    if not days:
        return ()
    usage_lines = [
        line
        for product in METERED_PRODUCTS
        for line in _make_usage_lines(product, _draw_units(account, product, month, days))
    ]
    package_lines = [
        line
        for package in (CHANGED_PACKAGES if account.is_after(PLAN_CHANGE, month) else PACKAGES)
        for line in _make_package_lines(package, is_first_month=month == account.first_month)
    ]
    return (
        *usage_lines,
        *package_lines,
        *(_make_closing_lines(account, month, [*usage_lines, *package_lines]) if until >= month.end else ()),
    )


def _draw_units(account: TwinAccount, product: MeteredProduct, month: Month, days: int) -> Decimal:
    swing = account.random_for("swing", product.name, month).randint(85, 115)
    level = 300 if account.has_event(SPIKE, month) else 45 if is_quiet(account, month) else 100
    quantum = Decimal("0.0001") if product.usage == "Requests" else Decimal("0.001")
    return round_amount(product.daily_units * days * swing * level / 10_000, quantum)


def _make_usage_lines(product: MeteredProduct, units: Decimal) -> Iterator[ScenarioLine]:
    remaining_units = units
    for tier_number, price_tier in enumerate(product.price_tiers, 1):
        tier_units = remaining_units if price_tier.units is None else min(remaining_units, Decimal(price_tier.units))
        if tier_units <= 0:
            return
        yield ScenarioLine(
            description=f"{product.name} ({price_tier.name})" if price_tier.name else product.name,
            name=product.name,
            product_group=product.product_group,
            product_line=product.product_line,
            region=product.region,
            usage=product.usage,
            units=tier_units,
            rate=price_tier.price,
            amount=round_amount(tier_units * price_tier.price),
            category="Usage",
            frequency="Usage-Based",
            tier_number=tier_number,
            tier_name=price_tier.name or f"Per unit of {product.usage.lower()}",
        )
        remaining_units -= tier_units


def _make_package_lines(package: Package, *, is_first_month: bool) -> Iterator[ScenarioLine]:
    for fee_name, price, frequency in (("recurring", package.price, "Recurring"), ("setup", package.setup, "One-Time")):
        if price and (fee_name == "recurring" or is_first_month):
            yield ScenarioLine(
                description=f"{package.name} ({fee_name})",
                name=package.name,
                product_group=package.product_group,
                product_line=package.product_line,
                region="",
                usage="",
                units=Decimal(package.units),
                rate=price,
                amount=round_amount(package.units * price),
                category="Purchase",
                frequency=frequency,
            )


def _make_closing_lines(
    account: TwinAccount, month: Month, earlier_lines: list[ScenarioLine]
) -> Iterator[ScenarioLine]:
    """Yield what a month's end brings: the shortfall of its delivery, the discount on all before it, the tax.

    NOTE: v2 states its sums so: the minimum is for bandwidth and requests, the discount is a rate of what comes before it,
    and that includes the tax.
    """
    traffic_cost = exact_sum(line.amount for line in earlier_lines if line.is_traffic)
    subtotal = exact_sum(line.amount for line in earlier_lines)
    tax = (
        round_amount(subtotal * 6 / 100)
        if month > account.first_month.add_months(MONTHS_BEFORE_TAX - 1)
        else Decimal(0)
    )
    if shortfall := max(compute_minimum(account) - traffic_cost, Decimal(0)):
        yield _make_flat_line("Commit Shortfall", DELIVERY, shortfall, "Purchase", "Recurring")
    if is_discounted(account, month):
        discount = -round_amount((subtotal + tax) / 20)  # GUESS: credits are negative
        yield _make_flat_line("Discount 5%", DELIVERY, discount, "Adjustment", "One-Time")._replace(coupon=COUPON_CODE)
    if tax:
        # GUESS: a tax is a line whose product group and product line are "Taxes"; it is on what comes before the discount.
        yield _make_flat_line("Sales Tax", "Taxes", tax, "Tax", "One-Time")._replace(product_line="Taxes")


def _make_flat_line(name: str, product_group: str, amount: Decimal, category: str, frequency: str) -> ScenarioLine:
    return ScenarioLine(name, name, product_group, NETWORK, "", "", Decimal(1), amount, amount, category, frequency)


def list_bills(account: TwinAccount, now: datetime) -> Iterator[Bill]:
    """Yield the customer's true bills at a time: posted months, then the running one where there is an estimate of it."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    for month in account.first_month.iter_until(Month.of(now)):
        if midnight >= month.end or account.account_type != PARENT_PAY:
            yield restate_bill(account, make_bill(account, month, min(midnight, month.end)))


@lru_cache(maxsize=512)
def _make_rows(account: TwinAccount, month: Month, until: datetime) -> tuple[CostAndUsage, ...]:
    common = CostAndUsage(
        BillingAccountId=customer_id_of(account),
        BillingCurrency=currency_of(account, is_posted=until >= month.end),
        BillingPeriodEnd=month.end,
        BillingPeriodStart=month.start,
        ChargePeriodEnd=month.end,
        ChargePeriodStart=month.start,
        HostProviderName="Fastly",
        InvoiceId=invoice_id_of(account, month) if until >= month.end else None,
        InvoiceIssuerName="Fastly",
        PricingCurrency=currency_of(account, is_posted=until >= month.end),
        ServiceProviderName="Fastly",
    )
    return tuple(_make_row(common, line) for line in _make_original_lines(account, month, until))


def _make_row(common: CostAndUsage, line: ScenarioLine) -> CostAndUsage:
    has_quantity = line.category in {"Usage", "Purchase"}
    return common._replace(
        BilledCost=line.amount,
        ChargeCategory=line.category,
        ChargeDescription=line.description,
        ChargeFrequency=line.frequency,
        ConsumedQuantity=line.units if line.category == "Usage" else None,
        ContractedCost=line.amount,
        EffectiveCost=line.amount,
        ListCost=line.amount,
        PricingQuantity=line.units if has_quantity else None,
        RegionName=line.region or None,
        ServiceName=line.product_group,
        SkuMeter=(line.usage or line.name) if has_quantity else None,
    )


def make_bill(account: TwinAccount, month: Month, until: datetime) -> Bill:
    """Return the true bill of a month as it stands at a midnight, as it was first told."""
    rows = _make_rows(account, month, until)
    is_posted = until >= month.end
    return Bill(
        state=State.ISSUED if is_posted else State.ESTIMATE,
        invoice_id=invoice_id_of(account, month) if is_posted else None,
        period=month.period,
        currency=currency_of(account, is_posted=is_posted),
        total=exact_sum(row.BilledCost for row in rows if row.BilledCost is not None),
        line_count=len(rows),
        charges=[Charges.of(rows)],
        issuer="Fastly",
        issued_on=month.end if is_posted else None,
    )
