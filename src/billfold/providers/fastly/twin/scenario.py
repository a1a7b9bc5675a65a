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
from billfold.providers.fastly.twin.catalog import DELIVERY, MEASURED, NETWORK, PACKAGES, Package, Product
from billfold.providers.restatements import retold
from billfold.providers.twin_api import Account

CENT = Decimal("0.01")
_ROUNDING = Context(prec=60, rounding=ROUND_HALF_EVEN)
PARENT_PAY = "parent-pay"
COUPON = "PARTNER5"
TAXED_AFTER = 6
"""Months after which sales tax is charged."""
_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class Entry(NamedTuple):
    """A line of a bill as the story has it; ``tier`` counts the price steps of one product from 1."""

    description: str
    name: str
    group: str
    line: str
    region: str
    usage: str
    units: Decimal
    rate: Decimal
    amount: Decimal
    category: str
    frequency: str
    coupon: str = ""
    tier: int = 0
    step: str = ""

    @property
    def traffic(self) -> bool:
        """Whether it is measured plain delivery: what v2 calls incurred, and shows by region."""
        return self.group == DELIVERY and bool(self.usage)


def rounded(amount: Decimal, places: Decimal = CENT) -> Decimal:
    """Round half to even: an amount to cents, if nothing else is said."""
    # GUESS: how the vendor's biller rounds.
    return amount.quantize(places, context=_ROUNDING)


def named(account: Account, *about: object) -> str:
    """Return an id of 22 letters and digits, as the vendor makes them."""
    dice = account.dice("id", *about)
    return "".join(dice.choice(_LETTERS) for _ in range(22))


@lru_cache(maxsize=64)
def customer(account: Account) -> str:
    """Return the customer's id."""
    return named(account, "customer")


@lru_cache(maxsize=4096)
def invoice_id(account: Account, month: Month) -> str:
    """Return the id of a month's invoice: digits, growing from month to month."""
    first = 4_000_000 + account.dice("invoices").randint(0, 400_000) * 10
    index = (month.year - 2000) * 12 + month.number
    return str(first + index * 1313 + account.dice("invoice", month).randint(1, 1000))


def estimate_id(account: Account, month: Month) -> str:
    """Return the id of a month to date: letters and digits, where an invoice has digits only."""
    return named(account, "month to date", month)


@lru_cache(maxsize=64)
def minimum(account: Account) -> Decimal:
    """Return the agreed minimum of a month's delivery: about three quarters of an ordinary one, in full hundreds."""
    delivery = [product for product in MEASURED if product.traffic]
    ordinary = exact_sum([entry.amount for product in delivery for entry in _used(product, product.a_day * 30)])
    return rounded(ordinary * 3 / 400, Decimal(1)) * 100


def is_quiet(account: Account, month: Month) -> bool:
    """Tell whether little was going on in a month: every sixth one."""
    return (month.year * 12 + month.number + account.dice("quiet").randint(0, 5)) % 6 == 0


def is_discounted(account: Account, month: Month) -> bool:
    """Tell whether a coupon was redeemed in a month: every third one."""
    return (month.year * 12 + month.number + account.dice("discount").randint(0, 2)) % 3 == 0


@lru_cache(maxsize=1024)
def entries(account: Account, month: Month, until: datetime) -> tuple[Entry, ...]:
    """Return the lines of a month as they stand at a midnight, restated where the account's story has it."""
    made = _entries(account, month, until)
    if account.story is None or account.story[1] != month:
        return made
    known = {entry.description: entry for entry in made}
    rows = [row for charges in retold(account, bill(account, month, until)).charges for row in charges.rows()]
    return tuple(known[row.ChargeDescription or ""]._replace(amount=row.BilledCost or CENT * 0) for row in rows)


@lru_cache(maxsize=1024)
def _entries(account: Account, month: Month, until: datetime) -> tuple[Entry, ...]:
    """Make the lines of a month; the whole month's end brings what comes last."""
    days = (until - month.start) // timedelta(days=1)
    if not days:
        return ()
    used = [entry for product in MEASURED for entry in _used(product, _units(account, product, month, days))]
    bought = [entry for package in PACKAGES for entry in _bought(package, first=month == account.first_month)]
    return (*used, *bought, *(_closing(account, month, [*used, *bought]) if until >= month.end else ()))


def _units(account: Account, product: Product, month: Month, days: int) -> Decimal:
    swing = account.dice("swing", product.name, month).randint(85, 115)
    level = 45 if is_quiet(account, month) else 100
    places = Decimal("0.0001") if product.usage == "Requests" else Decimal("0.001")
    return rounded(product.a_day * days * swing * level / 10_000, places)


