"""What the played Vultr answers: the story's lines, invoices and balances in the vendor's records, page by page."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from copy import copy
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from billfold.model.money import exact_product, format_decimal
from billfold.model.period import Month
from billfold.providers.twin_api import TwinAccount as Played
from billfold.providers.vultr.api import GetInvoiceItems, ListBillingHistory, ListInvoices
from billfold.providers.vultr.records import (
    Account,
    Bandwidth,
    BandwidthPeriod,
    Billing,
    BillingHistory,
    Invoice,
    InvoiceItem,
    InvoiceItems,
    InvoiceList,
    PendingCharges,
)
from billfold.providers.vultr.twin import inventory, scenario
from billfold.providers.vultr.twin.history import CENT, Entry, added, usage
from billfold.providers.vultr.twin.large_invoices import ROUND, Large
from billfold.providers.vultr.twin.pages import cut
from billfold.wire.answer import build_response
from billfold.wire.codec import DecimalText
from billfold.wire.message import Response

UNIT_TYPES = {"Hours": "hours", "GB": "overage", "Adjustment": "discount", "Credit": "discount", "Tax": "tax"}
ACLS = (
    "manage_users", "subscriptions_view", "subscriptions", "billing", "support", "provisioning", "dns", "abuse",
    "upgrade", "firewall", "alerts", "objstore", "loadbalancer",
)  # fmt: skip
FREE = 2048
"""GB of traffic that every account has free in a month."""
SECOND = timedelta(seconds=1)


def history(account: Played, now: datetime, op: ListBillingHistory) -> BillingHistory:
    """Answer with a page of the billing history, newest first."""
    rows = _billings(account, Month.of(now).add_months(-1))
    rows = rows[len(rows) - len(scenario.history(account, now)) :]  # GUESS: the order
    page = cut(rows, op.per_page, op.cursor, _finder(rows), lambda index: str(rows[index].id))
    return BillingHistory(billing_history=list(page.items), meta=page.meta)


@lru_cache(maxsize=32)
def _billings(account: Played, last: Month) -> tuple[Billing, ...]:
    return tuple(
        Billing(
            id=row.id,
            date=row.date.isoformat(),
            type=row.type,  # GUESS: the word "payment", and that payments are negative as in /account
            description=row.description,
            amount=row.amount,
            balance=row.balance,
        )
        for row in reversed(scenario.story(account, last))
    )


def _finder(rows: Sequence[Billing | Invoice]) -> Callable[[str], int | None]:
    return lambda about: next((index for index, row in enumerate(rows) if str(row.id) == about), None)


def invoices(account: Played, now: datetime, op: ListInvoices) -> InvoiceList:
    """Answer with a page of the invoices, newest first."""
    rows = [invoice(account, month) for month in scenario.closed(account, now)][::-1]  # GUESS: the order
    page = cut(rows, op.per_page, op.cursor, _finder(rows), lambda index: str(rows[index].id))
    return InvoiceList(billing_invoices=list(page.items), meta=page.meta)


@lru_cache(maxsize=512)
def invoice(account: Played, month: Month) -> Invoice:
    """Return a month's invoice, with the account's balance after it."""
    number = scenario.invoice_number(account, month)
    row = next(row for row in scenario.story(account, month) if row.id == number)
    return Invoice(
        id=number, date=row.date.isoformat(), description=row.description, amount=row.amount, balance=row.balance
    )


def items(account: Played, month: Month, op: GetInvoiceItems) -> InvoiceItems | Response:
    """Answer with a page of an invoice's lines; of a large invoice, only the lines of the page are made."""
    lines = scenario.lines(account, month)
    if isinstance(lines, Large):
        return _of_large(month, len(lines), op.per_page, op.cursor)
    page = cut(_told(account, month), op.per_page, op.cursor, _position(len(lines)), str)  # GUESS: cursors by position
    return InvoiceItems(invoice_items=list(page.items), meta=page.meta)


def _position(length: int) -> Callable[[str], int | None]:
    return lambda about: int(about) if about.isdecimal() and len(about) < 10 and int(about) < length else None


@lru_cache(maxsize=128)
def _told(account: Played, month: Month) -> tuple[InvoiceItem, ...]:
    return tuple(item(entry) for entry in scenario.lines(account, month))


