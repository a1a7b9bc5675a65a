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
from billfold.providers.vultr.twin.history import BilledItem, list_billed_items, list_usage, sum_items
from billfold.providers.vultr.twin.inventory import trim_decimal
from billfold.providers.vultr.twin.large_invoices import LargeInvoice, requested_line_count
from billfold.providers.vultr.twin.restatements import restate_items

VULTR = "Vultr"
CHARGES_PER_BATCH = 5000
DOUBLE_PAYMENT, UNPAID_INVOICE = "double-payment", "unpaid-invoice"
"""Events: a month's invoice is paid twice, and the next ones from what is too much; it is never paid."""


class HistoryRow(NamedTuple):
    """A row of the billing history; ``balance`` is the account's after it, negative in the customer's favour."""

    id: int
    date: datetime
    type: str
    description: str
    amount: Decimal
    balance: Decimal


def account_title(account: TwinAccount) -> str:
    """Return the account's name as the vendor knows it."""
    return f"{account.name}{account.seed_suffix} inc"


@lru_cache(maxsize=1024)
def invoice_number_of(account: TwinAccount, month: Month) -> int:
    """Return the id of a month's invoice; later ones are higher, and those of other accounts lie in between."""
    account_offset = account.random_for("numbers").randint(0, 39) * 100
    if account.seed_number:
        account_offset = 4_000 + account.seed_number
    return 26_000_000 + (month.year * 12 + month.number - 24_000) * 9_973 + month.number * 389 + account_offset


@lru_cache(maxsize=1024)
def issued_at(account: TwinAccount, month: Month) -> datetime:
    """Return when a month's invoice is issued."""
    return month.end + timedelta(minutes=30, seconds=account.random_for("issue", month).randint(1, 59))


def closed_months(account: TwinAccount, now: datetime) -> Iterator[Month]:
    """Yield the months that were billed by a time."""
    for month in account.first_month.iter_until(Month.of(now).add_months(-1)):
        if issued_at(account, month) <= now:
            yield month


def list_items(account: TwinAccount, month: Month) -> Sequence[BilledItem]:
    """Return the lines of a closed month's invoice."""
    length = requested_line_count(account) if month == account.first_month else 0
    return LargeInvoice(month, length) if length else restate_items(account, month, list_billed_items(account, month))


@lru_cache(maxsize=256)
def invoice_total(account: TwinAccount, month: Month) -> Decimal:
    """Return what a month's invoice comes to."""
    items = list_items(account, month)
    return items.total if isinstance(items, LargeInvoice) else sum_items(items)


def pending_items(account: TwinAccount, now: datetime) -> tuple[Month, tuple[BilledItem, ...]]:
    """Return the month whose charges are not billed yet, and what they are by the last midnight."""
    month, midnight = Month.of(now), now.replace(hour=0, minute=0, second=0, microsecond=0)
    previous_month = month.add_months(-1)
    if previous_month >= account.first_month and issued_at(account, previous_month) > now:
        return previous_month, list_usage(account, previous_month, previous_month.end, pending=True)
    return month, list_usage(account, month, midnight, pending=True)


def list_bills(account: TwinAccount, now: datetime) -> Iterator[Bill]:
    """Yield the account's true bills at a time: its invoices, and the estimate of what is pending."""
    for month in closed_months(account, now):
        items = list_items(account, month)
        common = _make_common_row(account, month)._replace(InvoiceId=str(invoice_number_of(account, month)))
        yield Bill(
            state=State.ISSUED,
            invoice_id=common.InvoiceId,
            period=month.period,
            currency="USD",
            total=invoice_total(account, month),
            line_count=len(items),
            charges=_make_charges(common, items),
            issuer=VULTR,
            issued_on=issued_at(account, month),
        )
    month, unbilled_items = pending_items(account, now)
    yield Bill(
        state=State.ESTIMATE,
        invoice_id=None,
        period=Period(month.start, month.end),
        currency="USD",
        total=sum_items(unbilled_items),
        line_count=len(unbilled_items),
        charges=_make_charges(_make_common_row(account, month), unbilled_items),
        issuer=VULTR,
    )