def _used(product: Product, units: Decimal) -> Iterator[Entry]:
    left = units
    for tier, step in enumerate(product.steps, 1):
        part = left if step.units is None else min(left, Decimal(step.units))
        if part <= 0:
            return
        yield Entry(
            description=f"{product.name} ({step.name})" if step.name else product.name,
            name=product.name,
            group=product.group,
            line=product.line,
            region=product.region,
            usage=product.usage,
            units=part,
            rate=step.price,
            amount=rounded(part * step.price),
            category="Usage",
            frequency="Usage-Based",
            tier=tier,
            step=step.name or f"Per unit of {product.usage.lower()}",
        )
        left -= part


def _bought(package: Package, *, first: bool) -> Iterator[Entry]:
    for kind, price, frequency in (("recurring", package.price, "Recurring"), ("setup", package.setup, "One-Time")):
        if price and (kind == "recurring" or first):
            yield Entry(
                description=f"{package.name} ({kind})",
                name=package.name,
                group=package.group,
                line=package.line,
                region="",
                usage="",
                units=Decimal(package.units),
                rate=price,
                amount=rounded(package.units * price),
                category="Purchase",
                frequency=frequency,
            )


def _closing(account: Account, month: Month, so_far: list[Entry]) -> Iterator[Entry]:
    """Yield what a month's end brings: the shortfall of its delivery, the discount on all before it, the tax.

    NOTE: v2 states its sums so: the minimum is for bandwidth and requests, the discount is a rate of what comes before it,
    and that includes the tax.
    """
    delivered = exact_sum(entry.amount for entry in so_far if entry.traffic)
    before = exact_sum(entry.amount for entry in so_far)
    due = rounded(before * 6 / 100) if month > account.first_month.plus(TAXED_AFTER - 1) else Decimal(0)
    if short := max(minimum(account) - delivered, Decimal(0)):
        yield _flat("Commit Shortfall", DELIVERY, short, "Purchase", "Recurring")
    if is_discounted(account, month):
        off = -rounded((before + due) / 20)  # GUESS: credits are negative
        yield _flat("Discount 5%", DELIVERY, off, "Credit", "One-Time")._replace(coupon=COUPON)
    if due:
        # GUESS: a tax is a line whose product group and product line are "Taxes"; it is on what comes before the discount.
        yield _flat("Sales Tax", "Taxes", due, "Tax", "One-Time")._replace(line="Taxes")


def _flat(name: str, group: str, amount: Decimal, category: str, frequency: str) -> Entry:
    return Entry(name, name, group, NETWORK, "", "", Decimal(1), amount, amount, category, frequency)


def bills(account: Account, now: datetime) -> Iterator[Bill]:
    """Yield the customer's true bills at a time: posted months, then the running one where there is an estimate of it."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    for month in account.first_month.until(Month.of(now)):
        if midnight >= month.end or account.kind != PARENT_PAY:
            yield retold(account, bill(account, month, min(midnight, month.end)))


@lru_cache(maxsize=512)
def _rows(account: Account, month: Month, until: datetime) -> tuple[CostAndUsage, ...]:
    common = CostAndUsage(
        BillingAccountId=customer(account),
        BillingCurrency="USD",
        BillingPeriodEnd=month.end,
        BillingPeriodStart=month.start,
        ChargePeriodEnd=month.end,
        ChargePeriodStart=month.start,
        HostProviderName="Fastly",
        InvoiceId=invoice_id(account, month) if until >= month.end else None,
        InvoiceIssuerName="Fastly",
        PricingCurrency="USD",
        ServiceProviderName="Fastly",
    )
    return tuple(_row(common, entry) for entry in _entries(account, month, until))


def _row(common: CostAndUsage, entry: Entry) -> CostAndUsage:
    priced = entry.category in {"Usage", "Purchase"}
    return common._replace(
        BilledCost=entry.amount,
        ChargeCategory=entry.category,
        ChargeDescription=entry.description,
        ChargeFrequency=entry.frequency,
        ConsumedQuantity=entry.units if entry.category == "Usage" else None,
        ContractedCost=entry.amount,
        EffectiveCost=entry.amount,
        ListCost=entry.amount,
        PricingQuantity=entry.units if priced else None,
        RegionName=entry.region or None,
        ServiceName=entry.group,
        SkuMeter=(entry.usage or entry.name) if priced else None,
    )


def bill(account: Account, month: Month, until: datetime) -> Bill:
    """Return the true bill of a month as it stands at a midnight, as it was first told."""
    rows = _rows(account, month, until)
    posted = until >= month.end
    return Bill(
        state=State.ISSUED if posted else State.ESTIMATE,
        invoice_id=invoice_id(account, month) if posted else None,
        period=month.period,
        currency="USD",
        total=exact_sum(row.BilledCost for row in rows if row.BilledCost is not None),
        listed=len(rows),
        charges=[Charges.of(rows)],
        issuer="Fastly",
        issued_on=month.end if posted else None,
    )
