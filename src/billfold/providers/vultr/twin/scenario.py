"""An invented Vultr account: the true bills of any month, its payments and its balance, as a function of seed and time.

A month is billed on the 1st of the next one, some seconds after 00:30 UTC. Until then its charges are still pending;
from then on those of the new month are, which begin with the first midnight.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from billfold.model.bill import Bill, Charges, State
from billfold.model.focus import CostAndUsage
from billfold.model.money import EXACT_CONTEXT, ZERO
from billfold.model.period import Month, Period
from billfold.providers.twin_api import TwinAccount
from billfold.providers.vultr.twin.history import Entry, added, billed, usage
from billfold.providers.vultr.twin.inventory import trimmed
from billfold.providers.vultr.twin.large_invoices import Large, wanted
from billfold.providers.vultr.twin.restatements import retold

VULTR = "Vultr"
TOGETHER = 5000


class Row(NamedTuple):
    """A row of the billing history; ``balance`` is the account's after it, negative in the customer's favour."""

    id: int
    date: datetime
    type: str
    description: str
    amount: Decimal
    balance: Decimal


def title(account: TwinAccount) -> str:
    """Return the account's name as the vendor knows it."""
    return f"{account.name} inc"


@lru_cache(maxsize=1024)
def invoice_number(account: TwinAccount, month: Month) -> int:
    """Return the id of a month's invoice; later ones are higher, and those of other accounts lie in between."""
    mine = account.random_for("numbers").randint(0, 39) * 100
    return 26_000_000 + (month.year * 12 + month.number - 24_000) * 9_973 + month.number * 389 + mine


@lru_cache(maxsize=1024)
def issued_at(account: TwinAccount, month: Month) -> datetime:
    """Return when a month's invoice is issued."""
    return month.end + timedelta(minutes=30, seconds=account.random_for("issue", month).randint(1, 59))


def closed(account: TwinAccount, now: datetime) -> Iterator[Month]:
    """Yield the months that were billed by a time."""
    for month in account.first_month.iter_until(Month.of(now).add_months(-1)):
        if issued_at(account, month) <= now:
            yield month


def lines(account: TwinAccount, month: Month) -> Sequence[Entry]:
    """Return the lines of a closed month's invoice."""
    length = wanted(account) if month == account.first_month else 0
    return Large(month, length) if length else retold(account, month, billed(account, month))


@lru_cache(maxsize=256)
def amount(account: TwinAccount, month: Month) -> Decimal:
    """Return what a month's invoice comes to."""
    made = lines(account, month)
    return made.total if isinstance(made, Large) else added(made)


def pending(account: TwinAccount, now: datetime) -> tuple[Month, tuple[Entry, ...]]:
    """Return the month whose charges are not billed yet, and what they are by the last midnight."""
    month, midnight = Month.of(now), now.replace(hour=0, minute=0, second=0, microsecond=0)
    before = month.add_months(-1)
    if before >= account.first_month and issued_at(account, before) > now:
        return before, usage(account, before, before.end, pending=True)
    return month, usage(account, month, midnight, pending=True)


def bills(account: TwinAccount, now: datetime) -> Iterator[Bill]:
    """Yield the account's true bills at a time: its invoices, and the estimate of what is pending."""
    for month in closed(account, now):
        made = lines(account, month)
        common = _common(account, month)._replace(InvoiceId=str(invoice_number(account, month)))
        yield Bill(
            state=State.ISSUED,
            invoice_id=common.InvoiceId,
            period=month.period,
            currency="USD",
            total=amount(account, month),
            line_count=len(made),
            charges=_charges(common, made),
            issuer=VULTR,
            issued_on=issued_at(account, month),
        )
    month, entries = pending(account, now)
    yield Bill(
        state=State.ESTIMATE,
        invoice_id=None,
        period=Period(month.start, month.end),
        currency="USD",
        total=added(entries),
        line_count=len(entries),
        charges=_charges(_common(account, month), entries),
        issuer=VULTR,
    )


def _charges(common: CostAndUsage, entries: Sequence[Entry]) -> Iterator[Charges]:
    for start in range(0, len(entries), TOGETHER):
        yield Charges.of(_row(common, entry) for entry in entries[start : start + TOGETHER])


def _common(account: TwinAccount, month: Month) -> CostAndUsage:
    return CostAndUsage(
        BillingAccountId=account.name,
        BillingAccountName=title(account),
        BillingCurrency="USD",
        BillingPeriodStart=month.start,
        BillingPeriodEnd=month.end,
        HostProviderName=VULTR,
        InvoiceIssuerName=VULTR,
        PricingCurrency="USD",
        ServiceProviderName=VULTR,
    )


def _row(common: CostAndUsage, entry: Entry) -> CostAndUsage:
    measured = entry.units if entry.category == "Usage" else None
    where, _, label = entry.description.rstrip("])").partition(" [")
    first, _, inside = where.partition(" (")
    address = first if "." in first else inside
    rented = entry.unit == "Hours"
    return common._replace(
        BilledCost=entry.total,
        EffectiveCost=entry.total,
        ListCost=entry.total,
        ContractedCost=entry.total,
        ChargeCategory=entry.category,
        ChargeDescription=entry.description,
        ChargePeriodStart=entry.start,
        ChargePeriodEnd=entry.end,
        ConsumedQuantity=measured,
        PricingQuantity=measured,
        PricingUnit=entry.unit,
        PricingCurrencyEffectiveCost=entry.total,
        ResourceId=address if rented else None,
        ResourceName=(label or inside) if rented else None,
        ServiceName=entry.product,
        x_ListedUnitPrice=entry.rate,
    )


@lru_cache(maxsize=64)
def story(account: TwinAccount, last: Month) -> tuple[Row, ...]:
    """Return the billing history up to what follows a month's invoice, oldest first."""
    rows: list[Row] = []
    opened = account.first_month.start - timedelta(days=41, hours=5)
    _happen(
        rows, invoice_number(account, account.first_month) - 5_000, opened, "credit", "Account Credit", Decimal(100)
    )
    for month in account.first_month.iter_until(last):
        number, due = invoice_number(account, month), amount(account, month)
        _happen(rows, number, issued_at(account, month), "invoice", f"Invoice #{number}", due)
        owed = rows[-1].balance
        if owed > 0:
            paid = month.end + timedelta(days=1, hours=9, minutes=10, seconds=11)
            _happen(rows, number + 41, paid, "payment", "Payment (Visa)", -owed)
        if month.number % 6 == 4:
            given = month.end + timedelta(days=11, hours=14)
            _happen(rows, number + 97, given, "credit", "Account Credit", Decimal(40))
    return tuple(rows)


def _happen(rows: list[Row], number: int, date: datetime, kind: str, description: str, amount: Decimal) -> None:
    moved = -amount if kind == "credit" else amount  # the one documented credit is positive, its balance lower
    balance = trimmed(EXACT_CONTEXT.add(rows[-1].balance if rows else ZERO, moved))
    rows.append(Row(number, date, kind, description, amount, balance))


def history(account: TwinAccount, now: datetime) -> list[Row]:
    """Return the billing history at a time, oldest first: invoices, payments and credits, each with its balance."""
    return [row for row in story(account, Month.of(now).add_months(-1)) if row.date <= now]