def _make_charges(common: CostAndUsage, items: Sequence[BilledItem]) -> Iterator[Charges]:
    for start in range(0, len(items), CHARGES_PER_BATCH):
        yield Charges.of(_make_charge(common, item) for item in items[start : start + CHARGES_PER_BATCH])


def _make_common_row(account: TwinAccount, month: Month) -> CostAndUsage:
    return CostAndUsage(
        BillingAccountId=account.name,
        BillingAccountName=account_title(account),
        BillingCurrency="USD",
        BillingPeriodStart=month.start,
        BillingPeriodEnd=month.end,
        HostProviderName=VULTR,
        InvoiceIssuerName=VULTR,
        PricingCurrency="USD",
        ServiceProviderName=VULTR,
    )


def _make_charge(common: CostAndUsage, item: BilledItem) -> CostAndUsage:
    quantity = item.units if item.category == "Usage" else None
    unlabeled_text, _, label = item.description.rstrip("])").partition(" [")
    title, _, parenthesis = unlabeled_text.partition(" (")
    address = title if "." in title else parenthesis
    is_rental = item.unit == "Hours"
    return common._replace(
        BilledCost=item.total,
        EffectiveCost=item.total,
        ListCost=item.total,
        ContractedCost=item.total,
        ChargeCategory=item.category,
        ChargeDescription=item.description,
        ChargePeriodStart=item.start,
        ChargePeriodEnd=item.end,
        ConsumedQuantity=quantity,
        PricingQuantity=quantity,
        PricingUnit=item.unit,
        PricingCurrencyEffectiveCost=item.total,
        ResourceId=address if is_rental else None,
        ResourceName=(label or parenthesis) if is_rental else None,
        ServiceName="Taxes" if item.category == "Tax" else item.product,
        x_UnitPrice=item.rate,
    )


@lru_cache(maxsize=64)
def list_payments(account: TwinAccount, last_month: Month) -> tuple[HistoryRow, ...]:
    """Return the billing history up to what follows a month's invoice, oldest first."""
    rows, owed_for_good = list[HistoryRow](), ZERO
    opened_at = account.first_month.start - timedelta(days=41, hours=5)
    _add_row(
        rows,
        invoice_number_of(account, account.first_month) - 5_000,
        opened_at,
        "credit",
        "Account Credit",
        Decimal(100),
    )
    for month in account.first_month.iter_until(last_month):
        number, amount_due = invoice_number_of(account, month), invoice_total(account, month)
        _add_row(rows, number, issued_at(account, month), "invoice", f"Invoice #{number}", amount_due)
        if account.has_event(UNPAID_INVOICE, month):
            owed_for_good = EXACT_CONTEXT.add(owed_for_good, rows[-1].balance)
        balance_due = EXACT_CONTEXT.subtract(rows[-1].balance, owed_for_good)
        for payment_number in range(1 + account.has_event(DOUBLE_PAYMENT, month) if balance_due > 0 else 0):
            paid_at = month.end + timedelta(days=1, hours=9, minutes=10 + payment_number, seconds=11)
            _add_row(rows, number + 41 + payment_number, paid_at, "payment", "Payment (Visa)", -balance_due)
        if month.number % 6 == 4:
            credit_date = month.end + timedelta(days=11, hours=14)
            _add_row(rows, number + 97, credit_date, "credit", "Account Credit", Decimal(40))
    return tuple(rows)


def _add_row(
    rows: list[HistoryRow], number: int, date: datetime, row_type: str, description: str, amount: Decimal
) -> None:
    balance_change = (
        -amount if row_type == "credit" else amount
    )  # the one documented credit is positive, its balance lower
    balance = trim_decimal(EXACT_CONTEXT.add(rows[-1].balance if rows else ZERO, balance_change))
    rows.append(HistoryRow(number, date, row_type, description, amount, balance))


def list_history(account: TwinAccount, now: datetime) -> list[HistoryRow]:
    """Return the billing history at a time, oldest first: invoices, payments and credits, each with its balance."""
    return [row for row in list_payments(account, Month.of(now).add_months(-1)) if row.date <= now]