@lru_cache(maxsize=256)
def _of_large(month: Month, length: int, per_page: int | None, cursor: str | None) -> Response:
    """Return a page of a large invoice as it is sent: what a collector does with it is measured, not what it costs here."""
    page = cut(range(length), per_page, cursor, _position(length), str)
    lines, told = Large(month, ROUND), list[InvoiceItem]()
    for index in page.items:
        one = copy(_patterns(month)[index % ROUND])
        one.description = lines.description(index)
        told.append(one)
    return build_response(InvoiceItems(invoice_items=told, meta=page.meta))


@lru_cache(maxsize=8)
def _patterns(month: Month) -> tuple[InvoiceItem, ...]:
    return tuple(item(entry) for entry in Large(month, ROUND).patterns)


def item(entry: Entry) -> InvoiceItem:
    """Say a true line in the vendor's words."""
    return InvoiceItem(
        description=entry.description,
        product=entry.product,
        start_date=entry.start.isoformat(),
        end_date=entry.end.isoformat(),
        units=entry.units,
        unit_type=UNIT_TYPES[entry.unit or entry.category],  # GUESS: "tax"; the units of a tax or discount are 1
        unit_price=entry.rate,
        total=entry.total,
    )


def pending(account: Played, now: datetime) -> PendingCharges:
    """Answer with what is not billed yet; its lines end at the last midnight."""
    return PendingCharges(pending_charges=[item(entry) for entry in scenario.pending(account, now)[1]])


def pending_csv(account: Played, now: datetime) -> bytes:
    """Answer with what is not billed yet, as CSV."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(InvoiceItem.__struct_fields__)  # GUESS: the columns and their order
    for charge in pending(account, now).pending_charges or ():
        writer.writerow(_cell(getattr(charge, name)) for name in InvoiceItem.__struct_fields__)
    return out.getvalue().encode()


def _cell(value: object) -> str:
    return format_decimal(value) if isinstance(value, Decimal) else str(value)


def owner(account: Played, now: datetime, *, may_bill: bool) -> Account:
    """Answer with the account: its balance, and the sum of what is not billed yet."""
    rows = scenario.history(account, now)
    paid = next((row for row in reversed(rows) if row.type == "payment"), None)
    return Account(
        name=scenario.title(account),
        email=f"billing@{account.name}.example",
        acls=[acl for acl in ACLS if may_bill or acl != "billing"],
        balance=rows[-1].balance if rows else Decimal(0),  # GUESS: before anything happened
        pending_charges=added(scenario.pending(account, now)[1]),
        last_payment_date=paid.date.isoformat() if paid else "",  # GUESS: of an account that never paid
        last_payment_amount=paid.amount if paid else Decimal(0),  # GUESS: of an account that never paid
    )


def bandwidth(account: Played, now: datetime) -> Bandwidth:
    """Answer with the traffic of last month, of this month until the last midnight, and of this month as a whole."""
    month, midnight = Month.of(now), now.replace(hour=0, minute=0, second=0, microsecond=0)
    before = month.add_months(-1)
    return Bandwidth(
        previous_month=_traffic(account, before, before.end, before.end - SECOND),
        current_month_to_date=_traffic(account, month, midnight, midnight),
        current_month_projected=_traffic(account, month, month.end, month.end - SECOND),
    )


def _traffic(account: Played, month: Month, until: datetime, last: datetime) -> BandwidthPeriod:
    days = (until - month.start) // timedelta(days=1)
    over = inventory.overage(account, month, days)
    came, went = inventory.traffic(account, month, days)
    rented = [entry for entry in usage(account, month, until, pending=True) if entry.product == inventory.COMPUTE]
    return BandwidthPeriod(
        timestamp_start=DecimalText(int(month.start.timestamp())),
        timestamp_end=DecimalText(int(last.timestamp())),
        gb_in=Decimal(came),
        gb_out=Decimal(FREE + went + over if over else went),
        total_instance_hours=Decimal(sum(int(entry.units) for entry in rented)),
        total_instance_count=Decimal(len(rented)),
        instance_bandwidth_credits=Decimal(went),
        free_bandwidth_credits=Decimal(FREE),
        purchased_bandwidth_credits=Decimal(0),
        overage=Decimal(over),
        overage_unit_cost=CENT,
        overage_cost=inventory.trimmed(exact_product(CENT, Decimal(over))),
    )
